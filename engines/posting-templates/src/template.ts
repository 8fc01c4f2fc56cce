import type { Place } from './error.ts';
import type { Value, ValueType } from './values.ts';

/** A template as it was read. Types of expressions are settled while reading: a run finds no other. */
export interface Template {
  readonly variables: readonly Declaration[];
  readonly statements: readonly Statement[];
}

/** A variable: given by the caller, unless it has an expression of its own. */
export interface Declaration {
  readonly name: string;
  readonly type: ValueType;
  readonly from?: Expression;
  readonly place: Place;
}

export type FunctionName = 'balance' | 'overdraft' | 'meta' | 'get_asset' | 'get_amount';

export type Expression = { readonly place: Place } & (
  | { readonly kind: 'literal'; readonly type: ValueType; readonly value: Value }
  | { readonly kind: 'variable'; readonly type: ValueType; readonly name: string }
  /** `@users:$id:main`: each segment a text, or a variable. */
  | { readonly kind: 'address'; readonly type: 'account'; readonly segments: readonly Segment[] }
  /** `[USD/2 100]` */
  | {
      readonly kind: 'amount';
      readonly type: 'monetary';
      readonly asset: Expression;
      readonly number: Expression;
    }
  | {
      readonly kind: 'sum';
      readonly type: 'number' | 'monetary';
      readonly terms: readonly Term[];
    }
  | {
      readonly kind: 'quotient';
      readonly type: 'portion';
      readonly numerator: Expression;
      readonly denominator: Expression;
    }
  | {
      readonly kind: 'call';
      readonly type: ValueType;
      readonly function: FunctionName;
      readonly arguments: readonly Expression[];
    }
);

export type Segment = string | (Expression & { readonly kind: 'variable' });

export interface Term {
  readonly negative: boolean;
  readonly operand: Expression;
}

/** A part of an amount, for one source or destination; `remaining` is what the others leave. */
export interface Share<T> {
  readonly portion: Expression | 'remaining';
  readonly of: T;
}

export type Source = { readonly place: Place } & (
  | {
      readonly kind: 'account';
      readonly account: Expression;
      /** Only funds of this colour; without one, only funds of none. */
      readonly color?: Expression;
      readonly overdraft: 'none' | 'unbounded' | Expression;
    }
  /** Funds in other scales of the asset are changed on the account `through`. */
  | { readonly kind: 'scaled'; readonly account: Expression; readonly through: Expression }
  | { readonly kind: 'capped'; readonly cap: Expression; readonly source: Source }
  | { readonly kind: 'in-order'; readonly sources: readonly Source[] }
  /** The first that covers all. */
  | { readonly kind: 'one-of'; readonly sources: readonly Source[] }
  | { readonly kind: 'allotment'; readonly shares: readonly Share<Source>[] }
);

export type Destination = { readonly place: Place } & (
  | { readonly kind: 'account'; readonly account: Expression }
  /** Stays with whom it would have come from. Never a whole destination. */
  | { readonly kind: 'kept' }
  | {
      readonly kind: 'in-order' | 'one-of';
      readonly capped: readonly { readonly cap: Expression; readonly to: Destination }[];
      readonly remaining: Destination;
    }
  | { readonly kind: 'allotment'; readonly shares: readonly Share<Destination>[] }
);

/** An amount, or all of an asset: `[USD/2 *]`. */
export type Sent =
  | { readonly kind: 'amount'; readonly amount: Expression }
  | { readonly kind: 'all'; readonly asset: Expression };

export type Statement = { readonly place: Place } & (
  | {
      readonly kind: 'send';
      readonly sent: Sent;
      readonly source: Source;
      readonly destination: Destination;
    }
  | { readonly kind: 'save'; readonly saved: Sent; readonly account: Expression }
  | {
      readonly kind: 'set-transaction-metadata';
      readonly key: Expression;
      readonly value: Expression;
    }
  | {
      readonly kind: 'set-account-metadata';
      readonly account: Expression;
      readonly key: Expression;
      readonly value: Expression;
    }
);
