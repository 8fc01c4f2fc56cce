import type { ErrorCode } from '@anarq/common-schemas';
import type { RejectionCode } from '@anarq/dag';

/** What a refusal of the chain is in the words of the error table. */
export const ERROR_OF: Readonly<Record<RejectionCode, ErrorCode>> = {
  NONCE_USED: 'STATE_CONFLICT',
  NONCE_TOO_OLD: 'STATE_CONFLICT',
  NONCE_TOO_FAR: 'LIMIT_EXCEEDED',
  EXPIRED: 'TIME_EXPIRED',
  EXPIRY_TOO_FAR: 'INPUT_INVALID',
  FEE_TOO_LOW: 'INPUT_INVALID',
  BALANCE_TOO_LOW: 'INSUFFICIENT_FUNDS',
  BALANCE_OVERFLOW: 'AMOUNT_INVALID',
  AMOUNT_ZERO: 'AMOUNT_INVALID',
  NOT_AUTHORISED: 'QONSENT_DENIED',
  KEY_KNOWN: 'STATE_CONFLICT',
  KEY_OF_ANOTHER: 'INPUT_INVALID',
  VALIDATORS_INVALID: 'INPUT_INVALID',
};
