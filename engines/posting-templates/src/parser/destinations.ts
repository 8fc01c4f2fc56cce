import type { Destination } from '../template.ts';
import type { Cursor } from './cursor.ts';
import { ofType, readExpression, readTyped } from './expressions.ts';
import { readShares } from './shares.ts';

type Capped = (Destination & { kind: 'in-order' })['capped'][number];

/** Where funds go. */
export function readDestination(cursor: Cursor): Destination {
  return cursor.nested(() => {
    const { place } = cursor.peek();
    cursor.countDestination(place);
    if (cursor.accept('oneof')) {
      cursor.expect('{');
      return { kind: 'one-of', ...readCapped(cursor), place };
    }
    if (cursor.accept('{')) {
      if (cursor.sees('}')) cursor.refuse('max, remaining or a portion');
      if (cursor.sees('max')) return { kind: 'in-order', ...readCapped(cursor), place };
      return {
        kind: 'allotment',
        shares: readShares(cursor, undefined, () => readReceiver(cursor)),
        place,
      };
    }
    return {
      kind: 'account',
      account: ofType(readExpression(cursor, 'a destination'), 'account'),
      place,
    };
  });
}

function readCapped(cursor: Cursor): { capped: Capped[]; remaining: Destination } {
  const capped: Capped[] = [];
  while (cursor.accept('max')) {
    const cap = readTyped(cursor, 'monetary');
    capped.push({ cap, to: readReceiver(cursor) });
  }
  if (!cursor.accept('remaining')) cursor.refuse('max or remaining');
  const remaining = readReceiver(cursor);
  cursor.expect('}');
  return { capped, remaining };
}

/** `to` a destination, or `kept`. */
function readReceiver(cursor: Cursor): Destination {
  const { place } = cursor.peek();
  if (cursor.accept('kept')) {
    cursor.countDestination(place);
    return { kind: 'kept', place };
  }
  if (!cursor.accept('to')) cursor.refuse('to or kept');
  return readDestination(cursor);
}
