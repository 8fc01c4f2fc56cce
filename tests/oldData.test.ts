import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { createClient, downloadFile, http, keys } from '@anarq/common-clients';
import { fromBase64url } from '@anarq/crypto';
import { qdrive } from '@anarq/qdrive/contract';
import { qerberos } from '@anarq/qerberos/contract';
import { qmarket } from '@anarq/qmarket/contract';
import { qonsent } from '@anarq/qonsent/contract';
import { qwallet } from '@anarq/qwallet/contract';
import { squid } from '@anarq/squid/contract';
import { startNodeProcess, type NodeProcess } from '@anarq/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { foldersOf, UNIT } from './purchaseWorld.ts';

/**
 * Data of a node of the release before processes could wait: a seller and a buyer, a file that was
 * sold for 3 of the buyer's 10, an agent with a budget of 7, and a funding of 5 during which the node
 * was killed. Its keys were made for it and are of nobody.
 */
const PACKED = join(import.meta.dirname, 'fixtures/data-of-version-0.1.tar.gz');

interface Facts {
  readonly fileId: string;
  readonly licenseId: string;
  readonly listingId: string;
  readonly grant: string;
  readonly agent: string;
  readonly logKey: string;
  readonly people: Readonly<Record<'operator' | 'seller' | 'buyer', { did: string; seed: string }>>;
}

let folder: string;
let facts: Facts;
let node: NodeProcess;

const clientOf = (who: keyof Facts['people']) => {
  const { did, seed } = facts.people[who];
  return createClient({
    contracts: [squid, qdrive, qonsent, qmarket, qwallet, qerberos],
    transport: http({
      url: node.address.url,
      credentials: keys({ did, seed: fromBase64url(seed), nodeDid: node.address.node }),
    }),
  });
};

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'q-old-data-'));
  await promisify(execFile)('tar', ['-xzf', PACKED, '-C', folder]);
  facts = JSON.parse(await readFile(join(folder, 'facts.json'), 'utf8')) as Facts;
  node = await startNodeProcess(foldersOf(folder));
}, 240_000);

afterAll(async () => {
  await node.stop();
  await rm(folder, { recursive: true, force: true });
});

describe('data of the release before', () => {
  it('is opened by the node of today, which is still the same node with the same log', async () => {
    expect(node.complaints).toEqual([]);
    expect(node.address.logKey).toBe(facts.logKey);
    expect(node.address.operator).toBe(facts.people.operator.did);
    const status = await clientOf('operator').call(qerberos.logStatus, {});
    expect(status).toMatchObject({ ok: true, problems: [] });
  });

  it('holds the money that was there, and the funding that was interrupted came to its end once', async () => {
    const balances = async (who: keyof Facts['people']) =>
      (await clientOf(who).call(qwallet.accounts, {})).items.map((a) => `${a.available} ${a.unit}`);
    expect(await balances('buyer')).toEqual([`12 ${UNIT}`]);
    // The price, less the fee of the market.
    expect(await balances('seller')).toEqual([`2.925 ${UNIT}`]);
    const again = await clientOf('operator').result(
      qwallet.fund,
      { identity: facts.people.buyer.did, amount: '5', unit: UNIT },
      { idempotencyKey: 'interrupted' },
    );
    expect(again.code).toBe('SUCCESS');
    expect(await balances('buyer')).toEqual([`12 ${UNIT}`]);
  });

  it('holds the licence, the file and the budget', async () => {
    const buyer = clientOf('buyer');
    const opened = await downloadFile(clientOf('seller'), { fileId: facts.fileId });
    const pieces: Uint8Array[] = [];
    for await (const piece of opened.body) pieces.push(piece);
    expect(Buffer.concat(pieces).toString()).toBe('the content that is sold');
    const license = await buyer.call(qmarket.license, { licenseId: facts.licenseId });
    expect(JSON.stringify(license)).toContain(facts.listingId);
    const { budgets } = await buyer.call(qonsent.budget, { grant: facts.grant });
    expect(budgets[0]).toMatchObject({ unit: UNIT, total: '7', left: '7' });
  });

  it('takes new calls', async () => {
    const issued = await clientOf('buyer').call(squid.issueToken, {
      agent: facts.agent,
      grant: facts.grant,
    });
    expect(issued.token).not.toBe('');
    expect((await clientOf('seller').result(squid.createAgent, { name: 'new' })).code).toBe(
      'SUCCESS',
    );
  });
});
