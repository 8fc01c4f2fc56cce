import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createClient, http, keys } from '@anarq/common-clients';
import { verifyReceipt, type Receipt } from '@anarq/log';
import { qerberos } from '@anarq/qerberos/contract';
import { qmarket } from '@anarq/qmarket/contract';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startApart, type NodeApart } from './apartWorld.ts';
import {
  clientOf,
  peopled,
  PRICE,
  removeWorld,
  UNIT,
  type PurchaseWorld,
} from './purchaseWorld.ts';
import { q } from './qCommand.ts';

/** The contract says JSON; what it is, the verifier finds out. */
const readReceipt = (json: unknown): Receipt => JSON.parse(JSON.stringify(json)) as Receipt;

describe('the receipt of a purchase whose money is kept in another process', () => {
  let node: NodeApart;
  let world: PurchaseWorld;
  let folder: string;
  let receipt: Receipt;
  let record: string;
  let missing: readonly string[] | undefined;

  const audit = () => {
    const { url, node: nodeDid } = node.front.address;
    const { did, seed } = world.buyer;
    return createClient({
      contracts: [qerberos],
      transport: http({ url, credentials: keys({ did, seed, nodeDid }) }),
    });
  };

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'q-receipt-'));
    node = await startApart();
    world = await peopled(node.front.address, node.folder);
    await clientOf(node.front.address, world.buyer).call(
      qmarket.purchase,
      { listingId: world.listingId, maxPrice: PRICE, unit: UNIT },
      { idempotencyKey: 'the-purchase' },
    );
    const { items } = await audit().call(qerberos.search, { op: 'qmarket.purchase' });
    // The admission: what its steps, and its outcome, name as their parent.
    record = items.find(({ body }) => (body as { kind?: string }).kind === 'admission')?.cid ?? '';
    const made = await audit().call(qerberos.receipt, { cid: record });
    missing = made.missing;
    receipt = readReceipt(made.receipt);
  }, 240_000);
  afterAll(async () => {
    await node.stop();
    await removeWorld(world);
    await rm(folder, { recursive: true, force: true });
  });

  it('holds the records of both, linked, each in the tree that its own process signed', () => {
    const { front, money } = node;
    expect(missing).toBeUndefined();
    const verdict = verifyReceipt(receipt, { trust: front.address.logKey });
    expect(verdict).toMatchObject({ ok: true, signer: 'trusted', problems: [] });
    const [other] = verdict.others ?? [];
    expect(other?.origin).toBe(money.address.logKey.split('+')[0]);
    const opsIn = (origin: string | undefined) =>
      verdict.records.filter((one) => one.origin === origin).map(({ body }) => body?.['op']);
    expect(opsIn(undefined)).toContain('qmarket.purchase');
    expect(opsIn(other?.origin)).toEqual(
      expect.arrayContaining(['qwallet.reserve', 'qwallet.capture']),
    );
  });

  it('verifies from a file with q verify, and not with one byte of the other log changed', async () => {
    const file = join(folder, 'receipt.json');
    await writeFile(file, JSON.stringify(receipt));
    const { logKey } = node.front.address;
    const good = await q('verify', file, '--trust', logKey, '--json');
    expect(good.code).toBe(0);
    expect(JSON.parse(good.stdout)).toMatchObject({ ok: true, signer: 'trusted' });
    const changed = JSON.parse(JSON.stringify(receipt)) as {
      others: { records: { sealed: string }[] }[];
    };
    const one = changed.others[0]?.records[0];
    if (one === undefined) throw new Error('there is no record of the other log');
    const bytes = Buffer.from(one.sealed, 'base64url');
    bytes[bytes.length >> 1] = (bytes[bytes.length >> 1] ?? 0) ^ 1;
    one.sealed = bytes.toString('base64url');
    await writeFile(file, JSON.stringify(changed));
    expect((await q('verify', file, '--trust', logKey, '--json')).code).toBe(1);
  });

  it('does not verify with the tree of a node that keeps other keys', async () => {
    const stranger = await startApart();
    try {
      const theirs = await peopled(stranger.front.address, stranger.folder);
      const client = clientOf(stranger.front.address, theirs.buyer);
      await client.call(qmarket.purchase, {
        listingId: theirs.listingId,
        maxPrice: PRICE,
        unit: UNIT,
      });
      const { url, node: nodeDid } = stranger.front.address;
      const { did, seed } = theirs.buyer;
      const reader = createClient({
        contracts: [qerberos],
        transport: http({ url, credentials: keys({ did, seed, nodeDid }) }),
      });
      const { items } = await reader.call(qerberos.search, { op: 'qmarket.purchase' });
      const cid = items.find(({ body }) => (body as { kind?: string }).kind === 'admission')?.cid;
      const made = await reader.call(qerberos.receipt, { cid: cid ?? '' });
      const foreign = readReceipt(made.receipt);
      const mixed = { ...receipt, others: foreign.others };
      const verdict = verifyReceipt(mixed, { trust: node.front.address.logKey });
      expect(verdict).toMatchObject({ ok: false, records: [] });
      expect(verdict.problems.join()).toContain('is not one of a process of the node of');
      await removeWorld(theirs);
    } finally {
      await stranger.stop();
    }
  }, 240_000);

  it('says which module could not be asked, and is of the own log then', async () => {
    await node.money.kill();
    const made = await audit().call(qerberos.receipt, { cid: record });
    expect(made.missing).toEqual(['qwallet']);
    const verdict = verifyReceipt(made.receipt, { trust: node.front.address.logKey });
    expect(verdict).toMatchObject({ ok: true, signer: 'trusted' });
    expect(verdict).not.toHaveProperty('others');
    await node.startMoney();
  }, 120_000);
});
