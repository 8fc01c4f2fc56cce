/** What the bus reads of bytes from outside, for the fuzzer of the whole project. */
export * from '../src/pageCursor.ts';
