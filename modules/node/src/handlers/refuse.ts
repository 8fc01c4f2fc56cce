import { handler } from '@anarq/kernel';
import { answer } from '../answering.ts';
import { node } from '../contract.ts';

export const refuse = handler(node.refuse, (input, ctx) => answer(input, 'REFUSED', ctx));
