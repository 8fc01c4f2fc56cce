import { decode } from '@ipld/dag-cbor';
import { AuthorityError } from './errors.ts';

const DEPTH_MAX = 64;
const CID_TAG = 42;

interface Frame {
  /** Items (for a map: keys and values) still to come. */
  remaining: number;
  isMap: boolean;
  previousKey: Uint8Array | undefined;
}

interface Head {
  major: number;
  info: number;
  argument: number;
  next: number;
}

/**
 * Decodes one DAG-CBOR item and accepts only its canonical form, so that no two byte strings mean
 * the same: definite lengths, shortest heads, unique keys in order (length first, then bytes),
 * valid UTF-8, 64-bit finite floats, no tag but 42, nothing after the item. The form is checked
 * before the decoder runs, without recursion, so that nesting cannot exhaust the stack.
 *
 * Source: IPLD DAG-CBOR specification, section Strictness; RFC 8949 section 3.
 *
 * @param bytes the encoded item
 * @returns the value; maps are plain objects, byte strings are Uint8Array, links are CID
 * @throws AuthorityError MALFORMED
 */
export function decodeStrict(bytes: Uint8Array): unknown {
  checkForm(bytes);
  try {
    return decode(bytes);
  } catch (cause) {
    throw malformed(cause instanceof Error ? cause.message : 'cannot be decoded');
  }
}

function checkForm(bytes: Uint8Array): void {
  const stack: Frame[] = [{ remaining: 1, isMap: false, previousKey: undefined }];
  let position = 0;
  while (stack.length > 0) {
    const frame = stack[stack.length - 1];
    if (frame === undefined) break;
    if (frame.remaining === 0) {
      stack.pop();
      continue;
    }
    const head = readHead(bytes, position);
    if (frame.isMap && frame.remaining % 2 === 0) checkKey(bytes, head, frame);
    frame.remaining -= 1;
    position = head.next;
    if (head.major === 2 || head.major === 3) {
      position += head.argument;
      if (position > bytes.length) throw malformed('a string is longer than the input');
      if (head.major === 3) checkUtf8(bytes.subarray(head.next, position));
    } else if (head.major === 4 || head.major === 5) {
      if (stack.length > DEPTH_MAX) throw malformed(`nesting is deeper than ${DEPTH_MAX}`);
      const isMap = head.major === 5;
      const items = isMap ? head.argument * 2 : head.argument;
      stack.push({ remaining: items, isMap, previousKey: undefined });
    } else if (head.major === 6) {
      checkLink(bytes, head);
      // The tagged byte string takes the place of the tag in its container.
      frame.remaining += 1;
    } else if (head.major === 7) {
      checkSimple(bytes, head);
    }
  }
  if (position !== bytes.length) throw malformed('there are bytes after the item');
}

function readHead(bytes: Uint8Array, position: number): Head {
  const first = bytes[position];
  if (first === undefined) throw malformed('the input ends too early');
  const major = first >> 5;
  const info = first & 31;
  if (info < 24) return { major, info, argument: info, next: position + 1 };
  if (info > 27) throw malformed('indefinite lengths and reserved heads are not allowed');
  const width = 1 << (info - 24);
  const next = position + 1 + width;
  if (next > bytes.length) throw malformed('the input ends too early');
  let argument = 0;
  for (let i = position + 1; i < next; i += 1) argument = argument * 256 + (bytes[i] ?? 0);
  // A float's eight bytes are its value, not an argument with a shortest form.
  const shortest = [24, 256, 65_536, 4_294_967_296][info - 24] ?? 0;
  if (major !== 7 && argument < shortest) throw malformed('a head is not in its shortest form');
  return { major, info, argument, next };
}

function checkKey(bytes: Uint8Array, head: Head, frame: Frame): void {
  if (head.major !== 3) throw malformed('a map key must be text');
  const key = bytes.subarray(head.next, head.next + head.argument);
  if (frame.previousKey !== undefined && compareKeys(frame.previousKey, key) >= 0) {
    throw malformed('map keys must be unique and in canonical order');
  }
  frame.previousKey = key;
}

/**
 * The canonical order of DAG-CBOR map keys: the shorter first, then byte by byte.
 *
 * @returns negative, zero or positive, as sorting wants it
 */
export function compareKeys(a: Uint8Array, b: Uint8Array): number {
  if (a.length !== b.length) return a.length - b.length;
  for (let i = 0; i < a.length; i += 1) {
    const difference = (a[i] ?? 0) - (b[i] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}

function checkUtf8(bytes: Uint8Array): void {
  try {
    new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    throw malformed('text is not valid UTF-8');
  }
}

function checkLink(bytes: Uint8Array, head: Head): void {
  if (head.argument !== CID_TAG) throw malformed(`tag ${head.argument} is not allowed, only 42`);
  const content = readHead(bytes, head.next);
  if (content.major !== 2 || content.argument === 0 || bytes[content.next] !== 0) {
    throw malformed('tag 42 must hold a binary CID with a leading zero byte');
  }
}

function checkSimple(bytes: Uint8Array, head: Head): void {
  if (head.info >= 20 && head.info <= 22) return;
  if (head.info !== 27) throw malformed('only false, true, null and 64-bit floats are allowed');
  const view = new DataView(bytes.buffer, bytes.byteOffset + head.next - 8, 8);
  if (!Number.isFinite(view.getFloat64(0))) throw malformed('NaN and Infinity are not allowed');
}

function malformed(why: string): AuthorityError {
  return new AuthorityError('MALFORMED', `not canonical DAG-CBOR: ${why}`);
}
