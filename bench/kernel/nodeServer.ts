import { join } from 'node:path';
import { deriveKeys, ephemeralKem, generateSeed, toBase64url } from '@anarq/crypto';
import { genesisFrom } from '@anarq/kernel';
import { startNode } from '@anarq/node';
import { answerOrders, argumentOf } from '../measuring/child.ts';
import itemsModule, { itemIdOf, NOTE, TITLE } from './items.ts';
import type { Caller } from './load.ts';

/** A whole node with the module of the benchmark, and people who may use one owner's rows. */
const {
  folder,
  rows,
  callers: count,
} = argumentOf<{ folder: string; rows: number; callers: number }>();
const node = await startNode({
  dataFolder: join(folder, 'data'),
  keysFolder: join(folder, 'keys'),
  version: '0.0.0-bench',
  port: 0,
  extra: [itemsModule],
  onError: (error, where) => process.stderr.write(`${where}: ${String(error)}\n`),
});
const { store, kernel } = node;
const { identities, sessions, grants } = kernel.services;
const { tenant } = kernel.node;

async function person(name: string): Promise<{ did: string; seed: Uint8Array }> {
  const seed = generateSeed();
  const now_ms = Date.now();
  const { document } = genesisFrom(seed, { kind: 'person', now_ms });
  const made = identities.prepareCreate({ tenant, kind: 'person', name, document, now_ms });
  await store.commit(made.statements);
  return { did: made.did, seed };
}

const owner = await person('owner');
for (let n = 0; n < rows; n++)
  await store.commit([
    {
      sql: `INSERT INTO bench_item (tenant, id, owner, version, created_ms, updated_ms, title, note)
            VALUES (:tenant, :id, :owner, 1, :now_ms, :now_ms, :title, :note)`,
      params: {
        tenant,
        id: itemIdOf(n),
        owner: owner.did,
        now_ms: Date.now(),
        title: TITLE,
        note: NOTE,
      },
    },
    {
      sql: 'INSERT INTO kernel_resource (tenant, resource, owner) VALUES (:tenant, :resource, :owner)',
      params: { tenant, resource: `bench/item/${itemIdOf(n)}`, owner: owner.did },
    },
  ]);

/** A person with a session, and a grant of the owner's for everything the module does. */
async function caller(n: number): Promise<Caller> {
  const { did, seed } = await person(`caller ${n}`);
  const kem = ephemeralKem();
  const opened = sessions.prepareOpen({
    tenant,
    identity: did,
    subId: undefined,
    kem: { x25519: kem.publicKeys.x25519, mlkem768: kem.publicKeys.mlkem768 },
    now_ms: Date.now(),
  });
  const token = grants.sign(
    {
      issuer: owner.did,
      audience: did,
      subject: owner.did,
      command: '/bench',
      exp_s: Math.floor(Date.now() / 1000) + 86_400,
    },
    deriveKeys(owner.seed, { index: 0 }),
  );
  const registered = await grants.prepareRegister({
    token,
    tenant,
    purpose: 'benchmark',
    now_ms: Date.now(),
  });
  await store.commit([...opened.statements, ...registered.statements]);
  registered.activate();
  return {
    node: kernel.node.did,
    did,
    owner: owner.did,
    seed: toBase64url(seed),
    sessionId: opened.session.id,
    sessionKey: toBase64url(opened.session.key),
  };
}

const callers: Caller[] = [];
for (let n = 0; n < count; n++) callers.push(await caller(n));

answerOrders(
  async () => ({ url: node.url, callers }),
  () => node.close(),
);
