import { DecimalError, MINOR_MAX, unitOf } from '@anarq/decimal';
import {
  RECORD_WORDS,
  T_AMOUNT,
  T_CODE_FLAGS,
  T_LEDGER,
  TransferFlag,
  wordsOf,
} from '@anarq/ledger-engine';
import { amountText } from '../amounts.ts';
import { unitIn } from '../books/unitNumbers.ts';

/** What the transfers of a batch move together. */
export interface Total {
  readonly amount: string;
  readonly unit: string;
}

const RESOLVING = (TransferFlag.POST_PENDING | TransferFlag.VOID_PENDING) << 16;
const WORD = 2 ** 32;

/**
 * What a batch moves at most, where that is in one unit that the node knows: a post or a void moves
 * what was counted when it was held. Undefined where it is in several units, names none, or is more
 * than any amount, as of a balancing transfer without a bound.
 */
export function totalOf(records: Uint8Array): Total | undefined {
  const words = wordsOf(records);
  let ledger = 0;
  let moving = 0;
  for (let at = 0; at < words.length; at += RECORD_WORDS) {
    const own = words[at + T_LEDGER] ?? 0;
    const isMoving = ((words[at + T_CODE_FLAGS] ?? 0) & RESOLVING) === 0;
    // What only resolves says the unit where nothing else does.
    if (own !== 0 && ledger === 0) ledger = own;
    if (!isMoving) continue;
    if (moving === 0) ledger = own;
    if (own !== ledger) return undefined;
    moving++;
  }
  const unit = unitIn(ledger);
  const minor = sumOf(words, () => true);
  if (!isKnown(unit) || minor > MINOR_MAX) return undefined;
  return { amount: amountText(minor, unit), unit };
}

/** What the transfers of a batch that were created moved, in a unit. */
export function movedBy(records: Uint8Array, results: Uint32Array, unit: string): string {
  return amountText(
    sumOf(wordsOf(records), (index) => results[index] === 0),
    unit,
  );
}

/** The sum of the amounts of those that move money, word by word: no number that is thrown away. */
function sumOf(words: Uint32Array, counts: (index: number) => boolean): bigint {
  let [low, second, third, high] = [0, 0, 0, 0];
  for (let at = 0, index = 0; at < words.length; at += RECORD_WORDS, index++) {
    if (((words[at + T_CODE_FLAGS] ?? 0) & RESOLVING) !== 0 || !counts(index)) continue;
    low += words[at + T_AMOUNT] ?? 0;
    second += words[at + T_AMOUNT + 1] ?? 0;
    third += words[at + T_AMOUNT + 2] ?? 0;
    high += words[at + T_AMOUNT + 3] ?? 0;
  }
  const word = BigInt(WORD);
  return ((BigInt(high) * word + BigInt(third)) * word + BigInt(second)) * word + BigInt(low);
}

function isKnown(unit: string): boolean {
  try {
    unitOf(unit);
    return true;
  } catch (error) {
    if (error instanceof DecimalError) return false;
    throw error;
  }
}
