import {
  cosignatureTime,
  cosignCheckpoint,
  ed25519Verifier,
  formatCheckpoint,
  formatNote,
  formatVkey,
  keyIdHex,
  mldsa44Verifier,
  openNote,
  parseCheckpoint,
  parseVkey,
  SIGNATURE_TYPE,
  signEd25519,
  vkeyOf,
} from '@anarq/tlog';
import type { Checkpoint, Vkey } from '@anarq/tlog';
import type { LogKeys } from '@anarq/crypto';
import { sign } from 'node:crypto';
import { LogError } from './errors.ts';

/** Both verifier keys of a log as text (C2SP signed-note). */
export interface LogVkeys {
  readonly ed25519: string;
  readonly mldsa44: string;
}

/** The verifier keys of a log whose key name is its origin. Throws TlogError on keys of another kind. */
export function vkeysOf(origin: string, keys: LogKeys): LogVkeys {
  return {
    ed25519: formatVkey(vkeyOf(origin, SIGNATURE_TYPE.ed25519, keys.ed25519)),
    mldsa44: formatVkey(vkeyOf(origin, SIGNATURE_TYPE.mldsa44Cosignature, keys.mldsa44)),
  };
}

/** Signs a tree head with both keys at a time in milliseconds since 1970. Returns the note. */
export function signCheckpoint(
  origin: string,
  keys: LogKeys,
  tree: { readonly size: number; readonly root: Uint8Array },
  now_ms: number,
): string {
  const text = formatCheckpoint({ origin, size: tree.size, root: tree.root, extensions: [] });
  const cosignature = cosignCheckpoint({
    vkey: cosignerOf(origin, keys),
    text,
    timestamp_s: Math.floor(now_ms / 1000),
    sign: (message) => sign(null, message, keys.mldsa44),
  });
  return formatNote(text, [signEd25519(origin, keys.ed25519, text), cosignature]);
}

const cosigners = new WeakMap<LogKeys, Vkey>();

/** The verifier key is made once for a log, not once for a signature. */
function cosignerOf(origin: string, keys: LogKeys): Vkey {
  const known = cosigners.get(keys);
  if (known?.name === origin) return known;
  const made = vkeyOf(origin, SIGNATURE_TYPE.mldsa44Cosignature, keys.mldsa44);
  cosigners.set(keys, made);
  return made;
}

/** A checkpoint that both keys of its log signed, and when (POSIX seconds, by the log's clock). */
export interface SignedCheckpoint extends Checkpoint {
  readonly signedAt_s: number;
}

/**
 * Opens a checkpoint that must carry valid signatures of both keys, and name their log.
 * Throws TlogError, or LogError CONTRADICTION where one of the two is missing.
 */
export function openCheckpoint(note: string, vkeys: LogVkeys): SignedCheckpoint {
  const ed25519 = parseVkey(vkeys.ed25519);
  const mldsa44 = parseVkey(vkeys.mldsa44);
  const { text, signatures, signedBy } = openNote(note, [
    ed25519Verifier(ed25519),
    mldsa44Verifier(mldsa44),
  ]);
  const cosignature = signatures.find(
    ({ name, keyIdHex: id }) => name === mldsa44.name && id === keyIdHex(mldsa44),
  );
  if (signedBy.length !== 2 || cosignature === undefined) {
    throw new LogError('CONTRADICTION', 'the checkpoint does not carry both signatures of its log');
  }
  const checkpoint = parseCheckpoint(text);
  if ([ed25519.name, mldsa44.name].some((name) => name !== checkpoint.origin)) {
    throw new LogError('CONTRADICTION', 'the checkpoint is of another log than its keys');
  }
  return { ...checkpoint, signedAt_s: cosignatureTime(cosignature.signature) };
}

/** Whether both of these keys signed a checkpoint. */
export function isCheckpointOf(note: string, vkeys: LogVkeys): boolean {
  try {
    openCheckpoint(note, vkeys);
    return true;
  } catch {
    return false;
  }
}
