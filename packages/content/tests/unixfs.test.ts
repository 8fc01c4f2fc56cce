import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { importer } from 'ipfs-unixfs-importer';
import { fixedSize } from 'ipfs-unixfs-importer/chunker';
import { balanced } from 'ipfs-unixfs-importer/layout';
import { describe, expect, it } from 'vitest';
import {
  CHILDREN_PER_NODE,
  CHUNK_BYTES,
  DagBuilder,
  leafCid,
  parseRawCid,
  rootCidOf,
} from '../src/index.ts';
import { encodeFileNode } from '../src/unixfsNode.ts';
import { codeOf, patternBytes, streamOf } from './support.ts';

// The CIDs are compared, not the blocks, so nothing needs to be kept.
const nowhere = { put: async <C>(cid: C): Promise<C> => cid };

async function importedCid(
  content: AsyncIterable<Uint8Array>,
  chunkSize = CHUNK_BYTES,
  maxChildrenPerNode = CHILDREN_PER_NODE,
): Promise<string> {
  const results = importer([{ content }], nowhere, {
    cidVersion: 1,
    rawLeaves: true,
    reduceSingleLeafToSelf: true,
    chunker: fixedSize({ chunkSize }),
    layout: balanced({ maxChildrenPerNode }),
  });
  const [root] = await Array.fromAsync(results);
  return root?.cid.toString() ?? 'none';
}

async function* repeated(chunk: Uint8Array, times: number): AsyncGenerator<Uint8Array> {
  for (let i = 0; i < times; i += 1) yield chunk;
}

describe('the root CID of a file', () => {
  const fileSizes = {
    empty: 0,
    'of one byte': 1,
    'a byte short of a chunk': CHUNK_BYTES - 1,
    'of exactly a chunk': CHUNK_BYTES,
    'a byte over a chunk': CHUNK_BYTES + 1,
    'of three and a half chunks': 3.5 * CHUNK_BYTES,
  };
  for (const [name, bytes] of Object.entries(fileSizes)) {
    it(`is what helia computes, for a file ${name}`, async () => {
      const plain = patternBytes(bytes);
      const root = await rootCidOf(streamOf(plain));
      expect(root).toEqual({
        cid: await importedCid(streamOf(plain)),
        bytes,
        sha256Hex: createHash('sha256').update(plain).digest('hex'),
      });
    });
  }

  it('is what helia computes, for a file of 1,030 chunks, which needs two levels of nodes', async () => {
    const chunk = patternBytes(CHUNK_BYTES);
    const builder = new DagBuilder();
    const leaf = leafCid(chunk);
    for (let i = 0; i < 1030; i += 1) builder.add(leaf, chunk.length);
    expect(builder.finish().toString()).toBe(await importedCid(repeated(chunk, 1030)));
  });

  it('is what the importer computes at any depth, around every full and partly full node', async () => {
    const chunkBytes = 3;
    for (let leaves = 0; leaves <= 70; leaves += 1) {
      const plain = patternBytes(Math.max(leaves * chunkBytes - (leaves % 3), 0), leaves);
      const builder = new DagBuilder({ childrenPerNode: 4 });
      for (let at = 0; at < plain.length; at += chunkBytes) {
        const leaf = plain.subarray(at, at + chunkBytes);
        builder.add(leafCid(leaf), leaf.length);
      }
      const expected = await importedCid(streamOf(plain), chunkBytes, 4);
      expect(builder.finish().toString(), `${leaves} leaves`).toBe(expected);
    }
  });

  it('is the published one of a well-known text', async () => {
    // "hello", as `ipfs add --cid-version 1` prints it.
    const root = await rootCidOf(streamOf(Buffer.from('hello')));
    expect(root.cid).toBe('bafkreibm6jg3ux5qumhcn2b3flc3tyu6dmlb4xa7u5bf44yegnrjhc4yeq');
  });

  it('does not depend on the sizes of the pieces in which the file arrives', async () => {
    const plain = patternBytes(2 * CHUNK_BYTES + 7);
    const whole = await rootCidOf(streamOf(plain));
    const cuts = fc.array(fc.nat(plain.length), { maxLength: 12 });
    await fc.assert(
      fc.asyncProperty(cuts, async (points) => {
        const edges = [0, ...points.toSorted((a, b) => a - b), plain.length];
        const pieces = edges.slice(1).map((edge, i) => plain.subarray(edges[i], edge));
        expect(await rootCidOf(streamOf(...pieces))).toEqual(whole);
      }),
      { numRuns: 15 },
    );
  });

  it('is what the importer computes for sizes beyond 32 bits', async () => {
    // No real leaf is this long; the importer is told so, and never asks for the bytes.
    const sizes = [2 ** 40, 2 ** 32, 2 ** 31 - 1, 127, 128, 2 ** 50 + 3];
    const leaf = leafCid(patternBytes(1));
    const builder = new DagBuilder({ childrenPerNode: 4 });
    for (const bytes of sizes) builder.add(leaf, bytes);
    const results = importer([{ content: streamOf() }], nowhere, {
      layout: balanced({ maxChildrenPerNode: 4 }),
      bufferImporter: async function* () {
        for (const bytes of sizes) {
          yield async () => ({ cid: leaf, size: BigInt(bytes), block: new Uint8Array(1) });
        }
      },
    });
    const [root] = await Array.fromAsync(results);
    expect(builder.finish().toString()).toBe(root?.cid.toString());
  });

  it('is that of valid protobuf for sizes from 2 to 4 GiB, where the importer errs', () => {
    // protons-runtime 7.1.2 writes a uint64 from 2^31 to 2^32 - 1 as a single truncated byte.
    const link = { cid: leafCid(patternBytes(1)), fileBytes: 2 ** 31, dagBytes: 2 ** 31 };
    const hex = Buffer.from(encodeFileNode([link])).toString('hex');
    const linkHex = `0a24${Buffer.from(link.cid.bytes).toString('hex')}1200188080808008`;
    const dataHex = '0802188080808008208080808008';
    expect(hex).toBe(`122e${linkHex}0a0e${dataHex}`);
  });

  it('refuses leaves that no file has', async () => {
    const leaf = leafCid(new Uint8Array(0));
    const withEmpty = new DagBuilder();
    withEmpty.add(leaf, 0);
    expect(() => withEmpty.add(leaf, 1)).toThrow('only leaf');
    const withFull = new DagBuilder();
    withFull.add(leaf, 1);
    expect(() => withFull.add(leaf, 0)).toThrow('only leaf');
    expect(() => new DagBuilder().add(leaf, -1)).toThrow('whole number');
    expect(() => new DagBuilder().add(leaf, 1.5)).toThrow('whole number');
    const tooBig = new DagBuilder();
    tooBig.add(leaf, Number.MAX_SAFE_INTEGER);
    expect(() => tooBig.add(leaf, 1)).toThrow('2^53');
    expect(() => new DagBuilder({ childrenPerNode: 1 })).toThrow('from 2');
  });
});

describe('a raw CID given as text', () => {
  const cid = leafCid(Buffer.from('hello'));

  it('is read when it is canonical', () => {
    expect(parseRawCid(cid.toString()).equals(cid)).toBe(true);
  });

  it('is refused in every other spelling, codec, version or shape', async () => {
    const text = cid.toString();
    const root = await rootCidOf(streamOf(patternBytes(CHUNK_BYTES + 1)));
    const refused = [
      '',
      text.toUpperCase(),
      `${text.slice(0, -1)}r`,
      `${text}a`,
      text.slice(0, -1),
      root.cid,
      'QmWATWQ7fVPP2EFGu71UkfnqhYXDYH566qy47CnJDgvs8u',
      '../../../../../../etc/passwd',
      `b${'/'.repeat(58)}`,
      `b${'.'.repeat(58)}`,
      `${text.slice(0, -1)}\0`,
    ];
    for (const bad of refused) {
      const attempt = (async () => parseRawCid(bad))();
      expect(await codeOf(attempt), bad).toBe('CID_INVALID');
    }
  });
});
