import { fromBase64, fromDecimal } from './encoding.ts';
import { malformed } from './errors.ts';
import { HASH_BYTES } from './hash.ts';
import { inRange, isCount } from './range.ts';

/** What a checkpoint says: the log's origin, number of leaves, root hash, and extension lines (usually none). */
export interface Checkpoint {
  readonly origin: string;
  readonly size: number;
  readonly root: Uint8Array;
  readonly extensions: readonly string[];
}

/** The note text of a checkpoint (C2SP tlog-checkpoint, "Note text"). Throws TLOG_MALFORMED or TLOG_RANGE. */
export function formatCheckpoint(checkpoint: Checkpoint): string {
  const { origin, size, root, extensions } = checkpoint;
  inRange(isCount(size), `tree size ${size} is not a count`);
  inRange(root.length === HASH_BYTES, 'a root hash has 32 bytes');
  const lines = [origin, String(size), root.toBase64(), ...extensions];
  if (lines.some((line) => line.length === 0 || line.includes('\n'))) {
    malformed('a line of a checkpoint is not empty and has no newline');
  }
  return `${lines.join('\n')}\n`;
}

/** Reads the note text of a checkpoint, strictly. Throws TLOG_MALFORMED. */
export function parseCheckpoint(text: string): Checkpoint {
  if (!text.endsWith('\n')) malformed('a checkpoint ends in a newline');
  const lines = text.slice(0, -1).split('\n');
  const [origin, size, root, ...extensions] = lines;
  if (origin === undefined || size === undefined || root === undefined) {
    return malformed('a checkpoint has at least three lines');
  }
  if (lines.some((line) => line.length === 0)) malformed('a checkpoint has no empty line');
  const hash = fromBase64(root, 'the root hash');
  if (hash.length !== HASH_BYTES) malformed('the root hash has 32 bytes');
  return { origin, size: fromDecimal(size, 'the tree size'), root: hash, extensions };
}
