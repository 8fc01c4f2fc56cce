import { randomBytes, type Sealer } from '@anarq/crypto';
import { CONTENT_KEY_PURPOSE } from './store.ts';

/** A new content key for one file, 32 random bytes, as it is stored: sealed for that file. */
export const newSealedKey = (sealer: Sealer, fileId: string): Uint8Array =>
  sealer.seal(CONTENT_KEY_PURPOSE, fileId, randomBytes(32));

/** The content key of a file: 32 bytes. Throws CryptoError OPEN_FAILED for another file's key. */
export const openKey = (sealer: Sealer, fileId: string, sealed: Uint8Array): Uint8Array =>
  sealer.open(CONTENT_KEY_PURPOSE, fileId, sealed);
