/** What Qlock reads of texts from outside, for the fuzzer of the whole project. */
export { readCiphertext } from '../src/ciphertext.ts';
