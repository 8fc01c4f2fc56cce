import { concat, fromDecimal } from './encoding.ts';
import { malformed } from './errors.ts';
import { HASH_BYTES, nodeHash } from './hash.ts';
import type { NodeReader } from './prove.ts';
import { inRange, isCount } from './range.ts';

/** Hashes in a full tile (C2SP tlog-tiles, "Merkle Tree"). */
export const TILE_WIDTH = 256;
/** Levels of the tree that one tile spans. */
const TILE_HEIGHT = 8;
/** Highest tile level that can exist in a tree of at most 2^53 - 1 leaves. */
const TILE_LEVEL_MAX = 6;

/** Coordinates of a tile: `width` hashes (1 to 256), the first of them number `index * 256` of its level. */
export interface Tile {
  readonly level: number;
  readonly index: number;
  readonly width: number;
}

/** A tile with its bytes: width * 32. */
export interface TileData extends Tile {
  readonly hashes: Uint8Array;
}

/** Reads the bytes of a tile, exactly width * 32. A partial tile is the beginning of the full one. */
export type TileReader = (tile: Tile) => Uint8Array;

/** How many hashes the tile holds in a tree of `size` leaves: 0 (it does not exist) to 256. */
export function tileWidth(level: number, index: number, size: number): number {
  const hashes = Math.floor(size / TILE_WIDTH ** level);
  return Math.min(TILE_WIDTH, Math.max(0, hashes - index * TILE_WIDTH));
}

/** The partial tiles at the right edge of a tree of `size` leaves, lowest level first. */
export function edgeTiles(size: number): Tile[] {
  const tiles: Tile[] = [];
  for (let level = 0; level <= TILE_LEVEL_MAX; level++) {
    const hashes = Math.floor(size / TILE_WIDTH ** level);
    const width = hashes % TILE_WIDTH;
    if (width > 0) tiles.push({ level, index: (hashes - width) / TILE_WIDTH, width });
  }
  return tiles;
}

/** Where the hash of a complete subtree is: the tile, and the run of its hashes that hashes up to it. */
export interface NodeAddress {
  readonly tile: Tile;
  readonly first: number;
  readonly count: number;
}

/** Address of the node (see NodeReader) in the tiles of a tree of `size` leaves. Throws TLOG_RANGE. */
export function nodeAddress(level: number, index: number, size: number): NodeAddress {
  inRange(isCount(level) && isCount(index), `node ${level}/${index} does not exist`);
  inRange((index + 1) * 2 ** level <= size, `node ${level}/${index} is not in ${size} leaves`);
  const tileLevel = Math.floor(level / TILE_HEIGHT);
  const count = 2 ** (level % TILE_HEIGHT);
  const first = index * count;
  const tileIndex = Math.floor(first / TILE_WIDTH);
  const width = tileWidth(tileLevel, tileIndex, size);
  return {
    tile: { level: tileLevel, index: tileIndex, width },
    first: first - tileIndex * TILE_WIDTH,
    count,
  };
}

/** A node reader over the tiles of a tree of `size` leaves; each tile is read once. Throws TLOG_RANGE. */
export function nodesOfTiles(size: number, readTile: TileReader): NodeReader {
  const read = new Map<string, Uint8Array>();
  return (level, index) => {
    const { tile, first, count } = nodeAddress(level, index, size);
    const key = `${tile.level}/${tile.index}`;
    const bytes = read.get(key) ?? readTile(tile);
    inRange(bytes.length === tile.width * HASH_BYTES, `tile ${key} has ${bytes.length} bytes`);
    read.set(key, bytes);
    return hashUp(bytes.subarray(first * HASH_BYTES, (first + count) * HASH_BYTES));
  };
}

/** Which tiles a computation over a tree of `size` leaves will read: to fetch them before it runs. */
export function tilesNeeded(size: number, compute: (node: NodeReader) => unknown): Tile[] {
  const needed: Tile[] = [];
  const node = nodesOfTiles(size, (tile) => {
    needed.push(tile);
    return new Uint8Array(tile.width * HASH_BYTES);
  });
  compute(node);
  return needed;
}

/**
 * Appends leaf hashes to a tree of `size` leaves. Returns every tile that is new or has grown, lowest level first;
 * the tiles that grew are those of `edgeTiles(size)`, read through `readTile`. Throws TLOG_RANGE.
 */
export function growTiles(
  size: number,
  readTile: TileReader,
  leafHashes: readonly Uint8Array[],
): TileData[] {
  inRange(isCount(size + leafHashes.length), 'the tree would have more than 2^53 - 1 leaves');
  const grown: TileData[] = [];
  let incoming = leafHashes;
  for (let level = 0; incoming.length > 0; level++) {
    const upward: Uint8Array[] = [];
    const present = Math.floor(size / TILE_WIDTH ** level);
    let used = present % TILE_WIDTH;
    let index = (present - used) / TILE_WIDTH;
    for (let at = 0; at < incoming.length;) {
      const fresh = incoming.slice(at, at + TILE_WIDTH - used);
      const before = used > 0 ? readTile({ level, index, width: used }) : new Uint8Array(0);
      inRange(before.length === used * HASH_BYTES, `tile ${level}/${index} has another width`);
      const hashes = concat(before, ...fresh);
      grown.push({ level, index, width: used + fresh.length, hashes });
      if (used + fresh.length === TILE_WIDTH) upward.push(hashUp(hashes));
      at += fresh.length;
      used = 0;
      index += 1;
    }
    incoming = upward;
  }
  return grown;
}

/** Merkle tree hash over 2^k hashes laid side by side; 32 bytes. Of a full tile: its hash one level up. */
export function hashUp(hashes: Uint8Array): Uint8Array {
  if (hashes.length === HASH_BYTES) return hashes.slice();
  const half = hashes.length / 2;
  return nodeHash(hashUp(hashes.subarray(0, half)), hashUp(hashes.subarray(half)));
}

/** Path of a tile below the log's prefix, for example `tile/0/x001/x234/067.p/5`. Throws TLOG_RANGE. */
export function tilePath(tile: Tile): string {
  inRange(tile.level >= 0 && tile.level <= 63, `tile level ${tile.level} is not from 0 to 63`);
  return `tile/${tile.level}/${indexPath(tile.index, tile.width)}`;
}

/** Path of an entry bundle below the log's prefix, for example `tile/entries/000.p/5`. Throws TLOG_RANGE. */
export function entriesPath(index: number, width: number): string {
  return `tile/entries/${indexPath(index, width)}`;
}

/** What a path below the log's prefix names: a tile of hashes, or an entry bundle. */
export type TileRequest = ({ readonly kind: 'hashes' } & Tile) | EntriesRequest;
interface EntriesRequest {
  readonly kind: 'entries';
  readonly index: number;
  readonly width: number;
}

/** Reads a path made by tilePath or entriesPath; only the one canonical form. Throws TLOG_MALFORMED. */
export function parseTilePath(path: string): TileRequest {
  const parts =
    /^tile\/(entries|[0-9]{1,2})\/((?:x[0-9]{3}\/){0,5}[0-9]{3})(?:\.p\/([0-9]{1,3}))?$/.exec(path);
  if (parts === null) return malformed('not the path of a tile');
  const [, kind = '', digits = '', partial] = parts;
  const index = Number(digits.replace(/[x/]/g, ''));
  const width = partial === undefined ? TILE_WIDTH : fromDecimal(partial, 'tile width');
  if (width < 1 || (partial !== undefined && width >= TILE_WIDTH)) malformed('no such tile width');
  if (!isCount(index)) malformed('tile index is above 2^53 - 1');
  if (indexPath(index, TILE_WIDTH) !== digits) malformed('tile index has needless path elements');
  if (kind === 'entries') return { kind, index, width };
  const level = fromDecimal(kind, 'tile level');
  if (level > 63) malformed('tile level is above 63');
  return { kind: 'hashes', level, index, width };
}

/** An entry bundle: each entry behind its length as big-endian uint16. Throws TLOG_RANGE on an entry above 65,535 bytes. */
export function entryBundle(entries: readonly Uint8Array[]): Uint8Array {
  return concat(
    ...entries.flatMap((entry) => {
      inRange(entry.length <= 0xffff, `an entry of ${entry.length} bytes is too long`);
      return [Uint8Array.of(entry.length >> 8, entry.length & 0xff), entry];
    }),
  );
}

/** Reads an entry bundle of at most 256 entries. Throws TLOG_MALFORMED. */
export function parseEntryBundle(bundle: Uint8Array): Uint8Array[] {
  const entries: Uint8Array[] = [];
  for (let at = 0; at < bundle.length;) {
    const length = (bundle[at] ?? 0) * 256 + (bundle[at + 1] ?? 0);
    if (at + 2 + length > bundle.length) malformed('the entry bundle ends inside an entry');
    entries.push(bundle.slice(at + 2, at + 2 + length));
    at += 2 + length;
  }
  if (entries.length > TILE_WIDTH) malformed('the entry bundle has more than 256 entries');
  return entries;
}

function indexPath(index: number, width: number): string {
  inRange(isCount(index), `tile index ${index} is not a count`);
  inRange(
    isCount(width) && width >= 1 && width <= TILE_WIDTH,
    `tile width ${width} is not 1 to 256`,
  );
  const groups =
    String(index)
      .padStart(Math.ceil(String(index).length / 3) * 3, '0')
      .match(/.{3}/g) ?? [];
  const path = groups.map((group, i) => (i < groups.length - 1 ? `x${group}` : group)).join('/');
  return width < TILE_WIDTH ? `${path}.p/${width}` : path;
}
