import { fail, type ErrorCode } from '@anarq/common-schemas';
import { LogError } from '@anarq/log';

const CODES: Readonly<Partial<Record<LogError['code'], ErrorCode>>> = {
  MALFORMED: 'INPUT_INVALID',
  NOT_FOUND: 'QINDEX_NOT_FOUND',
  LIMIT: 'LIMIT_EXCEEDED',
  CLOSED: 'SERVICE_UNAVAILABLE',
};

/**
 * Says in the words of the error table what the log refuses. A contradiction in what is stored is
 * no fault of the caller and passes as it is.
 */
export async function inTableWords<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    const code = error instanceof LogError ? CODES[error.code] : undefined;
    if (code === undefined || !(error instanceof LogError)) throw error;
    return fail(code, `${error.message}.`);
  }
}
