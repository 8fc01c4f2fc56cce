import type { Store } from '@anarq/store';
import {
  HASH_BYTES,
  hashUp,
  leafHash,
  nodesOfTiles,
  TILE_WIDTH,
  tileWidth,
  treeRoot,
} from '@anarq/tlog';
import { LogError } from './errors.ts';
import type { LogVkeys } from './logKeys.ts';
import { openCheckpoint } from './logKeys.ts';
import { cidBytes, cidOf } from './sealedRecord.ts';
import type { TreeState } from './treeStore.ts';
import { bytes, edgeReader, integer, readTile, text } from './treeStore.ts';

const PROBLEMS_MAX = 100;
/** Tiles of leaves that are read again when a log is opened: the last 4,096 leaves. */
const TILES_AT_OPEN = 16;

/** What an audit found: at most 100 problems, none when the stored records are those of the signed tree. */
export interface AuditResult {
  readonly ok: boolean;
  readonly size: number;
  readonly problems: readonly string[];
}

/**
 * Computes the whole tree again from the stored records, and compares every tile and the root with the last signed
 * checkpoint. Reads everything; for a scheduled check, not for a start. A database put back to an older state as a
 * whole is consistent with itself: only checkpoints kept elsewhere (receipts, witnesses) can show that.
 */
export async function auditAll(
  store: Store,
  vkeys: LogVkeys,
  tree: TreeState,
): Promise<AuditResult> {
  const problems = auditHead(vkeys, tree);
  for (let level = 0; TILE_WIDTH ** level <= tree.size; level++) {
    const hashes = Math.floor(tree.size / TILE_WIDTH ** level);
    for (let index = 0; index * TILE_WIDTH < hashes; index++) {
      problems.push(...(await auditTile(store, tree, level, index)));
      if (problems.length >= PROBLEMS_MAX) return result(tree, problems);
    }
  }
  return result(tree, problems);
}

/**
 * The check at every start: both signatures of the checkpoint, the root computed from the right edge of the tree, and
 * the last 4,096 records against their leaves. Throws LogError CONTRADICTION with what was found.
 */
export async function auditAtOpen(store: Store, vkeys: LogVkeys, tree: TreeState): Promise<void> {
  const problems = auditHead(vkeys, tree);
  const tiles = Math.ceil(tree.size / TILE_WIDTH);
  for (let index = Math.max(0, tiles - TILES_AT_OPEN); index < tiles; index++) {
    problems.push(...(await auditTile(store, tree, 0, index)));
  }
  const [last] = await store.read(
    'select leaf_index, seq from log_leaf order by leaf_index desc limit 1',
  );
  const size = last === undefined ? 0 : integer(last, 'leaf_index') + 1;
  const seq = last === undefined ? 0 : integer(last, 'seq');
  if (size !== tree.size) problems.push(`${size} leaves are stored, ${tree.size} are signed`);
  if (seq !== tree.lastSeq) problems.push('the last leaf is not the last record signed');
  if (problems.length === 0) return;
  throw new LogError(
    'CONTRADICTION',
    `the stored log contradicts its last checkpoint, nothing more is signed over it: ${problems
      .slice(0, 5)
      .join('; ')}. Restore the data directory from a backup that is whole.`,
  );
}

function auditHead(vkeys: LogVkeys, tree: TreeState): string[] {
  const problems: string[] = [];
  try {
    const { size, root } = openCheckpoint(tree.note, vkeys);
    if (size !== tree.size) problems.push(`the checkpoint signs ${size} leaves, not ${tree.size}`);
    if (root.toHex() !== tree.root.toHex()) problems.push('the checkpoint signs another root');
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    problems.push(`the checkpoint is not one of this log's keys: ${why}`);
  }
  const computed = treeRoot(tree.size, nodesOfTiles(tree.size, edgeReader(tree.edge)));
  if (computed.toHex() !== tree.root.toHex()) problems.push('the tiles give another root');
  return problems;
}

/** Compares a tile with what is below it (records, for level 0) and, when full, with its hash one level up. */
async function auditTile(
  store: Store,
  tree: TreeState,
  level: number,
  index: number,
): Promise<string[]> {
  const name = `tile ${level}/${index}`;
  const width = tileWidth(level, index, tree.size);
  try {
    const hashes = await readTile(store, { level, index, width });
    const problems = level === 0 ? await auditRecords(store, index, hashes) : [];
    if (width < TILE_WIDTH) return problems;
    const parentIndex = Math.floor(index / TILE_WIDTH);
    const parentWidth = tileWidth(level + 1, parentIndex, tree.size);
    const parent = await readTile(store, {
      level: level + 1,
      index: parentIndex,
      width: parentWidth,
    });
    const at = (index % TILE_WIDTH) * HASH_BYTES;
    const above = parent.subarray(at, at + HASH_BYTES);
    if (hashUp(hashes).toHex() !== above.toHex())
      problems.push(`${name} has another hash above it`);
    return problems;
  } catch (error) {
    if (error instanceof LogError) return [`${name}: ${error.message}`];
    throw error;
  }
}

async function auditRecords(store: Store, index: number, hashes: Uint8Array): Promise<string[]> {
  const first = index * TILE_WIDTH;
  const count = hashes.length / HASH_BYTES;
  const rows = await store.read(
    `select l.leaf_index, r.cid, r.sealed from log_leaf l join log_record r on r.seq = l.seq
      where l.leaf_index >= :first and l.leaf_index < :end order by l.leaf_index`,
    { first, end: first + count },
  );
  const problems: string[] = [];
  if (rows.length !== count)
    problems.push(`${count - rows.length} records are missing from leaf ${first} on`);
  for (const row of rows) {
    const leafIndex = integer(row, 'leaf_index');
    const cid = text(row, 'cid');
    const at = (leafIndex - first) * HASH_BYTES;
    const stored = hashes.subarray(at, at + HASH_BYTES).toHex();
    if (cidOf(bytes(row, 'sealed')) !== cid) {
      problems.push(`the record of leaf ${leafIndex} has other bytes than its CID says`);
    } else if (leafHash(cidBytes(cid)).toHex() !== stored) {
      problems.push(`leaf ${leafIndex} is not the record that was signed`);
    }
  }
  return problems;
}

function result(tree: TreeState, problems: readonly string[]): AuditResult {
  const some = problems.slice(0, PROBLEMS_MAX);
  return { ok: some.length === 0, size: tree.size, problems: some };
}
