import { toBase64url } from '@anarq/crypto';
import type { Log, SignedTree } from '@anarq/log';

/** A signed tree with what is needed to verify its signatures. */
export function checkpointView({ note, size, root }: SignedTree, log: Log) {
  const { ed25519, mldsa44 } = log.vkeys;
  const [origin = ''] = note.split('\n', 1);
  return {
    origin,
    size,
    rootHashHex: Buffer.from(root).toString('hex'),
    note,
    vkeys: { ed25519, mldsa44 },
  };
}

export const proofView = (hashes: readonly Uint8Array[]): string[] => hashes.map(toBase64url);
