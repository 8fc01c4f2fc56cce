import { fromBase64, fromDecimal } from './encoding.ts';
import { malformed, TlogError } from './errors.ts';
import { HASH_BYTES } from './hash.ts';
import { NOTE_LENGTH_MAX, parseNote } from './note.ts';
import { inRange, isCount } from './range.ts';
import type { Proof } from './verify.ts';
import { PROOF_HASHES_MAX } from './verify.ts';

const HEADER = 'c2sp.org/tlog-proof@v1';
const EXTRA_BYTES_MAX = 64 * 1024;

/** An offline proof of inclusion (C2SP tlog-proof): checkpoint is the signed note, extra is not authenticated. */
export interface TlogProof {
  readonly index: number;
  readonly proof: Proof;
  readonly checkpoint: string;
  readonly extra?: Uint8Array;
}

/** The text of a `.tlog-proof` file. Throws TLOG_MALFORMED, TLOG_RANGE or TLOG_LIMIT. */
export function formatTlogProof({ index, proof, checkpoint, extra }: TlogProof): string {
  inRange(isCount(index), `leaf index ${index} is not a count`);
  inRange(proof.length <= PROOF_HASHES_MAX, 'the proof is too long');
  inRange(
    proof.every((hash) => hash.length === HASH_BYTES),
    'a hash of a proof has 32 bytes',
  );
  parseNote(checkpoint);
  const lines = [HEADER];
  if (extra !== undefined) {
    if (extra.length > EXTRA_BYTES_MAX)
      throw new TlogError('TLOG_LIMIT', 'the extra data is too long');
    lines.push(`extra ${extra.toBase64()}`);
  }
  lines.push(`index ${index}`, ...proof.map((hash) => hash.toBase64()));
  return `${lines.join('\n')}\n\n${checkpoint}`;
}

/** Reads the text of a `.tlog-proof` file; nothing in it is verified yet. Throws TLOG_MALFORMED or TLOG_LIMIT. */
export function parseTlogProof(text: string): TlogProof {
  if (text.length > NOTE_LENGTH_MAX + 2 * EXTRA_BYTES_MAX) {
    throw new TlogError('TLOG_LIMIT', 'the proof is too long');
  }
  const split = text.indexOf('\n\n');
  if (split < 0) malformed('an empty line stands between proof and checkpoint');
  const lines = text.slice(0, split).split('\n');
  if (lines.shift() !== HEADER) malformed(`a proof begins with the line ${HEADER}`);
  const extra = lines[0]?.startsWith('extra ') === true ? lines.shift()?.slice(6) : undefined;
  const index = lines.shift();
  if (index?.startsWith('index ') !== true) return malformed('the line "index N" is missing');
  if (lines.length > PROOF_HASHES_MAX) malformed('the proof is too long');
  const proof = lines.map((line) => fromBase64(line, 'a hash of the proof'));
  if (proof.some((hash) => hash.length !== HASH_BYTES)) malformed('a hash has 32 bytes');
  const checkpoint = text.slice(split + 2);
  parseNote(checkpoint);
  return {
    index: fromDecimal(index.slice(6), 'the leaf index'),
    proof,
    checkpoint,
    ...(extra === undefined ? {} : { extra: fromBase64(extra, 'the extra data') }),
  };
}
