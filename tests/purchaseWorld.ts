import { existsSync } from 'node:fs';
import { cp, mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { dropTestBus, isOnNats } from '@anarq/bus/testing';
import { createClient, delegate, http, keys, uploadFile, type Client } from '@anarq/common-clients';
import { deriveKeys, generateSeed, openRootKey, toBase64url } from '@anarq/crypto';
import { genesisFrom } from '@anarq/kernel';
import { ledger } from '@anarq/ledger/contract';
import { KEYS_FOLDER_FILE, type NodeAddress } from '@anarq/node';
import { qdrive } from '@anarq/qdrive/contract';
import { qmarket } from '@anarq/qmarket/contract';
import { qonsent } from '@anarq/qonsent/contract';
import { qwallet } from '@anarq/qwallet/contract';
import { squid } from '@anarq/squid/contract';
import { copyTestStore, dropTestStore, isOnPostgres } from '@anarq/store/testing';
import { startNodeProcess } from '@anarq/testing';

/** A node's folder in which somebody offers a file and somebody else can pay for it. */
export interface PurchaseWorld {
  readonly folder: string;
  /** DID of the node. */
  readonly node: string;
  readonly listingId: string;
  readonly fileId: string;
  /** The seller's delegation to the market. */
  readonly grant: string;
  readonly seller: Party;
  readonly buyer: Party;
  readonly operatorSeed: Uint8Array;
}

export interface Party {
  readonly did: string;
  readonly seed: Uint8Array;
}

export const PRICE = '3';
export const FUNDS = '10';
export const UNIT = 'rUv';

const contracts = [squid, qdrive, qonsent, qmarket, qwallet, ledger];

const clients = new WeakMap<NodeAddress, WeakMap<Party, Client>>();

/** The client of somebody at a running node: one, so that its session is opened once. */
export function clientOf(address: NodeAddress, party: Party): Client {
  const known = clients.get(address) ?? new WeakMap<Party, Client>();
  clients.set(address, known);
  const { did, seed } = party;
  const client =
    known.get(party) ??
    createClient({
      contracts,
      transport: http({
        url: address.url,
        credentials: keys({ did, seed, nodeDid: address.node }),
      }),
    });
  known.set(party, client);
  return client;
}

export const foldersOf = (folder: string) => ({
  dataFolder: join(folder, 'data'),
  keysFolder: join(folder, 'keys'),
});

/** Founds the world on a node process and stops it again. */
export async function foundWorld(): Promise<PurchaseWorld> {
  const folder = await mkdtemp(join(tmpdir(), 'q-world-'));
  const node = await startNodeProcess(foldersOf(folder));
  try {
    return await peopled(node.address, folder);
  } finally {
    await node.stop();
  }
}

/** Brings a seller with an offer and a buyer with money into a running node. */
export async function peopled(address: NodeAddress, folder: string): Promise<PurchaseWorld> {
  const { seed } = await openRootKey({ file: join(folder, 'keys/operator.key'), create: false });
  const operator = clientOf(address, { did: address.operator, seed });
  const seller = await bringIn(operator, 'seller');
  const buyer = await bringIn(operator, 'buyer');
  await operator.call(qwallet.fund, { identity: buyer.did, amount: FUNDS, unit: UNIT });
  const offered = await offer({ address }, seller);
  return { folder, node: address.node, ...offered, seller, buyer, operatorSeed: seed };
}

export async function bringIn(operator: Client, name: string): Promise<Party> {
  const seed = generateSeed();
  const { document } = genesisFrom(seed, { kind: 'person', now_ms: Date.now() });
  const { did } = await operator.call(squid.create, {
    kind: 'person',
    name,
    document: JSON.parse(JSON.stringify(document)),
  });
  return { did, seed };
}

/** Uploads a file of somebody and lists it on the market; `consumable` may be bought again and again. */
export async function offer(
  node: { readonly address: NodeAddress },
  seller: Party,
  consumable = false,
) {
  const client = clientOf(node.address, seller);
  const content = new TextEncoder().encode('the content that is sold');
  const { fileId } = await uploadFile(client, once(content), {
    name: 'goods.txt',
    bytes: content.length,
  });
  const wellKnown = await fetch(`${node.address.url}/.well-known/q-node`);
  const { modules } = (await wellKnown.json()) as { modules: { name: string; did: string }[] };
  const market = modules.find(({ name }) => name === 'qmarket')?.did ?? '';
  const token = delegate({
    keys: deriveKeys(seller.seed, { index: 0 }),
    issuer: seller.did,
    audience: market,
    subject: seller.did,
    command: '/qdrive/get',
    policy: [['==', '.resource', `qdrive/file/${fileId}`]],
  });
  const { listingId } = await client.call(qmarket.list, {
    fileId,
    title: 'Goods',
    description: '',
    price: PRICE,
    unit: UNIT,
    shares: [{ identity: seller.did, weight: 1 }],
    tags: [],
    terms: { kind: 'use', consumable },
    delegation: toBase64url(token),
  });
  const { items } = await client.call(qonsent.list, {});
  const grant = items.find(({ audience }) => audience === market)?.grant ?? '';
  return { fileId, listingId, grant };
}

async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes;
}

/** The data folders of the processes of a node; each remembers where its keys lie. */
async function dataFoldersOf(folder: string): Promise<string[]> {
  const names = await readdir(folder);
  return names.filter((name) => existsSync(join(folder, name, KEYS_FOLDER_FILE)));
}

/** A copy of the world to break. */
export async function copyWorld(world: PurchaseWorld): Promise<PurchaseWorld> {
  const folder = await mkdtemp(join(tmpdir(), 'q-world-'));
  await cp(world.folder, folder, { recursive: true });
  if (isOnPostgres())
    for (const data of await dataFoldersOf(folder)) {
      // The copy is another node's folder, whose rows are a copy too.
      await rm(join(folder, data, 'store'), { force: true });
      await copyTestStore(join(world.folder, data), join(folder, data));
    }
  // A copy knows nothing of what another copy of its node told.
  if (isOnNats()) await dropTestBus(world.node);
  return { ...world, folder };
}

export async function removeWorld({ folder, node }: PurchaseWorld): Promise<void> {
  if (isOnPostgres())
    for (const data of await dataFoldersOf(folder)) await dropTestStore(join(folder, data));
  if (isOnNats()) await dropTestBus(node);
  await rm(folder, { recursive: true, force: true });
}

/** Every point that the kernel passes while the world's purchase is made. */
export async function pointsOf(
  world: PurchaseWorld,
  order: Pick<Parameters<typeof startNodeProcess>[0], 'revokeAt'> = {},
): Promise<string[]> {
  const copy = await copyWorld(world);
  const pointsFile = join(copy.folder, 'points');
  const node = await startNodeProcess({ ...foldersOf(copy.folder), ...order, pointsFile });
  try {
    await clientOf(node.address, copy.buyer).result(
      qmarket.purchase,
      { listingId: copy.listingId, maxPrice: PRICE, unit: UNIT },
      { idempotencyKey: 'the-purchase', retry: false },
    );
    const text = await readFile(pointsFile, 'utf8');
    // Files are swept when a node starts; a node killed there never comes to the purchase.
    const ofThePurchase = text.split('\n').filter((line) => line !== '' && !line.includes('sweep'));
    return [...new Set(ofThePurchase)];
  } finally {
    await node.stop();
    await removeWorld(copy);
  }
}
