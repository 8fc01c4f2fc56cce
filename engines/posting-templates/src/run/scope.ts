import type { Place } from '../error.ts';
import { withinRange, type Value } from '../values.ts';
import type { Book } from './book.ts';
import { refuse } from './refusal.ts';

/** What expressions are evaluated in. */
export interface Scope {
  readonly book: Book;
  /** The value of a variable that is declared. */
  readonly variable: (name: string) => Value;
  /** Metadata of an account, undefined where there are none under the key. */
  readonly metadata: (account: string, key: string) => string | undefined;
}

export interface Posting {
  readonly source: string;
  readonly destination: string;
  readonly asset: string;
  /** Above zero. */
  readonly amountMinor: bigint;
  /** Left out where the funds have no colour. */
  readonly color?: string;
}

/** A statement that sends, while it runs. */
export interface Sending extends Scope {
  readonly place: Place;
  readonly asset: string;
  /** What was taken from sources and is not yet given, in order. */
  readonly pieces: Piece[];
  /** Of the whole run. */
  readonly postings: Posting[];
}

/** Funds taken from one account. */
export interface Piece {
  readonly account: string;
  readonly color: string;
  readonly amountMinor: bigint;
}

/** @throws Refused for more than a posting holds */
export function fitting(place: Place, amountMinor: bigint): bigint {
  if (withinRange(amountMinor)) return amountMinor;
  return refuse(
    place,
    { reason: 'amount-too-large' },
    'an amount is 2^127 - 1 minor units at most',
  );
}
