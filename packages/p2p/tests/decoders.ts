/** What peers read of bytes from outside, for the fuzzer of the whole project. */
export { FRAME_KINDS, frameHeader, FrameError, FrameReader } from '../src/frames.ts';
export { decodeGreeting, encodeGreeting, type Greeting } from '../src/hello.ts';
export { readAddress } from '../src/address.ts';
