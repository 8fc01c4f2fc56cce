import { verify } from 'node:crypto';
import { parseCheckpoint } from './checkpoint.ts';
import { concat, uint64, utf8 } from './encoding.ts';
import { malformed } from './errors.ts';
import { HASH_BYTES } from './hash.ts';
import type { NoteSignature, NoteVerifier } from './note.ts';
import { inRange, isCount } from './range.ts';
import type { Vkey } from './vkey.ts';
import { checkKeyName, keyIdHex, keyObjectOf, SIGNATURE_TYPE } from './vkey.ts';

const MLDSA44_SIGNATURE_BYTES = 2420;
const TIMESTAMP_BYTES = 8;

/** What an ML-DSA-44 cosigner states: this subtree of this log, seen at this time (POSIX seconds, 0 for no time). */
export interface CosignedSubtree {
  readonly cosigner: string;
  readonly timestamp_s: number;
  readonly origin: string;
  readonly start: number;
  readonly end: number;
  readonly hash: Uint8Array;
}

/**
 * The `cosigned_message` of C2SP tlog-cosignature, "ML-DSA-44 signed message": the bytes that are signed, with an
 * empty ML-DSA context. Throws TLOG_MALFORMED or TLOG_RANGE.
 */
export function cosignedMessage(subtree: CosignedSubtree): Uint8Array {
  const { cosigner, timestamp_s, origin, start, end, hash } = subtree;
  checkKeyName(cosigner);
  const originBytes = utf8(origin);
  inRange(originBytes.length >= 1 && originBytes.length <= 255, 'an origin has 1 to 255 bytes');
  inRange(isCount(timestamp_s), 'a timestamp is POSIX seconds, not negative');
  inRange(isCount(start) && isCount(end) && start <= end, 'the subtree is not a range');
  inRange(start === 0 || timestamp_s === 0, 'a subtree that does not start at 0 has timestamp 0');
  inRange(hash.length === HASH_BYTES, 'a subtree hash has 32 bytes');
  const cosignerBytes = utf8(cosigner);
  return concat(
    utf8('subtree/v1\n\0'),
    Uint8Array.of(cosignerBytes.length),
    cosignerBytes,
    uint64(timestamp_s),
    Uint8Array.of(originBytes.length),
    originBytes,
    uint64(start),
    uint64(end),
    hash,
  );
}

/**
 * Cosigns the text of a checkpoint. `sign` makes the ML-DSA-44 signature (2,420 bytes, empty context), which may be
 * randomised: this engine holds neither key nor randomness. Throws TLOG_MALFORMED or TLOG_RANGE.
 */
export function cosignCheckpoint(options: {
  readonly vkey: Vkey;
  readonly text: string;
  readonly timestamp_s: number;
  readonly sign: (message: Uint8Array) => Uint8Array;
}): NoteSignature {
  const { vkey, text, timestamp_s, sign } = options;
  checkType(vkey);
  const signature = sign(checkpointMessage(vkey.name, timestamp_s, text));
  if (signature.length !== MLDSA44_SIGNATURE_BYTES) malformed('not an ML-DSA-44 signature');
  return {
    name: vkey.name,
    keyIdHex: keyIdHex(vkey),
    signature: concat(uint64(timestamp_s), signature),
  };
}

/** A verifier for ML-DSA-44 cosignatures on checkpoints. Throws TLOG_MALFORMED on another type of key. */
export function mldsa44Verifier(vkey: Vkey): NoteVerifier {
  checkType(vkey);
  const key = keyObjectOf(vkey);
  return {
    vkey,
    verify: (text, signature) => {
      if (signature.length !== TIMESTAMP_BYTES + MLDSA44_SIGNATURE_BYTES) return false;
      const message = checkpointMessage(vkey.name, cosignatureTime(signature), text);
      return verify(null, message, key, signature.subarray(TIMESTAMP_BYTES));
    },
  };
}

/** The POSIX seconds that a cosignature (of either type) begins with. Throws TLOG_MALFORMED. */
export function cosignatureTime(signature: Uint8Array): number {
  if (signature.length < TIMESTAMP_BYTES) malformed('a cosignature begins with a timestamp');
  const view = new DataView(signature.buffer, signature.byteOffset, TIMESTAMP_BYTES);
  const seconds = view.getBigUint64(0);
  if (seconds > BigInt(Number.MAX_SAFE_INTEGER)) malformed('the timestamp is above 2^53 - 1');
  return Number(seconds);
}

function checkpointMessage(cosigner: string, timestamp_s: number, text: string): Uint8Array {
  const { origin, size, root } = parseCheckpoint(text);
  return cosignedMessage({ cosigner, timestamp_s, origin, start: 0, end: size, hash: root });
}

function checkType(vkey: Vkey): void {
  if (vkey.type !== SIGNATURE_TYPE.mldsa44Cosignature) {
    malformed('the verifier key is not of type ML-DSA-44 cosignature');
  }
}
