import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  decodeBlock,
  decodeCertificate,
  decodeEntry,
  decodeEvidence,
  decodeOrder,
  decodeProof,
  decodeReceipt,
  decodeState,
  encodeBlock,
  encodeEvidence,
  encodeOrder,
  encodeState,
  Malformed,
  sealedBlock,
} from '../src/index.ts';
import {
  ana,
  ben,
  chainId,
  entryBytes,
  executed,
  keys,
  TIME_MS,
  transactionOf,
  transfer,
  validators,
} from './chain.ts';

const unsealed = {
  epoch: 2,
  round: 7,
  author: 1,
  parents: [0, 1, 2].map((author) => ({ round: 6, author, digest: 'ab'.repeat(32) })),
  weakParents: [{ round: 3, author: 3, digest: 'cd'.repeat(32) }],
  entries: [
    entryBytes(
      ana,
      transactionOf(ana, 1n, transfer(ben, 5n)),
      transactionOf(ana, 2n, transfer(ben, 6n)),
    ),
  ],
  evidence: [],
  time_ms: TIME_MS,
};
const block = sealedBlock(chainId, unsealed, new Uint8Array(32).fill(9));
const other = sealedBlock(chainId, { ...unsealed, time_ms: TIME_MS + 1 }, new Uint8Array(32));

const decoders: [string, (bytes: Uint8Array) => unknown, Uint8Array][] = [
  ['block', (bytes) => decodeBlock(chainId, bytes), encodeBlock(block)],
  ['entry', (bytes) => decodeEntry(chainId, bytes), unsealed.entries[0]!],
  ['evidence', (bytes) => decodeEvidence(chainId, bytes), encodeEvidence(block, other)],
  ['state', decodeState, encodeState(executed.state)],
  ['order', decodeOrder, encodeOrder(executed)],
  ['certificate', decodeCertificate, new Uint8Array(300)],
  ['proof', decodeProof, new Uint8Array(300)],
  ['receipt', decodeReceipt, new Uint8Array(82)],
];

/** Whether bytes are read, or refused as they should be. */
function readsOrRefuses(decode: (bytes: Uint8Array) => unknown, bytes: Uint8Array): boolean {
  try {
    decode(bytes);
    return true;
  } catch (error) {
    return error instanceof Malformed;
  }
}

describe('bytes', () => {
  it('of a block come back as the block, under the same digest', () => {
    expect(decodeBlock(chainId, encodeBlock(block))).toEqual(block);
    expect(decodeBlock(validators[0]!, encodeBlock(block)).ref.digest).not.toBe(block.ref.digest);
  });

  it.each(decoders)(
    'of a %s that were changed are read or refused, and nothing else',
    (_, decode, bytes) => {
      for (let length = 0; length < Math.min(bytes.length, 400); length += 1)
        expect(readsOrRefuses(decode, bytes.subarray(0, length))).toBe(true);
      expect(readsOrRefuses(decode, Uint8Array.from([...bytes, 0]))).toBe(true);
      const change = fc.array(fc.tuple(fc.nat(), fc.nat({ max: 255 })), {
        minLength: 1,
        maxLength: 6,
      });
      fc.assert(
        fc.property(change, (changes) => {
          const changed = Uint8Array.from(bytes);
          for (const [at, value] of changes) changed[at % changed.length] = value;
          expect(readsOrRefuses(decode, changed)).toBe(true);
        }),
        { numRuns: 300, seed: 11 },
      );
      fc.assert(
        fc.property(fc.uint8Array({ maxLength: 200 }), (noise) => readsOrRefuses(decode, noise)),
        { numRuns: 200, seed: 12 },
      );
    },
  );

  it('of a block are all covered by its digest', () => {
    const bytes = encodeBlock(block);
    for (let at = 0; at < bytes.length - 40; at += 1) {
      const changed = Uint8Array.from(bytes);
      changed[at]! ^= 1;
      let digest: string | undefined;
      try {
        digest = decodeBlock(chainId, changed).ref.digest;
      } catch (error) {
        expect(error).toBeInstanceOf(Malformed);
      }
      expect(digest).not.toBe(block.ref.digest);
    }
  });

  it('that name more than there is are refused before memory is taken', () => {
    const huge = Uint8Array.from(encodeBlock(block));
    new DataView(huge.buffer).setUint32(0, 0xffff_ffff);
    expect(() => decodeBlock(chainId, huge)).toThrow(Malformed);
  });
});

describe('evidence', () => {
  it('is two blocks of one author and round, and no less', () => {
    const evidence = decodeEvidence(chainId, encodeEvidence(block, other));
    expect(evidence).toMatchObject({ epoch: 2, round: 7, author: 1 });
    expect(() => decodeEvidence(chainId, encodeEvidence(block, block))).toThrow('alike');
    const elsewhere = sealedBlock(chainId, { ...unsealed, round: 8 }, keys.make('x'));
    expect(() => decodeEvidence(chainId, encodeEvidence(block, elsewhere))).toThrow(
      'one author and round',
    );
  });
});
