/** @anarq/testing/fuzz: looks for bytes that a reader takes wrongly. Loads nothing of a node. */
export { problemOf, type Decoder } from './decoder.ts';
export { fuzz, type Found, type FuzzResult } from './fuzz.ts';
