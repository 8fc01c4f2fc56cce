import { join } from 'node:path';
import { deriveKeys, ephemeralKem, generateSeed, toBase64url } from '@anarq/crypto';
import { genesisFrom } from '@anarq/kernel';
import { startNode } from '@anarq/node';
import { answerOrders, argumentOf } from '../measuring/child.ts';
import itemsModule, { itemIdOf, NOTE, TITLE } from './items.ts';
import type { Caller } from './load.ts';

const GROWN_AT_ONCE = 2_000;
const SEALED = new Uint8Array(300);

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
// Of an earlier benchmark on the same folder, whose owner's keys are gone.
await store.commit([
  { sql: 'DELETE FROM bench_item' },
  { sql: "DELETE FROM kernel_resource WHERE resource LIKE 'bench/item/%'" },
]);
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

/** Fills the store with what other people left there over the years; nobody in the benchmark uses it. */
async function grow(from: number, to: number): Promise<void> {
  const now_ms = Date.now();
  const token = grants.sign(
    { issuer: owner.did, audience: owner.did, subject: owner.did, command: '/bench' },
    deriveKeys(owner.seed, { index: 0 }),
  );
  for (let first = from; first < to; first += GROWN_AT_ONCE) {
    const numbers = Array.from(
      { length: Math.min(GROWN_AT_ONCE, to - first) },
      (_, n) => first + n,
    );
    await store.commit(numbers.flatMap((n) => [grantOf(n, token, now_ms), replayOf(n, now_ms)]));
    await store.commit(numbers.flatMap((n) => recordOf(n, now_ms)));
    await kernel.services.log.integrate();
  }
}

const grantOf = (n: number, token: Uint8Array, now_ms: number) => ({
  sql: `INSERT INTO kernel_grant (cid, tenant, token, proof, issuer, audience, subject, command, purpose, exp_s, created_ms)
        VALUES (:cid, :tenant, :token, NULL, :giver, :holder, :giver, '/bench', 'growth', NULL, :now_ms)`,
  params: {
    cid: `bafyreigrowth${n}`,
    tenant,
    token,
    giver: `did:squid:giver${n}`,
    holder: `did:squid:holder${n % 100_000}`,
    now_ms,
  },
});

const replayOf = (n: number, now_ms: number) => ({
  sql: `INSERT INTO kernel_replay (tenant, identity, operation, key, fingerprint, result_sealed, created_ms, expires_ms)
        VALUES (:tenant, :identity, 'bench.add', :key, 'f', :result, :now_ms, NULL)`,
  params: {
    tenant,
    identity: `did:squid:holder${n % 100_000}`,
    key: `growth ${n}`,
    result: SEALED,
    now_ms,
  },
});

const recordOf = (n: number, now_ms: number) =>
  kernel.services.log.recorder.prepare(
    {
      at: new Date(now_ms).toISOString(),
      tenant,
      op: 'bench.add',
      code: 'SUCCESS',
      id: `growth ${n}`,
    },
    [`did:squid:holder${n % 100_000}`],
  ).statements;

type Order =
  | { readonly kind: 'describe' }
  | { readonly kind: 'grow'; readonly from: number; readonly to: number };

answerOrders<Order>(
  async (order) =>
    order.kind === 'grow' ? grow(order.from, order.to) : { url: node.url, callers },
  () => node.close(),
);
