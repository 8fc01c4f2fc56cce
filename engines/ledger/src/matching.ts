import type { AccountFilter, ChangeFilter, QueryFilter } from './filters.ts';
import {
  A_CODE_FLAGS,
  A_LEDGER,
  A_USER_128,
  A_USER_32,
  A_USER_64,
  T_CODE_FLAGS,
  T_LEDGER,
  T_USER_128,
  T_USER_32,
  T_USER_64,
  TIMESTAMP_MAX,
} from './layout.ts';
import { readU128, readU64 } from './u128.ts';

/** The instants of a filter, or undefined where it can match nothing. */
export function boundsOf(
  filter: ChangeFilter,
): { readonly min: bigint; readonly max: bigint } | undefined {
  const { timestampMin: min = 0n, timestampMax: max = 0n, limit } = filter;
  if (limit < 1 || min < 0n || max < 0n || min > TIMESTAMP_MAX || max > TIMESTAMP_MAX)
    return undefined;
  if (max !== 0n && min > max) return undefined;
  return { min: min === 0n ? 1n : min, max: max === 0n ? TIMESTAMP_MAX : max };
}

export const ACCOUNT_WORDS = {
  user128: A_USER_128,
  user64: A_USER_64,
  user32: A_USER_32,
  ledger: A_LEDGER,
  codeFlags: A_CODE_FLAGS,
};
export const TRANSFER_WORDS = {
  user128: T_USER_128,
  user64: T_USER_64,
  user32: T_USER_32,
  ledger: T_LEDGER,
  codeFlags: T_CODE_FLAGS,
};

/** Whether a record has what a filter names. */
export function matches(
  words: Uint32Array,
  at: number,
  filter: QueryFilter | AccountFilter,
  place: typeof ACCOUNT_WORDS,
): boolean {
  const { userData128 = 0n, userData64 = 0n, userData32 = 0, code = 0 } = filter;
  const ledger = 'ledger' in filter ? filter.ledger : 0;
  return (
    (userData128 === 0n || readU128(words, at + place.user128) === userData128) &&
    (userData64 === 0n || readU64(words, at + place.user64) === userData64) &&
    (userData32 === 0 || words[at + place.user32] === userData32) &&
    (code === 0 || (words[at + place.codeFlags]! & 0xffff) === code) &&
    (ledger === undefined || ledger === 0 || words[at + place.ledger] === ledger)
  );
}
