import { QError } from '@anarq/common-schemas';
import { Refused } from './work/orders.ts';

/** What a worker refused, as an error of the table; any other error as it is. */
export function refuse(error: unknown): unknown {
  if (!(error instanceof Refused)) return error;
  const { code, message, line, column, excerpt, caret } = error.refusal;
  const place = {
    ...(line === undefined ? {} : { line }),
    ...(column === undefined ? {} : { column }),
    ...(excerpt === undefined ? {} : { excerpt, caret }),
  };
  return code === 'LIMIT'
    ? new QError('LIMIT_EXCEEDED', message, { limit: message, ...place })
    : new QError('INPUT_INVALID', message, { reason: code, ...place });
}
