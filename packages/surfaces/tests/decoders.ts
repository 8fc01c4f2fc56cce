/** What the surfaces read of bytes from outside, for the fuzzer of the whole project. */
export { factsOf, readHeaders } from '../src/http/credential.ts';
export { parseStrictJson } from '../src/http/strictJson.ts';
export { readOrder } from '../src/websocket/messages.ts';
