import { digestOf, bytesOfHex } from './hash.ts';
import { Writer } from './bytes.ts';

/**
 * A map from keys of 32 bytes (hex) to bytes whose root is a Merkle root over its content: a binary trie in
 * which chains without a branch are cut short. Nothing in it changes, so an old root is a snapshot; a
 * new one shares what is alike. Digests are computed when they are asked for, and once.
 */
export type Trie<V> = Leaf<V> | Branch<V> | undefined;

interface Leaf<V> {
  readonly key: string;
  readonly value: V;
  digest?: Uint8Array;
}

interface Branch<V> {
  /** The first bit in which the keys of both sides differ, counted from the front. */
  readonly bit: number;
  /** Some key below: all share its first `bit` bits. */
  readonly key: string;
  readonly left: Leaf<V> | Branch<V>;
  readonly right: Leaf<V> | Branch<V>;
  digest?: Uint8Array;
}

/** The value of one hexadecimal digit, of which letters are lower case. */
function nibble(key: string, at: number): number {
  const code = key.charCodeAt(at);
  return (code & 15) + 9 * (code >> 6);
}
const bitOf = (key: string, bit: number): number => (nibble(key, bit >> 2) >> (3 - (bit & 3))) & 1;
const isBranch = <V>(node: Leaf<V> | Branch<V>): node is Branch<V> => 'bit' in node;

/** The first bit in which two keys differ; undefined where they are alike. */
function differsAt(a: string, b: string): number | undefined {
  for (let at = 0; at < a.length; at += 1)
    if (a[at] !== b[at]) return 4 * at + Math.clz32(nibble(a, at) ^ nibble(b, at)) - 28;
  return undefined;
}

export function lookUp<V>(trie: Trie<V>, key: string): V | undefined {
  let node = trie;
  while (node !== undefined && isBranch(node))
    node = bitOf(key, node.bit) === 0 ? node.left : node.right;
  return node?.key === key ? node.value : undefined;
}

/** The map with one more value, or another one under a key. */
export function withValue<V>(trie: Trie<V>, key: string, value: V): Leaf<V> | Branch<V> {
  const leaf = { key, value };
  if (trie === undefined) return leaf;
  const bit = differsAt(key, nearest(trie, key));
  return bit === undefined ? replaced(trie, leaf) : inserted(trie, leaf, bit);
}

/** The key in the map that shares the longest beginning with one. */
function nearest<V>(trie: Leaf<V> | Branch<V>, key: string): string {
  let node = trie;
  while (isBranch(node)) node = bitOf(key, node.bit) === 0 ? node.left : node.right;
  return node.key;
}

function replaced<V>(node: Leaf<V> | Branch<V>, leaf: Leaf<V>): Leaf<V> | Branch<V> {
  if (!isBranch(node)) return leaf;
  const { bit, key } = node;
  return bitOf(leaf.key, bit) === 0
    ? { bit, key, left: replaced(node.left, leaf), right: node.right }
    : { bit, key, left: node.left, right: replaced(node.right, leaf) };
}

function inserted<V>(node: Leaf<V> | Branch<V>, leaf: Leaf<V>, bit: number): Leaf<V> | Branch<V> {
  if (!isBranch(node) || node.bit > bit)
    return bitOf(leaf.key, bit) === 0
      ? { bit, key: leaf.key, left: leaf, right: node }
      : { bit, key: leaf.key, left: node, right: leaf };
  const { key } = node;
  return bitOf(leaf.key, node.bit) === 0
    ? { bit: node.bit, key, left: inserted(node.left, leaf, bit), right: node.right }
    : { bit: node.bit, key, left: node.left, right: inserted(node.right, leaf, bit) };
}

/** All keys and values, in the order of the keys. */
export function* valuesOf<V>(trie: Trie<V>): Generator<readonly [string, V]> {
  if (trie === undefined) return;
  if (!isBranch(trie)) return void (yield [trie.key, trie.value]);
  yield* valuesOf(trie.left);
  yield* valuesOf(trie.right);
}

/** The Merkle root. @param encode the bytes of a value that its digest covers */
export function rootOf<V>(trie: Trie<V>, encode: (value: V) => Uint8Array): Uint8Array {
  if (trie === undefined) return digestOf('trie-empty');
  trie.digest ??= isBranch(trie)
    ? branchDigest(trie.bit, rootOf(trie.left, encode), rootOf(trie.right, encode))
    : leafDigest(trie.key, encode(trie.value));
  return trie.digest;
}

const leafDigest = (key: string, value: Uint8Array): Uint8Array =>
  digestOf('trie-leaf', bytesOfHex(key), value);
const branchDigest = (bit: number, left: Uint8Array, right: Uint8Array): Uint8Array =>
  digestOf('trie-branch', new Writer().u16(bit).done(), left, right);

/** One step from a value up: the bit that branches there, and the digest of the other side. */
export interface Step {
  readonly bit: number;
  readonly beside: Uint8Array;
}

/** The steps from a value to the root, the lowest first; undefined where the key is not there. */
export function pathTo<V>(
  trie: Trie<V>,
  key: string,
  encode: (value: V) => Uint8Array,
): readonly Step[] | undefined {
  const steps: Step[] = [];
  let node = trie;
  while (node !== undefined && isBranch(node)) {
    const isLeft = bitOf(key, node.bit) === 0;
    steps.unshift({ bit: node.bit, beside: rootOf(isLeft ? node.right : node.left, encode) });
    node = isLeft ? node.left : node.right;
  }
  return node?.key === key ? steps : undefined;
}

/** The root that a value under a key has by these steps; undefined where the steps are not in order. */
export function rootBySteps(
  key: string,
  value: Uint8Array,
  steps: readonly Step[],
): Uint8Array | undefined {
  let digest = leafDigest(key, value);
  let below = 256;
  for (const { bit, beside } of steps) {
    if (!(bit >= 0 && bit < below)) return undefined;
    below = bit;
    digest =
      bitOf(key, bit) === 0 ? branchDigest(bit, digest, beside) : branchDigest(bit, beside, digest);
  }
  return digest;
}
