import { TemplateError } from '../error.ts';
import type { Expression, Share } from '../template.ts';
import type { Cursor } from './cursor.ts';
import { readTyped } from './expressions.ts';

/**
 * The shares of a block up to its end.
 * @param first the portion that was read already, where one was
 * @param readPart reads what follows a portion
 * @throws TemplateError for a second `remaining`
 */
export function readShares<T>(
  cursor: Cursor,
  first: Expression | undefined,
  readPart: () => T,
): Share<T>[] {
  const shares: Share<T>[] = first === undefined ? [] : [{ portion: first, of: readPart() }];
  while (!cursor.accept('}')) {
    const { place, kind } = cursor.peek();
    if (kind === 'end') cursor.refuse('a portion, remaining or }');
    if (!cursor.accept('remaining')) {
      shares.push({ portion: readTyped(cursor, 'portion'), of: readPart() });
      continue;
    }
    if (shares.some(({ portion }) => portion === 'remaining'))
      throw new TemplateError(place, 'there is one remaining at most');
    shares.push({ portion: 'remaining', of: readPart() });
  }
  return shares;
}
