import { generateKeyPairSync, sign } from 'node:crypto';
import { leafHash, nodesOfLeaves, SIGNATURE_TYPE, treeRoot, vkeyOf } from '@anarq/tlog';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  AccountTree,
  eventLeaf,
  EventTree,
  positionLeaf,
  signCheckpoint,
  verifyBalanceProof,
  verifyTransferProof,
  type BalanceProof,
  type TransferProof,
} from '../src/index.ts';

const { privateKey } = generateKeyPairSync('ml-dsa-44');
const vkey = vkeyOf('ledger.example/books', SIGNATURE_TYPE.mldsa44Cosignature, privateKey);
const signer = { vkey, sign: (message: Uint8Array) => sign(null, message, privateKey) };

const recordOf = (number: number): Uint8Array => {
  const record = new Uint8Array(128);
  new DataView(record.buffer).setUint32(0, number, true);
  return record;
};
const leavesOf = (from: number, to: number): Uint8Array[] =>
  Array.from({ length: to - from }, (_, index) =>
    eventLeaf(from + index, (from + index) % 3, recordOf(from + index)),
  );

describe('the tree of events', () => {
  it('has the root of RFC 6962 at every size, though it keeps blocks only', () => {
    const tree = new EventTree();
    const hashes: Uint8Array[] = [];
    const differing: number[] = [];
    for (const leaf of leavesOf(0, 1_500)) {
      tree.append(leaf);
      hashes.push(leafHash(leaf));
      if (hashes.length % 97 !== 0 && hashes.length % 256 > 1) continue;
      const root = treeRoot(hashes.length, nodesOfLeaves(hashes));
      if (!Buffer.from(root).equals(tree.root())) differing.push(hashes.length);
    }
    expect(differing).toEqual([]);
  });

  it('goes on from what was kept of it, at any size, and proves as before', () => {
    fc.assert(
      fc.property(fc.nat(1_400), fc.nat(300), (before, more) => {
        const tree = new EventTree();
        for (const leaf of leavesOf(0, before)) tree.append(leaf);
        // Within other bytes, as it lies in a file.
        const file = new Uint8Array([1, 2, 3, ...tree.bytes(), 9]);
        const again = EventTree.restore(file.subarray(3, -1));
        expect([again.size, again.root()]).toEqual([before, tree.root()]);
        for (const leaf of leavesOf(before, before + more)) {
          tree.append(leaf);
          again.append(leaf);
        }
        expect(again.root()).toEqual(tree.root());
        const size = before + more;
        if (size > 0)
          expect(again.prove(before % size, size, leavesOf)).toEqual(
            tree.prove(before % size, size, leavesOf),
          );
        expect(() => EventTree.restore(file.subarray(3))).toThrow(RangeError);
        expect(() => EventTree.restore(file.subarray(3, 6))).toThrow(RangeError);
      }),
      { numRuns: 30 },
    );
  });

  it('proves every event to a client that has the public key alone, and nothing else', () => {
    const tree = new EventTree();
    for (const leaf of leavesOf(0, 1_000)) tree.append(leaf);
    const position = { events: 1_000, transfersRoot: tree.root(), timestamp: 5n };
    const accounts = new AccountTree();
    accounts.update(new Map([[0, positionLeaf(position)]]));
    const { transfers: note } = signCheckpoint(
      signer,
      { position, accountsSize: 1, accountsRoot: accounts.root() },
      1_800_000_000,
    );
    // The log goes on; what was signed stays provable.
    for (const leaf of leavesOf(1_000, 1_700)) tree.append(leaf);
    const proofOf = (ordinal: number): TransferProof => ({
      note,
      ordinal,
      result: ordinal % 3,
      record: recordOf(ordinal),
      hashes: tree.prove(ordinal, 1_000, leavesOf),
    });
    fc.assert(
      fc.property(fc.nat(999), (ordinal) => {
        const proof = proofOf(ordinal);
        expect(verifyTransferProof(proof, vkey)).toBe(true);
        expect(verifyTransferProof({ ...proof, result: proof.result + 1 }, vkey)).toBe(false);
        expect(verifyTransferProof({ ...proof, record: recordOf(ordinal + 1) }, vkey)).toBe(false);
        expect(verifyTransferProof({ ...proof, ordinal: (ordinal + 1) % 1_000 }, vkey)).toBe(false);
        expect(verifyTransferProof({ ...proof, hashes: proof.hashes.slice(1) }, vkey)).toBe(false);
      }),
      { numRuns: 50 },
    );
    const other = generateKeyPairSync('ml-dsa-44').privateKey;
    const stranger = vkeyOf('ledger.example/books', SIGNATURE_TYPE.mldsa44Cosignature, other);
    expect(verifyTransferProof(proofOf(3), stranger)).toBe(false);
    expect(verifyTransferProof({ ...proofOf(3), note: note.replace('1000', '1001') }, vkey)).toBe(
      false,
    );
  });
});

describe('the tree of accounts', () => {
  it('has the root of RFC 6962 however its leaves came and changed', () => {
    fc.assert(
      fc.property(
        fc.array(fc.array(fc.tuple(fc.nat(80), fc.nat(1_000)), { maxLength: 12 }), {
          maxLength: 12,
        }),
        (rounds) => {
          const tree = new AccountTree();
          const leaves: Uint8Array[] = [];
          for (const round of rounds) {
            const changes = new Map<number, Uint8Array>();
            for (const [index, value] of round) {
              // Accounts come one after another.
              const place = Math.min(index, leaves.length);
              leaves[place] = recordOf(value);
              changes.set(place, recordOf(value));
            }
            tree.update(changes);
            expect(tree.root()).toEqual(
              treeRoot(leaves.length, nodesOfLeaves(leaves.map(leafHash))),
            );
          }
        },
      ),
    );
  });

  it('proves a balance at a position of the books, and no other balance or position', () => {
    const position = { events: 7, transfersRoot: new Uint8Array(32).fill(3), timestamp: 9n };
    const tree = new AccountTree();
    const leaves = [positionLeaf(position), ...Array.from({ length: 11 }, (_, at) => recordOf(at))];
    tree.update(new Map(leaves.entries()));
    const { accounts: note } = signCheckpoint(
      signer,
      { position, accountsSize: tree.size, accountsRoot: tree.root() },
      1_800_000_000,
    );
    const proof: BalanceProof = {
      note,
      position,
      positionHashes: tree.prove(0),
      leaf: 5,
      record: recordOf(4),
      hashes: tree.prove(5),
    };
    expect(verifyBalanceProof(proof, vkey)).toBe(true);
    expect(verifyBalanceProof({ ...proof, record: recordOf(5) }, vkey)).toBe(false);
    expect(verifyBalanceProof({ ...proof, leaf: 6 }, vkey)).toBe(false);
    expect(verifyBalanceProof({ ...proof, position: { ...position, events: 8 } }, vkey)).toBe(
      false,
    );
    expect(verifyBalanceProof({ ...proof, note: 'no note' }, vkey)).toBe(false);
  });
});
