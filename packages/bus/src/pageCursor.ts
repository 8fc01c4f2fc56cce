/** The opaque cursor of a page: callers keep it and give it back, and read nothing in it. */

import { fail } from '@anarq/common-schemas';

const TEXT = /^events\.1:(0|[1-9][0-9]{0,15})$/;

/** The cursor behind a number of the outbox, base64url. */
export function toPageCursor(seq: number): string {
  return Buffer.from(`events.1:${seq}`).toString('base64url');
}

/**
 * The number in a cursor.
 * @throws QError INPUT_INVALID where it was not made by `toPageCursor`.
 */
export function fromPageCursor(cursor: string): number {
  const seq = Number(TEXT.exec(Buffer.from(cursor, 'base64url').toString('latin1'))?.[1]);
  // Comparing refuses what the decoder would forgive: padding, other alphabets, appended junk.
  if (Number.isSafeInteger(seq) && toPageCursor(seq) === cursor) return seq;
  return fail('INPUT_INVALID', 'after is no cursor: send `next` of an earlier page, unchanged.');
}
