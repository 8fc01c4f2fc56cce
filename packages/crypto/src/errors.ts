/**
 * The reasons this package refuses.
 *
 * - `MALFORMED`: an encoding, length, header or field is not what its format says.
 * - `NOT_JSON`: a value that RFC 8785 cannot canonicalise.
 * - `BAD_KEY`: a key of the wrong length, of the wrong kind, or one that must never be used.
 * - `OPEN_FAILED`: a sealed message does not open: wrong key, wrong associated data, or changed.
 * - `IDENTITY_MISMATCH`: a genesis document whose id, keys, members or proof disagree.
 * - `ROOT_KEY_MISSING`, `ROOT_KEY_INVALID`, `ROOT_KEY_EXPOSED`: the file of a node's root key is
 *   absent, is not 64 bytes of seed, or can be reached by others.
 */
export type CryptoErrorCode =
  | 'MALFORMED'
  | 'NOT_JSON'
  | 'BAD_KEY'
  | 'OPEN_FAILED'
  | 'IDENTITY_MISMATCH'
  | 'ROOT_KEY_MISSING'
  | 'ROOT_KEY_INVALID'
  | 'ROOT_KEY_EXPOSED';

/** What every function of this package throws. The message never contains key material. */
export class CryptoError extends Error {
  readonly code: CryptoErrorCode;

  constructor(code: CryptoErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'CryptoError';
    this.code = code;
  }
}
