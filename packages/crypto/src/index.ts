/**
 * @anarq/crypto: the keys, signatures, seals and ids of the node. Every primitive is node:crypto's;
 * signatures and key agreement are hybrid, one classical and one post-quantum algorithm together.
 */
export { openBytes, SEAL_OVERHEAD, sealBytes } from './aead.ts';
export { fromBase58btc, toBase58btc } from './base58.ts';
export {
  concatBytes,
  equalBytes,
  fromBase64url,
  lengthPrefixed,
  randomBytes,
  sha256,
  sha256Hex,
  sha256HexOfText,
  toBase64url,
  utf8,
} from './bytes.ts';
export type { CallFields, SignatureHeader } from './callSignature.ts';
export {
  CALL_DOMAIN,
  callSigningBytes,
  macCall,
  parseSignatureHeader,
  signCall,
  verifyCall,
  verifyCallMac,
} from './callSignature.ts';
export { delegate } from './delegate.ts';
export type { CallLimits, DelegateOrder } from './delegate.ts';
export type { IdentityKeys, LogKeys } from './derive.ts';
export {
  deriveKeys,
  deriveLogKeys,
  deriveSecret,
  generateSeed,
  SEED_LENGTH,
  slip10,
} from './derive.ts';
export type { CryptoErrorCode } from './errors.ts';
export { CryptoError } from './errors.ts';
export type { GenesisContent, GenesisDocument, IdentityKind } from './genesisEntry.ts';
export { hkdfExpandSha256, hkdfSha256 } from './hkdf.ts';
export { createGenesis, nextKeyHashOf, verifyGenesis } from './identity.ts';
export { canonicalJson } from './jcs.ts';
export type { EphemeralKem, KemPrivateKeys, KemPublicKeyObjects } from './kem.ts';
export {
  decapsulate,
  decryptFrom,
  encapsulate,
  encryptTo,
  ephemeralKem,
  KEM_CIPHERTEXT_LENGTH,
} from './kem.ts';
export type { Algorithm } from './primitives.ts';
export {
  ALGORITHMS,
  importPrivateKey,
  importPublicKey,
  mlkemDecapsulate,
  mlkemEncapsulate,
  rawPublicKey,
  signSingle,
  verifySingle,
  x25519,
} from './primitives.ts';
export type {
  IdentityAlgorithm,
  KemPublicKeys,
  PublicKeyObjects,
  PublicKeys,
} from './publicKeys.ts';
export {
  decodeMultikey,
  encodeMultikey,
  IDENTITY_ALGORITHMS,
  importKemPublicKeys,
  importPublicKeys,
  publicKeysOf,
} from './publicKeys.ts';
export { createPrivateFile, replacePrivateFile } from './privateFile.ts';
export type { EarlierKey, RootKey, RotationReason } from './rootKey.ts';
export { epochOf, forgetEarlier, rotatedKey } from './rootKey.ts';
export { openRootKey, replaceRootKey } from './rootKeyFile.ts';
export type { SigningKeys, VerifyingKeys } from './signature.ts';
export { HYBRID_SIGNATURE_LENGTH, signHybrid, verifyHybrid } from './signature.ts';
export type { Sealer } from './vault.ts';
export { createSealer } from './vault.ts';
