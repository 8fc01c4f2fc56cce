import { createSealer, deriveLogKeys } from '@anarq/crypto';
import { describe, expect, it } from 'vitest';
import { openLog, verifyReceipt } from '../src/index.ts';
import type { Receipt } from '../src/index.ts';
import { openRecord, sealRecord } from '../src/sealedRecord.ts';
import { ALICE, body, BOB, folder, NOW_MS, open, record, storeIn } from './support.ts';

describe('a receipt', () => {
  it('holds a record and its steps, and verifies with nothing else', async () => {
    const node = await open(folder());
    const root = await record(node, body({ id: 'root', op: 'qmarket.purchase' }));
    const hold = await record(node, body({ parent: root, op: 'qwallet.reserve' }));
    const deep = await record(node, body({ parent: hold, op: 'qwallet.hold' }));
    const byId = await record(node, body({ parent: 'root', op: 'qonsent.grant' }));
    await record(node, body({ parent: 'another' }));
    await record(node, body({ parent: root, tenant: 'other' }));

    const receipt = await node.log.receipt(root, ALICE);
    expect(receipt.records.map(({ cid }) => cid)).toEqual([root, hold, byId, deep]);
    const verdict = verifyReceipt(JSON.parse(JSON.stringify(receipt)), { trust: node.log.trust });
    expect(verdict).toMatchObject({
      ok: true,
      signer: 'trusted',
      postQuantumKey: 'carried in the receipt',
      origin: 'node.example/log',
      size: 6,
      signedAt: '2030-01-02T03:04:05.000Z',
      problems: [],
    });
    expect(verdict.records.map((each) => each.body?.['op'])).toEqual([
      'qmarket.purchase',
      'qwallet.reserve',
      'qonsent.grant',
      'qwallet.hold',
    ]);
    expect(verdict.at).toBe(verdict.records[0]?.body?.['at']);
  });

  it('says "not trusted" without a pinned key, and fails with another one', async () => {
    const node = await open(folder());
    const receipt = await node.log.receipt(await record(node, body()), ALICE);
    const { ed25519, mldsa44 } = node.log.vkeys;
    expect(verifyReceipt(receipt)).toMatchObject({ ok: true, signer: 'not trusted' });
    expect(verifyReceipt(receipt, { trust: `${ed25519},${mldsa44}` })).toMatchObject({
      ok: true,
      signer: 'trusted',
      postQuantumKey: 'pinned',
    });
    for (const trust of ['', mldsa44, `${ed25519},`, `${mldsa44},${ed25519}`, `${ed25519}x`]) {
      const verdict = verifyReceipt(receipt, { trust });
      expect(verdict).toMatchObject({ ok: false, signer: 'not trusted', records: [] });
    }
  });

  it('keeps steps of other parties sealed, and proves them all the same', async () => {
    const node = await open(folder());
    const root = await record(node, body(), [ALICE, BOB]);
    await record(node, body({ parent: root }), [BOB]);
    const receipt = await node.log.receipt(root, ALICE);
    expect(receipt.records.map(({ key }) => key === undefined)).toEqual([false, true]);
    const verdict = verifyReceipt(receipt);
    expect(verdict.ok).toBe(true);
    expect(verdict.records[1]?.body).toBeNull();
    expect(verdict.doesNotProve.join()).toContain('sealed to other parties');
    await expect(node.log.receipt(root, 'did:example:eve')).rejects.toMatchObject({
      code: 'NOT_FOUND',
    });
  });

  it('of a record committed a moment ago is whole', async () => {
    const node = await open(folder());
    const cids = await Promise.all(Array.from({ length: 20 }, () => record(node, body())));
    const receipts = await Promise.all(cids.map((cid) => node.log.receipt(cid, ALICE)));
    for (const receipt of receipts) expect(verifyReceipt(receipt).problems).toEqual([]);
  });

  it('with any one byte changed fails, or says the very same', async () => {
    const node = await open(folder());
    const root = await record(node, body());
    await record(node, body({ parent: root }), [BOB]);
    const json = Buffer.from(JSON.stringify(await node.log.receipt(root, ALICE)));
    const genuine = verifyReceipt(JSON.parse(String(json)));
    expect(genuine.ok).toBe(true);

    const passed: number[] = [];
    for (let at = 0; at < json.length; at++) {
      const changed = Buffer.from(json);
      changed[at] = (changed[at] ?? 0) ^ ([0x01, 0x02, 0x20, 0x80][at % 4] ?? 1);
      const verdict = verifyReceipt(parsed(String(changed)));
      if (!verdict.ok) continue;
      expect(verdict).toEqual(genuine);
      passed.push(at);
    }
    // Every field of the format is bound by a hash or a signature, so that not even one passes.
    expect(passed).toEqual([]);
  });

  it('made of parts of others is refused', async () => {
    const node = await open(folder());
    const one = await node.log.receipt(await record(node, body()), ALICE);
    const two = await node.log.receipt(await record(node, body()), ALICE);
    const [first, second] = [one.records[0], two.records[0]];
    if (first === undefined || second === undefined) throw new Error('no records');
    const forged: Record<string, unknown> = {
      'another root': { ...two, root: one.root },
      'an older checkpoint': { ...two, checkpoint: one.checkpoint },
      'another key': { ...two, records: [{ ...second, key: first.key }] },
      'no key': { ...two, records: [{ ...second, key: undefined }] },
      'a stranger as step': { ...two, records: [second, { ...first }] },
      'a record twice': { ...two, records: [second, second] },
      'a field more': { ...two, note: 'x' },
      'a field less': { type: two.type, root: two.root, records: two.records, log: two.log },
      'no records': { ...two, records: [] },
      'too many records': { ...two, records: Array.from({ length: 300 }, () => second) },
      'another origin': { ...two, log: { ...two.log, origin: 'evil.example' } },
      'swapped keys': {
        ...two,
        log: { ...two.log, ed25519: two.log.mldsa44, mldsa44: two.log.ed25519 },
      },
      'a list': [two],
      nothing: null,
    };
    for (const [name, value] of Object.entries(forged)) {
      const verdict = verifyReceipt(value);
      expect(verdict.ok, name).toBe(false);
      expect(verdict.problems, name).not.toEqual([]);
      expect(verdict.records, name).toEqual([]);
    }
  });

  it('of another log does not pass for one of this log, whatever name it takes', async () => {
    const node = await open(folder());
    const store = await storeIn(folder());
    const seed = new Uint8Array(64).fill(8);
    const sealer = createSealer({ seed });
    const origin = 'node.example/log';
    const options = { store, sealer, origin, keys: deriveLogKeys(seed), now_ms: () => NOW_MS };
    const log = await openLog(options);
    const evil: Receipt = await log.receipt(await record({ store, log }, body()), ALICE);
    expect(verifyReceipt(evil)).toMatchObject({ ok: true, signer: 'not trusted' });
    expect(verifyReceipt(evil, { trust: node.log.trust }).ok).toBe(false);
    const dressed = { ...evil, log: { origin, ...node.log.vkeys } };
    expect(verifyReceipt(dressed).ok).toBe(false);
  });
});

describe('a sealed record', () => {
  it('opens with its own key only, also where the cipher alone would not notice', () => {
    const one = sealRecord({ a: 1 });
    const two = sealRecord({ a: 1 });
    expect(openRecord(one.sealed, one.key)).toEqual({ a: 1 });
    expect(() => openRecord(one.sealed, two.key)).toThrow(/commits to/);
    // The rest of a record under the commitment of another: the key fits the commitment, not the rest.
    const mixed = Buffer.concat([two.sealed.subarray(0, 32), one.sealed.subarray(32)]);
    expect(() => openRecord(new Uint8Array(mixed), two.key)).toThrow(/does not open/);
    expect(() => openRecord(new Uint8Array(mixed), one.key)).toThrow(/commits to/);
  });
});

function parsed(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch {
    return undefined;
  }
}
