import type { ErrorCode } from '@anarq/common-schemas';
import type { Place } from '../error.ts';
import type { ValueType } from '../values.ts';

/** Why a run moved nothing, with what a caller needs for an answer of its own. */
export type Reason =
  /** A source holds less than was asked of it. */
  | {
      readonly reason: 'missing-funds';
      readonly asset: string;
      readonly neededMinor: bigint;
      readonly availableMinor: bigint;
    }
  | { readonly reason: 'variable-missing'; readonly variable: string; readonly type: ValueType }
  | { readonly reason: 'variable-invalid'; readonly variable: string; readonly type: ValueType }
  | { readonly reason: 'metadata-missing'; readonly account: string; readonly key: string }
  | {
      readonly reason: 'metadata-invalid';
      readonly account: string;
      readonly key: string;
      readonly type: ValueType;
    }
  | { readonly reason: 'amount-negative'; readonly asset: string; readonly amountMinor: bigint }
  | {
      readonly reason: 'balance-negative';
      readonly account: string;
      readonly asset: string;
      readonly balanceMinor: bigint;
    }
  | { readonly reason: 'amount-too-large' }
  | { readonly reason: 'asset-mismatch'; readonly expected: string; readonly found: string }
  /** Portions are not 0 to 1, or do not add up to 1. */
  | { readonly reason: 'portions-invalid' }
  | { readonly reason: 'division-by-zero' }
  /** All that an account has is asked for, and it has no end. */
  | { readonly reason: 'unbounded'; readonly account: string }
  | { readonly reason: 'account-invalid'; readonly account: string }
  | { readonly reason: 'color-invalid'; readonly color: string }
  | { readonly reason: 'scaling-impossible'; readonly account: string; readonly asset: string };

export type Refusal = Reason & Place & { readonly code: ErrorCode; readonly message: string };

const CODES: Partial<Record<Reason['reason'], ErrorCode>> = {
  'missing-funds': 'INSUFFICIENT_FUNDS',
  'amount-negative': 'AMOUNT_INVALID',
  'amount-too-large': 'AMOUNT_INVALID',
};

/** Carries a refusal out of a run; never leaves the engine. */
export class Refused extends Error {
  override readonly name = 'Refused';
  readonly refusal: Refusal;

  constructor(place: Place, reason: Reason, message: string) {
    super(message);
    const { line, column } = place;
    this.refusal = {
      ...reason,
      code: CODES[reason.reason] ?? 'INPUT_INVALID',
      message,
      line,
      column,
    };
  }
}

/** @throws Refused */
export function refuse(place: Place, reason: Reason, message: string): never {
  throw new Refused(place, reason, message);
}
