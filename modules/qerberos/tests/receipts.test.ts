import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { fromBase64url } from '@anarq/crypto';
import { verifyReceipt } from '@anarq/log';
import { squid } from '@anarq/squid/contract';
import { leafHash, verifyConsistency, verifyInclusion } from '@anarq/tlog';
import type { Actor, TestNode } from '@anarq/testing';
import { CID } from 'multiformats/cid';
import { qerberos } from '../src/contract.ts';
import { RECEIPT_BYTES_MAX } from '../src/models.ts';
import { codeOf, startNode } from './support.ts';

let node: TestNode;
let alice: Actor;
let mallory: Actor;
let founding: string;

beforeAll(async () => {
  node = await startNode();
  alice = await node.person('Alice');
  mallory = await node.person('Mallory');
  founding = (await alice.result(squid.createOrganisation, { name: 'Co' })).cid!;
});
afterAll(() => node.close());

const anonymous = async (operation: string, input: unknown) => {
  const answer = await node.kernel.invoke({
    operation,
    input,
    surface: 'process',
    credential: { kind: 'anonymous' },
  });
  if (answer.status === 'error') throw new Error(`${answer.code}: ${answer.message}`);
  return answer.data as never;
};

interface Shown {
  readonly size: number;
  readonly rootHashHex: string;
}
const rootOf = ({ rootHashHex }: Shown) => Uint8Array.from(Buffer.from(rootHashHex, 'hex'));

describe('a receipt', () => {
  it('of a process holds its steps, and verifies without the node', async () => {
    const { receipt } = await alice.call(qerberos.receipt, { cid: founding });
    const verdict = verifyReceipt(JSON.parse(JSON.stringify(receipt)), {
      trust: node.kernel.logKeys.trust,
    });
    expect(verdict).toMatchObject({ ok: true, signer: 'trusted' });
    expect(verdict.records.map(({ body }) => body?.['op'])).toEqual(
      expect.arrayContaining([
        'squid.createOrganisation',
        'squid.registerOrganisation',
        'squid.addMember',
      ]),
    );
  });

  it('is verified for any identity of the tenant, with and without a pinned key', async () => {
    const { receipt } = await alice.call(qerberos.receipt, { cid: founding });
    const { trust, ed25519, mldsa44 } = node.kernel.logKeys;
    const ask = (input: object) => mallory.call(qerberos.verifyReceipt, { receipt, ...input });
    expect(await ask({})).toMatchObject({ ok: true, signer: 'not trusted' });
    expect(await ask({ trust })).toMatchObject({ ok: true, signer: 'trusted' });
    expect(await ask({ trust: `${ed25519},${mldsa44}` })).toMatchObject({
      postQuantumKey: 'pinned',
    });
    expect(await ask({ trust: `${trust}x` })).toMatchObject({ ok: false, records: [] });
    expect(await mallory.call(qerberos.verifyReceipt, { receipt: null })).toMatchObject({
      ok: false,
    });
    await expect(anonymous('qerberos.verifyReceipt', { receipt })).rejects.toThrow(
      'QLOCK_AUTH_FAIL',
    );
  });

  it('is never larger than what a call that verifies it may bring', () => {
    const { bodyBytes } = qerberos.verifyReceipt.limits;
    expect(bodyBytes).toBe(1_048_576);
    const trust = 'x'.repeat(8_193);
    const around = JSON.stringify({ receipt: null, trust }).length;
    expect(RECEIPT_BYTES_MAX + around).toBeLessThanOrEqual(bodyBytes);
  });

  it('is not verified once any one character of it is another', async () => {
    const { receipt } = await alice.call(qerberos.receipt, { cid: founding });
    const text = JSON.stringify(receipt);
    const isGood = async (changed: string) => {
      let parsed: unknown;
      try {
        parsed = JSON.parse(changed);
      } catch {
        return false;
      }
      if (JSON.stringify(parsed) === text) return false;
      const { ok } = await alice.call(qerberos.verifyReceipt, {
        receipt: parsed as never,
        trust: node.kernel.logKeys.trust,
      });
      return ok;
    };
    await fc.assert(
      fc.asyncProperty(
        fc.nat({ max: text.length - 1 }),
        fc.constantFrom('A', 'b', '7', '-'),
        async (at, letter) => {
          expect(await isGood(text.slice(0, at) + letter + text.slice(at + 1))).toBe(false);
        },
      ),
      { numRuns: 25 },
    );
  });

  it('is given only to those whom the record concerns', async () => {
    expect(await codeOf(mallory.call(qerberos.receipt, { cid: founding }))).toBe(
      'QINDEX_NOT_FOUND',
    );
    const onBehalf = mallory.call(qerberos.receipt, { cid: founding }, { subject: alice.did });
    expect(await codeOf(onBehalf)).toBe('QONSENT_DENIED');
  });
});

describe('proofs', () => {
  it('are made for records of the log only', async () => {
    const other = 'bafkreigh2akiscaildcqabsyg3dfr6chu3fgpregiymsck7e7aqa4s52zy';
    expect(await codeOf(alice.call(qerberos.inclusion, { cid: other }))).toBe('QINDEX_NOT_FOUND');
    const noRecord = 'bafyreigh2akiscaildcqabsyg3dfr6chu3fgpregiymsck7e7aqa4s52zy';
    expect(await codeOf(alice.call(qerberos.inclusion, { cid: noRecord }))).toBe('INPUT_INVALID');
  });

  it('show that a record is in the signed tree', async () => {
    const found = await mallory.call(qerberos.inclusion, { cid: founding });
    const { leafIndex, proof, checkpoint } = found;
    const hashes = proof.map(fromBase64url);
    const leaf = leafHash(CID.parse(founding).bytes);
    const root = rootOf(checkpoint);
    expect(verifyInclusion(leafIndex, checkpoint.size, leaf, hashes, root)).toBe(true);
    expect(verifyInclusion(leafIndex + 1, checkpoint.size, leaf, hashes, root)).toBe(false);
  });

  it('show that the tree only grew', async () => {
    const integrated = async () => {
      await node.kernel.services.log.integrate();
      return (await anonymous('qerberos.checkpoint', {})) as Shown;
    };
    const before = await integrated();
    await alice.call(squid.createAgent, { name: 'grown' });
    const after = await integrated();
    expect(after.size).toBeGreaterThan(before.size);
    const { proof } = (await anonymous('qerberos.consistency', {
      from: before.size,
      to: after.size,
    })) as { proof: string[] };
    const hashes = proof.map(fromBase64url);
    const holds = (root: Uint8Array) =>
      verifyConsistency(before.size, after.size, root, rootOf(after), hashes);
    expect(holds(rootOf(before))).toBe(true);
    expect(holds(rootOf(after))).toBe(false);
    const ask = (from: number, to: number) =>
      codeOf(alice.call(qerberos.consistency, { from, to }));
    expect(await ask(2, 1)).toBe('INPUT_INVALID');
    expect(await ask(1, 1_000_000)).toBe('INPUT_INVALID');
  });
});

describe('the checkpoint', () => {
  it('is signed by the keys that the node names', async () => {
    const shown = await alice.call(qerberos.checkpoint, {});
    expect(shown.vkeys).toEqual({
      ed25519: node.kernel.logKeys.ed25519,
      mldsa44: node.kernel.logKeys.mldsa44,
    });
    expect(shown.note.split('\n')[0]).toBe(shown.origin);
    expect(shown.note.split('\n')[1]).toBe(String(shown.size));
  });
});

describe('the state of the log', () => {
  it('is the operator’s to ask', async () => {
    expect(await codeOf(alice.call(qerberos.logStatus, {}))).toBe('QONSENT_DENIED');
    const status = await node.operator.call(qerberos.logStatus, {});
    expect(status).toMatchObject({ ok: true, problems: [] });
    expect(status.size).toBeGreaterThan(0);
  });

  it('shows a record that was changed behind the node’s back', async () => {
    await node.kernel.services.log.integrate();
    await node.store.commit([
      {
        sql: "UPDATE log_record SET sealed = x'00' WHERE cid = :cid",
        params: { cid: founding },
      },
    ]);
    const status = await node.operator.call(qerberos.logStatus, {});
    expect(status.ok).toBe(false);
    expect(status.problems.join()).toMatch(/other bytes/);
  });
});
