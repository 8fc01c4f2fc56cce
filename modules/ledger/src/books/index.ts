export { Books } from './books.ts';
