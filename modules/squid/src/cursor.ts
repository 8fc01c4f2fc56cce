import { fail } from '@anarq/common-schemas';
import { fromBase64url, toBase64url, utf8 } from '@anarq/crypto';

/** The place in a list of identities: the last DID shown. */
export const cursorAfter = (did: string): string => toBase64url(utf8(did));

/** @throws INPUT_INVALID for a text that is no cursor of such a list */
export function readCursor(cursor: string | undefined): string | undefined {
  if (cursor === undefined) return undefined;
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(fromBase64url(cursor));
  } catch {
    return fail('INPUT_INVALID', 'The cursor is not one that this list gave.', { cursor });
  }
}
