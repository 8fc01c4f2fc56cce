import { ratio } from '@anarq/decimal';
import type { Place } from '../error.ts';
import type { Expression, Segment } from '../template.ts';
import { isAccount, isColor, readValue, withinRange, writeValue, type Value } from '../values.ts';
import { refuse } from './refusal.ts';
import type { Scope } from './scope.ts';

type Of<T extends Value['type']> = Extract<Value, { readonly type: T }>;

/** @throws Refused */
export function evaluate(expression: Expression, scope: Scope): Value {
  switch (expression.kind) {
    case 'literal':
      return expression.value;
    case 'variable':
      return scope.variable(expression.name);
    case 'address':
      return addressOf(expression.segments, expression.place, scope);
    case 'amount': {
      const { asset } = valueOf(expression.asset, 'asset', scope);
      return { type: 'monetary', asset, amountMinor: numberOf(expression.number, scope) };
    }
    case 'sum':
      return expression.type === 'number' ? sumOf(expression, scope) : totalOf(expression, scope);
    case 'quotient':
      return quotientOf(expression, scope);
    case 'call':
      return call(expression, scope);
  }
}

/** The value of an expression whose type was settled when the template was read. */
function valueOf<T extends Value['type']>(expression: Expression, type: T, scope: Scope): Of<T> {
  const value = evaluate(expression, scope);
  if (value.type !== type) throw new TypeError(`a ${value.type} stands where a ${type} was read`);
  return value as Of<T>; // the line before has shown it
}

export const accountOf = (expression: Expression, scope: Scope): string =>
  valueOf(expression, 'account', scope).account;

export const assetOf = (expression: Expression, scope: Scope): string =>
  valueOf(expression, 'asset', scope).asset;

export const textOf = (expression: Expression, scope: Scope): string =>
  valueOf(expression, 'string', scope).text;

export const portionOf = (expression: Expression, scope: Scope): Of<'portion'> =>
  valueOf(expression, 'portion', scope);

export const monetaryOf = (expression: Expression, scope: Scope): Of<'monetary'> =>
  valueOf(expression, 'monetary', scope);

const numberOf = (expression: Expression, scope: Scope): bigint =>
  valueOf(expression, 'number', scope).number;

/** The amount of a bound, in minor units; a negative one is nothing. @throws Refused for another asset */
export function boundOf(expression: Expression, asset: string, scope: Scope): bigint {
  const bound = monetaryOf(expression, scope);
  requireAsset(expression.place, asset, bound.asset);
  return bound.amountMinor > 0n ? bound.amountMinor : 0n;
}

/** The colour of a source, '' where it has none. */
export function colorOf(expression: Expression | undefined, scope: Scope): string {
  if (expression === undefined) return '';
  const color = textOf(expression, scope);
  if (isColor(color)) return color;
  return refuse(
    expression.place,
    { reason: 'color-invalid', color },
    'a colour is of capital letters',
  );
}

function requireAsset(place: Place, expected: string, found: string): void {
  if (expected !== found)
    refuse(
      place,
      { reason: 'asset-mismatch', expected, found },
      `${expected} was expected here, not ${found}`,
    );
}

function inRange(place: Place, value: bigint): bigint {
  if (withinRange(value)) return value;
  return refuse(place, { reason: 'amount-too-large' }, 'a number is 2^127 - 1 at most');
}

function addressOf(segments: readonly Segment[], place: Place, scope: Scope): Value {
  const account = segments
    .map((segment) =>
      typeof segment === 'string' ? segment : writeValue(evaluate(segment, scope)),
    )
    .join(':');
  if (isAccount(account)) return { type: 'account', account };
  return refuse(
    place,
    { reason: 'account-invalid', account },
    'the variables make no name of an account: letters, digits, _ and -, with colons between',
  );
}

type Sum = Expression & { readonly kind: 'sum' };

function sumOf({ terms, place }: Sum, scope: Scope): Value {
  let number = 0n;
  for (const { negative, operand } of terms) {
    const value = numberOf(operand, scope);
    number = inRange(place, negative ? number - value : number + value);
  }
  return { type: 'number', number };
}

function totalOf({ terms, place }: Sum, scope: Scope): Value {
  let asset: string | undefined;
  let amountMinor = 0n;
  for (const { negative, operand } of terms) {
    const value = monetaryOf(operand, scope);
    asset ??= value.asset;
    requireAsset(operand.place, asset, value.asset);
    amountMinor = inRange(
      place,
      negative ? amountMinor - value.amountMinor : amountMinor + value.amountMinor,
    );
  }
  return { type: 'monetary', asset: asset ?? '', amountMinor };
}

function quotientOf(expression: Expression & { readonly kind: 'quotient' }, scope: Scope): Value {
  const numerator = numberOf(expression.numerator, scope);
  const denominator = numberOf(expression.denominator, scope);
  if (denominator === 0n)
    refuse(expression.denominator.place, { reason: 'division-by-zero' }, 'the denominator is zero');
  const sign = denominator < 0n ? -1n : 1n;
  return { type: 'portion', ...ratio(sign * numerator, sign * denominator) };
}

type Call = Expression & { readonly kind: 'call' };

function call(expression: Call, scope: Scope): Value {
  const [first, second] = expression.arguments;
  if (first === undefined) throw new TypeError('a function was read without its arguments');
  if (expression.function === 'get_asset')
    return { type: 'asset', asset: monetaryOf(first, scope).asset };
  if (expression.function === 'get_amount')
    return { type: 'number', number: monetaryOf(first, scope).amountMinor };
  if (second === undefined) throw new TypeError('a function was read without its arguments');
  const account = accountOf(first, scope);
  if (expression.function === 'meta')
    return metadataOf(expression, account, textOf(second, scope), scope);
  return balanceOf(expression, account, assetOf(second, scope), scope);
}

function metadataOf({ type, place }: Call, account: string, key: string, scope: Scope): Value {
  const text = scope.metadata(account, key);
  if (text === undefined)
    return refuse(
      place,
      { reason: 'metadata-missing', account, key },
      `${account} has no metadata under ${JSON.stringify(key)}`,
    );
  return (
    readValue(type, text) ??
    refuse(
      place,
      { reason: 'metadata-invalid', account, key, type },
      `the metadata of ${account} under ${JSON.stringify(key)} are no ${type}`,
    )
  );
}

/** `balance()` is of accounts that owe nothing; `overdraft()` is what one owes, or nothing. */
function balanceOf(
  { function: name, place }: Call,
  account: string,
  asset: string,
  scope: Scope,
): Value {
  const balanceMinor = inRange(place, scope.book.balance(account, asset));
  if (name === 'overdraft')
    return { type: 'monetary', asset, amountMinor: balanceMinor < 0n ? -balanceMinor : 0n };
  if (balanceMinor >= 0n) return { type: 'monetary', asset, amountMinor: balanceMinor };
  return refuse(
    place,
    { reason: 'balance-negative', account, asset, balanceMinor },
    `${account} owes ${-balanceMinor} of ${asset}: overdraft() tells what an account owes`,
  );
}
