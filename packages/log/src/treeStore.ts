import type { Row, Statement, Store } from '@anarq/store';
import type { Frontier, NodeReader, Tile, TileData, TileReader } from '@anarq/tlog';
import {
  edgeTiles,
  frontierOf,
  frontierRoot,
  growFrontier,
  growTiles,
  HASH_BYTES,
  leafHash,
  nodesOfTiles,
  tilesNeeded,
} from '@anarq/tlog';
import { LogError } from './errors.ts';
import { cidBytes } from './sealedRecord.ts';

/** The tree as last signed: leaves, root, note, the last record in it, and the hashes of its right edge by level. */
export interface TreeState {
  readonly size: number;
  readonly root: Uint8Array;
  readonly note: string;
  readonly lastSeq: number;
  readonly edge: ReadonlyMap<number, Uint8Array>;
  /** The same edge as appending needs it; absent in a tree that was just read. */
  readonly frontier?: Frontier;
}

/** Reads the last signed tree; undefined where none was signed yet. Throws LogError CONTRADICTION on a missing tile. */
export async function readTree(store: Store): Promise<TreeState | undefined> {
  const [row] = await store.read('select size, last_seq, root, note from log_checkpoint');
  if (row === undefined) return undefined;
  const size = integer(row, 'size');
  const edge = new Map<number, Uint8Array>();
  for (const tile of edgeTiles(size)) edge.set(tile.level, await readTile(store, tile));
  return {
    size,
    root: bytes(row, 'root'),
    note: text(row, 'note'),
    lastSeq: integer(row, 'last_seq'),
    edge,
  };
}

/** Bytes of a tile as it was when it had `tile.width` hashes. Throws LogError CONTRADICTION where it has fewer. */
export async function readTile(store: Store, tile: Tile): Promise<Uint8Array> {
  const [row] = await store.read(
    'select hashes from log_tile where level = :level and tile_index = :index',
    { level: tile.level, index: tile.index },
  );
  const hashes = row === undefined ? new Uint8Array(0) : bytes(row, 'hashes');
  if (hashes.length < tile.width * HASH_BYTES) {
    throw new LogError('CONTRADICTION', `tile ${tile.level}/${tile.index} lacks hashes`);
  }
  return hashes.slice(0, tile.width * HASH_BYTES);
}

/** Runs a computation over the stored tree of `size` leaves, with the tiles it needs read beforehand. */
export async function overTree<T>(
  store: Store,
  size: number,
  compute: (node: NodeReader) => T,
): Promise<T> {
  const tiles = new Map<string, Uint8Array>();
  for (const tile of tilesNeeded(size, compute)) tiles.set(key(tile), await readTile(store, tile));
  return compute(nodesOfTiles(size, (tile) => tiles.get(key(tile)) ?? new Uint8Array(0)));
}

/** Index of the leaf of a record in the tree. Throws LogError NOT_FOUND where it has none. */
export async function leafIndexOf(store: Store, cid: string): Promise<number> {
  const [row] = await store.read(
    'select l.leaf_index from log_record r join log_leaf l on l.seq = r.seq where r.cid = :cid',
    { cid },
  );
  if (row === undefined) throw new LogError('NOT_FOUND', 'there is no such record in the log');
  return integer(row, 'leaf_index');
}

/** A record that waits for its place in the tree. */
export interface WaitingRecord {
  readonly seq: number;
  readonly cid: string;
}

/** The tree with the records appended in their order, its note still to be signed, and the tiles that changed. */
export function appendRecords(
  tree: TreeState,
  records: readonly WaitingRecord[],
): { readonly next: Omit<TreeState, 'note'>; readonly tiles: readonly TileData[] } {
  const size = tree.size + records.length;
  const leaves = records.map(({ cid }) => leafHash(cidBytes(cid)));
  const tiles = growTiles(tree.size, edgeReader(tree.edge), leaves);
  const changed = new Map(tiles.map((tile) => [key(tile), tile.hashes]));
  const edge = new Map<number, Uint8Array>();
  for (const tile of edgeTiles(size)) {
    const hashes = changed.get(key(tile)) ?? tree.edge.get(tile.level);
    if (hashes !== undefined) edge.set(tile.level, hashes);
  }
  const before =
    tree.frontier ?? frontierOf(tree.size, nodesOfTiles(tree.size, edgeReader(tree.edge)));
  const frontier = growFrontier(tree.size, before, leaves);
  const root = frontierRoot(frontier);
  const lastSeq = records.at(-1)?.seq ?? tree.lastSeq;
  return { next: { size, root, lastSeq, edge, frontier }, tiles };
}

/** Reads the partial tiles of the right edge; a root is computed from nothing else. */
export function edgeReader(edge: ReadonlyMap<number, Uint8Array>): TileReader {
  return ({ level }) => edge.get(level) ?? new Uint8Array(0);
}

/** The one commit that moves the log from one signed tree to the next; it fails where another one moved it first. */
export function advanceStatements(
  from: TreeState,
  to: TreeState,
  tiles: readonly TileData[],
): Statement[] {
  const count = to.size - from.size;
  return [
    {
      name: 'log leaves',
      sql: `insert into log_leaf (leaf_index, seq)
        select :size + row_number() over (order by seq) - 1, seq
        from log_record where seq > :after and seq <= :last`,
      params: { size: from.size, after: from.lastSeq, last: to.lastSeq },
      expect: { changes: count },
    },
    ...tiles.map((tile) => ({
      name: 'log tile',
      sql: `insert into log_tile (level, tile_index, hashes) values (:level, :index, :hashes)
        on conflict (level, tile_index) do update set hashes = excluded.hashes`,
      params: { level: tile.level, index: tile.index, hashes: tile.hashes },
    })),
    {
      name: 'log checkpoint',
      sql: `update log_checkpoint set size = :size, last_seq = :last, root = :root, note = :note
        where size = :before`,
      params: {
        size: to.size,
        last: to.lastSeq,
        root: to.root,
        note: to.note,
        before: from.size,
      },
      expect: { changes: 1 },
    },
  ];
}

/** An integer column. Throws LogError CONTRADICTION where it holds something else. */
export function integer(row: Row, column: string): number {
  const value = row[column];
  if (typeof value === 'number') return value;
  throw new LogError('CONTRADICTION', `column ${column} holds no integer`);
}

/** A text column. Throws LogError CONTRADICTION where it holds something else. */
export function text(row: Row, column: string): string {
  const value = row[column];
  if (typeof value === 'string') return value;
  throw new LogError('CONTRADICTION', `column ${column} holds no text`);
}

/** A blob column. Throws LogError CONTRADICTION where it holds something else. */
export function bytes(row: Row, column: string): Uint8Array {
  const value = row[column];
  if (value instanceof Uint8Array) return value;
  throw new LogError('CONTRADICTION', `column ${column} holds no bytes`);
}

function key(tile: Tile): string {
  return `${tile.level}/${tile.index}`;
}
