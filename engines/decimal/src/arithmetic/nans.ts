import { CONDITIONS } from './conditions.ts';
import type { Context } from './context.ts';
import { Decimal } from './decimal.ts';
import { digitCount, pow10 } from './digits.ts';

/**
 * The NaN that an operation on NaNs results in: the first signalling one, which is an invalid
 * operation, else the first quiet one; its diagnostic digits are cut to the precision.
 * @returns undefined where no operand is one
 */
export function nanOf(context: Context, first: Decimal, second?: Decimal): Decimal | undefined {
  const signaling =
    first.form === 'signaling' ? first : second?.form === 'signaling' ? second : undefined;
  if (signaling !== undefined) {
    context.raise(CONDITIONS.invalid_operation);
    return quiet(context, signaling);
  }
  const found = first.form === 'quiet' ? first : second?.form === 'quiet' ? second : undefined;
  return found === undefined ? undefined : quiet(context, found);
}

function quiet(context: Context, nan: Decimal): Decimal {
  const room = context.precision - (context.clamp ? 1 : 0);
  const payload =
    digitCount(nan.coefficient) > room ? nan.coefficient % pow10(room) : nan.coefficient;
  return new Decimal(nan.negative, payload, 0, 'quiet');
}
