import { fail } from '@anarq/common-schemas';
import type { Place } from '@anarq/kernel';

/** When the last one shown was made, and which it was. */
const PLACE = /^([0-9]{1,15}):([A-Za-z0-9][A-Za-z0-9._:-]{0,127})$/;
const LIMIT_DEFAULT = 50;

interface Asked {
  readonly limit?: number | undefined;
  readonly cursor?: string | undefined;
}

/** The page that a caller asks for, and one item more, which says whether there is a next one. */
export const pageOf = ({ limit = LIMIT_DEFAULT, cursor }: Asked) => ({
  limit: limit + 1,
  before: placeOf(cursor),
});

/** The items of a page as they are shown, and its cursor. */
export function shown<T extends Place, V>(
  found: readonly T[],
  { limit = LIMIT_DEFAULT }: Asked,
  show: (one: T) => V,
): { items: V[]; next?: string } {
  const items = found.slice(0, limit);
  const last = items.at(-1);
  return {
    items: items.map(show),
    ...(found.length > limit && last !== undefined
      ? { next: Buffer.from(`${last.created_ms}:${last.id}`).toString('base64url') }
      : {}),
  };
}

/** @throws INPUT_INVALID for a text that is no cursor of such a list */
function placeOf(cursor: string | undefined): Place | undefined {
  if (cursor === undefined) return undefined;
  const [, at, id] = PLACE.exec(Buffer.from(cursor, 'base64url').toString('latin1')) ?? [];
  if (at === undefined || id === undefined)
    return fail('INPUT_INVALID', 'The cursor is not one that this list gave.', { cursor });
  return { created_ms: Number(at), id };
}
