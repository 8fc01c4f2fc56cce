import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Client } from '@anarq/common-clients';
import { toBase64url } from '@anarq/crypto';
import { accountOf, hexOf, type Genesis } from '@anarq/dag';
import { node as nodeContract } from '@anarq/node-module/contract';
import { MemoryHub, Person } from '@anarq/validator/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ChainNode } from '../src/chain/chainNode.ts';
import { genesisText } from '../src/chain/genesisFile.ts';
import { openChain } from '../src/chain/openChain.ts';
import { chain } from '../src/contract.ts';
import {
  begun,
  carriedOut,
  chainOf,
  handIn,
  Holder,
  newHolder,
  pay,
  SETTINGS,
  shownBy,
  startChainWorld,
  type ChainWorld,
} from './world.ts';

const seedOf = (kind: number, at: number): Uint8Array =>
  new Uint8Array(32).map((_, index) => (index === 0 ? kind : index === 1 ? at : 5));
const hex = (bytes: Uint8Array): string => hexOf(bytes);

/** Four validators; the first of them is a whole node, which is called over HTTP. */
describe('a chain of four validators', () => {
  const hub = new MemoryHub();
  const authority = new Holder(seedOf(1, 0));
  const keys = [0, 1, 2, 3].map((at) => new Person(seedOf(2, at)));
  const later = new Person(seedOf(2, 4));
  const genesis: Genesis = {
    name: 'four',
    time_ms: Date.now() - 1_000,
    validators: keys.map(({ publicKey }) => publicKey),
    authority: authority.accountId,
    treasury: accountOf(later.publicKey),
    fee_min: 1n,
    accounts: [{ id: authority.accountId, balance: 1_000_000n, publicKey: authority.publicKey }],
  };
  const network = ({ publicKey }: { readonly publicKey: string }) =>
    Promise.resolve(hub.join(publicKey));
  const ana = newHolder();
  let root: string;
  let world: ChainWorld;
  let client: Client;
  const others: ChainNode[] = [];

  /** A folder of the chain with a key of its own. */
  async function folderOf(at: number): Promise<string> {
    const folder = await mkdtemp(join(root, `node-${at}-`));
    await writeFile(join(folder, 'genesis.json'), genesisText(genesis));
    await writeFile(join(folder, 'validator.key'), `${hex(seedOf(2, at))}\n`);
    await writeFile(join(folder, 'authority.key'), `${hex(seedOf(1, 0))}\n`);
    return folder;
  }

  beforeAll(async () => {
    root = await mkdtemp(join(tmpdir(), 'q-four-'));
    for (const at of [1, 2, 3])
      others.push(
        await openChain(
          { folder: await folderOf(at), settings: SETTINGS, network },
          {
            seed: () => seedOf(9, 9),
            now_ms: Date.now,
            onError: (error) => {
              throw error;
            },
          },
        ),
      );
    world = await startChainWorld({ folder: await folderOf(0), network });
    client = world.client(await world.node.person('ana'));
    await carriedOut(client, authority, pay(ana, '10000'));
    await client.call(chain.waitFor, { transactionId: await begun(client, ana) });
  });
  afterAll(async () => {
    for (const other of others) await other.close();
    await world.close();
    await rm(root, { recursive: true, force: true });
  });

  it('takes a payment through all states, and three of four signatures prove it', async () => {
    const ben = newHolder();
    const ended = await carriedOut(client, ana, pay(ben, '7'));
    expect(ended).toMatchObject({
      state: 'Finalized',
      faultModel: { name: 'dag-bft', validators: 4, faultsMax: 1 },
    });
    expect(Object.keys(ended.seenAt ?? {}).toSorted()).toEqual(
      [
        'Signed',
        'Broadcast',
        'Validating',
        'Voting',
        'Confirming',
        'Confirmed',
        'Finalized',
      ].toSorted(),
    );
    const { transactionId } = ended;
    const { proof, checkpoint } = await client.call(chain.proveTransaction, { transactionId });
    const status = await client.call(chain.status, {});
    const first = { chainId: status.chainId, validators: genesis.validators.map(hex) };
    expect(shownBy(proof, first)).toMatchObject({
      holds: true,
      receipt: { id: transactionId, code: 'OK' },
    });
    const certificate = await client.call(chain.certificate, { checkpoint });
    expect(certificate.signatures).toBeGreaterThanOrEqual(3);
    // The same stands in the histories of all others.
    for (const other of others)
      await expect
        .poll(async () => (await other.archive.transaction(transactionId))?.receipt.code)
        .toBe('OK');
  });

  it('lets a transaction expire that was cut off from the others until its time was over', async () => {
    const ben = newHolder();
    const own = chainOf(world).network.publicKey;
    hub.cutOff(own);
    const notAfter = new Date(Date.now() + 1_000).toISOString();
    const [transactionId = ''] = await handIn(client, ana, pay(ben, '5'), { notAfter });
    const [other] = others;
    await expect
      .poll(() => (other?.validator.chain().finalized.time_ms ?? 0) > Date.parse(notAfter))
      .toBe(true);
    hub.heal();
    const ended = await client.call(chain.waitFor, { transactionId });
    expect(ended.state).toBe('Expired');
    const { accountId } = ben;
    await expect(client.call(chain.account, { accountId })).rejects.toMatchObject({
      code: 'QINDEX_NOT_FOUND',
    });
  });

  it('changes its validators at the end of an epoch, and tells everybody of the tenant', async () => {
    const watcher = await world.node.person('watcher');
    const { epoch } = await client.call(chain.status, {});
    const publicKeys = [...keys.slice(0, 3), later].map(({ publicKey }) => toBase64url(publicKey));
    // The fifth is there before it is named.
    others.push(
      await openChain(
        { folder: await folderOf(4), settings: SETTINGS, network },
        { seed: () => seedOf(9, 9), now_ms: Date.now, onError: () => undefined },
      ),
    );
    const named = await carriedOut(client, authority, [{ kind: 'setValidators', publicKeys }]);
    expect(named.state).toBe('Finalized');
    await expect
      .poll(async () => (await client.call(chain.status, {})).epoch)
      .toBeGreaterThan(epoch);
    expect((await client.call(chain.status, {})).validators).toContain(later.publicKeyHex);
    // What is proved now leads over the end of the epoch.
    const ben = newHolder();
    const { transactionId, state } = await carriedOut(client, ana, pay(ben, '9'));
    expect(state).toBe('Finalized');
    const { proof } = await client.call(chain.proveTransaction, { transactionId });
    const { chainId } = await client.call(chain.status, {});
    const first = { chainId, validators: genesis.validators.map(hex) };
    expect(shownBy(proof, first)).toMatchObject({
      holds: true,
      checkpoint: { epoch: epoch + 1 },
      receipt: { id: transactionId },
    });
    const told = async () => {
      const { items } = await watcher.call(nodeContract.readEvents, {
        topics: ['q.chain.network.*'],
      });
      return items;
    };
    await expect.poll(async () => (await told()).length).toBeGreaterThan(0);
    expect((await told())[0]).toMatchObject({ data: { epoch: epoch + 1, validators: 4 } });
  });
});
