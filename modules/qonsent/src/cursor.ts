import { fail } from '@anarq/common-schemas';
import { CryptoError, fromBase64url, toBase64url, utf8 } from '@anarq/crypto';
import type { GrantRecord } from '@anarq/kernel';

/** The place in a list of grants: when the last one shown was made, and which it was. */
const PLACE = /^[0-9]{15}b[a-z2-7]{8,250}$/;

export const cursorBefore = ({ created_ms, cid }: GrantRecord): string =>
  toBase64url(utf8(`${String(created_ms).padStart(15, '0')}${cid}`));

/** @throws INPUT_INVALID for a text that is no cursor of such a list */
export function readCursor(cursor: string | undefined): string | undefined {
  if (cursor === undefined) return undefined;
  const place = decode(cursor);
  if (place === undefined || !PLACE.test(place))
    return fail('INPUT_INVALID', 'The cursor is not one that this list gave.', { cursor });
  return place;
}

function decode(cursor: string): string | undefined {
  try {
    return Buffer.from(fromBase64url(cursor)).toString('latin1');
  } catch (error) {
    if (error instanceof CryptoError) return undefined;
    throw error;
  }
}
