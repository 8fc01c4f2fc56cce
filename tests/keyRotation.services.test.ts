import { readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { bearer, createClient, downloadFile, http, keys } from '@anarq/common-clients';
import { epochOf, openRootKey } from '@anarq/crypto';
import { verifyReceipt } from '@anarq/log';
import { keyStoresOf } from '@anarq/node';
import { qdrive } from '@anarq/qdrive/contract';
import { qerberos } from '@anarq/qerberos/contract';
import { qmarket } from '@anarq/qmarket/contract';
import { squid } from '@anarq/squid/contract';
import { killWhileStarting, startNodeProcess, type NodeProcess } from '@anarq/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { buy, look, outcomeOf } from './purchaseKills.ts';
import { foldersOf, foundWorld, removeWorld, type PurchaseWorld } from './purchaseWorld.ts';
import { q } from './qCommand.ts';

const PASSPHRASE = 'twelve or more characters';
/** Columns that hold sealed bytes; the byte in front says which root key opens them. */
const SEALED = [
  ['kernel_identity', 'sealed_seed'],
  ['kernel_identity', 'name_sealed'],
  ['kernel_replay', 'result_sealed'],
  ['kernel_process', 'admission_sealed'],
  ['kernel_step', 'result_sealed'],
  ['log_key', 'wrapped'],
  ['qdrive_file', 'key_sealed'],
  ['qdrive_file', 'name'],
] as const;

let world: PurchaseWorld;
let node: NodeProcess;
let token: string;
const receipts: string[] = [];
const logKeys: string[] = [];
const folders = () => foldersOf(world.folder);
const at = () => ['--data', folders().dataFolder, '--keys', folders().keysFolder];

const asSeller = () =>
  createClient({
    contracts: [squid, qdrive, qerberos],
    transport: http({
      url: node.address.url,
      credentials: keys({ ...world.seller, nodeDid: node.address.node }),
    }),
  });
const json = async (...args: string[]) => {
  const ended = await q(...args, '--json');
  if (ended.code !== 0) throw new Error(ended.stdout + ended.stderr);
  return JSON.parse(ended.stdout) as Record<string, unknown>;
};
const codeOf = async (...args: string[]) => {
  const { code, stdout, stderr } = await q(...args, '--json');
  if (code === 0) return 'SUCCESS';
  return /[A-Z]+(_[A-Z]+)+/.exec(stdout + stderr)?.[0];
};
const byAgent = async () =>
  (
    await createClient({
      contracts: [qmarket],
      transport: http({ url: node.address.url, credentials: bearer(token) }),
    }).result(qmarket.search, {})
  ).code;
/** Under which root keys the values of a column stand. */
const keysIn = ([table, column]: readonly [string, string]): number[] => {
  const db = new DatabaseSync(join(folders().dataFolder, 'node.sqlite'), { readOnly: true });
  const rows = db
    .prepare(`SELECT ${column} AS value FROM ${table} WHERE ${column} IS NOT NULL`)
    .all();
  db.close();
  return [...new Set(rows.map(({ value }) => (value as Uint8Array)[0] ?? 0))];
};
const content = async (): Promise<string> => {
  const pieces: Uint8Array[] = [];
  for await (const piece of (await downloadFile(asSeller(), { fileId: world.fileId })).body)
    pieces.push(piece);
  return Buffer.concat(pieces).toString();
};
const takeReceipt = async (): Promise<void> => {
  const { items } = await asSeller().call(qerberos.search, { op: 'qmarket.list' });
  const { receipt } = await asSeller().call(qerberos.receipt, { cid: items[0]?.cid ?? '' });
  const file = join(world.folder, `receipt-${receipts.length}.json`);
  await writeFile(file, JSON.stringify(receipt));
  receipts.push(file);
  logKeys.push(node.address.logKey);
};
const verdict = async (receipt: number, key: number) =>
  verifyReceipt(JSON.parse(await readFile(receipts[receipt] ?? '', 'utf8')), {
    trust: logKeys[key] ?? '',
  });
/** All that was sealed follows the root key in force. */
const followed = async (): Promise<void> => {
  const { keysFolder } = folders();
  for (;;) {
    const key = await openRootKey({ file: join(keysFolder, 'root.key'), create: false });
    const stores = await keyStoresOf(keysFolder);
    if (stores.every(({ sealed }) => sealed === epochOf(key))) return;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
};

beforeAll(async () => {
  world = await foundWorld();
  node = await startNodeProcess(folders());
  const { dataFolder } = folders();
  await json(
    ...'agent add helper --budget 5rUv --per-call 1rUv --until 2h --allow qmarket.search'.split(
      ' ',
    ),
    '--data',
    dataFolder,
  );
  token = (await q('agent', 'token', 'helper', '--data', dataFolder)).stdout.trim();
  await takeReceipt();
  await json('backup', join(world.folder, 'before'), ...at(), '--with-keys', ...(await sealing()));
  await node.stop();
}, 240_000);

afterAll(async () => {
  await node.stop();
  await removeWorld(world);
});

const sealing = async (): Promise<string[]> => {
  const file = join(world.folder, 'passphrase');
  await writeFile(file, PASSPHRASE);
  return ['--passphrase-file', file];
};

describe('another root key', { timeout: 240_000 }, () => {
  it('is refused while the node runs', async () => {
    node = await startNodeProcess({
      ...folders(),
      killAt: 'after-step qmarket.purchase hold',
    });
    expect(await codeOf('keys', 'rotate', ...at())).toBe('STATE_CONFLICT');
    // The purchase stops after it holds the money; its steps stand on a capability of the first key.
    await buy(node, world, false);
    expect(await node.exited).toBe('SIGKILL');
  });

  it('lets a purchase under way end once, and what was sealed be read, wherever a start was killed', async () => {
    expect(await json('keys', 'rotate', ...at())).toMatchObject({ inForce: 2, stolen: false });
    for (const after_ms of [400, 1_200]) await killWhileStarting(folders(), after_ms);
    node = await startNodeProcess(folders());
    expect(outcomeOf(await look(node, world))).toBe('bought');
    expect(await content()).toBe('the content that is sold');
    expect(await byAgent()).toBe('SUCCESS');
    expect((await asOperator().call(qerberos.logStatus, {})).ok).toBe(true);
    expect(node.complaints).toEqual([]);
  });

  it('has all that the first one sealed follow it', async () => {
    await followed();
    for (const place of SEALED)
      expect([place.join('.'), ...keysIn(place)]).toEqual([place.join('.'), 2]);
    expect((await readdir(folders().keysFolder)).filter((name) => name.endsWith('.tmp'))).toEqual(
      [],
    );
  });

  it('keeps names unique that were taken under the first one', async () => {
    const again = await asOperator().result(squid.createAgent, { name: 'helper' });
    expect(again.status).toBe('error');
    const { items } = await asOperator().call(squid.agents, { limit: 200 });
    expect(items.filter(({ name }) => name === 'helper')).toHaveLength(1);
  });

  it('signs receipts that verify with its own log key, and with the one that handed over', async () => {
    await takeReceipt();
    expect(logKeys[1]).not.toBe(logKeys[0]);
    expect(await verdict(0, 0)).toMatchObject({ ok: true, signer: 'trusted' });
    expect(await verdict(1, 1)).toMatchObject({ ok: true, signer: 'trusted' });
    const handedOver = await verdict(1, 0);
    expect(handedOver).toMatchObject({ ok: true, signer: 'trusted' });
    expect(handedOver.proves.join()).toContain('handed the log over');
    // What the old key signed is not vouched for by the new one.
    expect((await verdict(0, 1)).ok).toBe(false);
  });

  it('is in the log, and the first one is forgotten when nothing needs it', async () => {
    const { items } = await asOperator().call(qerberos.search, { op: 'node.rotateRootKey' });
    expect(items).toHaveLength(1);
    await node.stop();
    expect(await json('keys', 'forget', ...at())).toMatchObject({ forgotten: 1 });
    node = await startNodeProcess(folders());
    expect(await content()).toBe('the content that is sold');
    expect(await byAgent()).toBe('SUCCESS');
    expect(outcomeOf(await look(node, world))).toBe('bought');
    const { items: again } = await asOperator().call(squid.agents, { limit: 200 });
    expect(again.map(({ name }) => name)).toContain('helper');
    await takeReceipt();
    expect(await verdict(2, 0)).toMatchObject({ ok: true, signer: 'trusted' });
    const status = await asOperator().call(qerberos.logStatus, {});
    expect(status).toMatchObject({ ok: true, problems: [] });
  });

  it('after a theft ends sessions and tokens', async () => {
    await node.stop();
    expect(await json('keys', 'rotate', '--stolen', ...at())).toMatchObject({ inForce: 3 });
    // Nothing follows it yet: the second one cannot go, nor a fourth come.
    expect(await codeOf('keys', 'forget', ...at())).toBe('STATE_CONFLICT');
    expect(await codeOf('keys', 'rotate', ...at())).toBe('STATE_CONFLICT');
    node = await startNodeProcess(folders());
    expect(await byAgent()).not.toBe('SUCCESS');
    expect(await content()).toBe('the content that is sold');
    await takeReceipt();
    expect(await verdict(3, 0)).toMatchObject({ ok: true, signer: 'trusted' });
  });
});

describe('lost keys', { timeout: 240_000 }, () => {
  it('stop the node before it does anything, and come back out of a backup made since the last change', async () => {
    await json('backup', join(world.folder, 'since'), ...at(), '--with-keys', ...(await sealing()));
    await followed();
    await node.stop();
    expect(
      await codeOf('keys', 'recover', join(world.folder, 'since'), ...at(), ...(await sealing())),
    ).toBe('STATE_CONFLICT');
    await rm(folders().keysFolder, { recursive: true });
    await expect(startNodeProcess(folders())).rejects.toThrow('no root key');
    const before = ['keys', 'recover', join(world.folder, 'before'), ...at()];
    expect(await codeOf(...before, ...(await sealing()))).toBe('DECRYPTION_FAILED');
    await json('keys', 'recover', join(world.folder, 'since'), ...at(), ...(await sealing()));
    node = await startNodeProcess(folders());
    expect(await content()).toBe('the content that is sold');
    expect((await asOperator().call(qerberos.logStatus, {})).ok).toBe(true);
  });
});

const asOperator = () =>
  createClient({
    contracts: [squid, qerberos],
    transport: http({
      url: node.address.url,
      credentials: keys({
        did: node.address.operator,
        seed: world.operatorSeed,
        nodeDid: node.address.node,
      }),
    }),
  });
