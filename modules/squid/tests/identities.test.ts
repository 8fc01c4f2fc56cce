import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { deriveKeys, signHybrid, toBase64url, utf8 } from '@anarq/crypto';
import { actorOf, type Actor, type TestNode } from '@anarq/testing';
import { squid } from '../src/contract.ts';
import { codeOf, ownKeys, startNode } from './support.ts';

let node: TestNode;
let alice: Actor;
let mallory: Actor;

beforeAll(async () => {
  node = await startNode();
  alice = await node.person('Alice');
  mallory = await node.person('Mallory');
});
afterAll(() => node.close());

const anonymous = (operation: string, input: unknown) =>
  node.kernel.invoke({
    operation,
    input,
    surface: 'process',
    credential: { kind: 'anonymous' },
  });

describe('bringing a person in', () => {
  it('registers keys that stay with their owner, who can call at once', async () => {
    const { seed, did, document } = ownKeys('person');
    const created = await node.operator.call(squid.create, {
      kind: 'person',
      name: 'Bea',
      document,
    });
    expect(created).toMatchObject({ did, custody: 'self', controller: did, kind: 'person' });
    const bea = actorOf(() => node.kernel, { did, seed });
    await expect(bea.call(squid.activeContext, {})).resolves.toMatchObject({
      actor: did,
      subject: did,
      signedBy: 'self',
      tenant: node.kernel.node.tenant,
    });
  });

  it('puts somebody into another tenant, where nobody of the first is to be seen', async () => {
    const { seed, did, document } = ownKeys('person');
    await node.operator.call(squid.create, {
      kind: 'person',
      name: 'Far',
      document,
      tenant: 'far',
    });
    const far = actorOf(() => node.kernel, { did, seed });
    expect((await far.call(squid.activeContext, {})).tenant).toBe('far');
    expect(await codeOf(far.call(squid.get, { did: alice.did }))).toBe('QINDEX_NOT_FOUND');
    expect(await codeOf(alice.call(squid.get, { did }))).toBe('QINDEX_NOT_FOUND');
    await expect(far.call(squid.get, { did: node.kernel.node.did })).resolves.toMatchObject({
      kind: 'node',
    });
  });

  it('is for the operator only', async () => {
    const { document } = ownKeys('person');
    const input = { kind: 'person' as const, name: 'X', document };
    expect(await codeOf(alice.call(squid.create, input))).toBe('QONSENT_DENIED');
  });

  it('refuses a document that was changed, that is of another kind, or that exists', async () => {
    const { document } = ownKeys('person');
    const other = ownKeys('person').document;
    const forged = { ...document, state: { ...document.state, id: other.state.id } };
    const stolen = {
      ...document,
      state: { ...document.state, verificationMethod: other.state.verificationMethod },
    };
    const create = (doc: typeof document) =>
      codeOf(node.operator.call(squid.create, { kind: 'person', name: 'X', document: doc }));
    expect(await create(forged)).toBe('SQUID_IDENTITY_INVALID');
    expect(await create(stolen)).toBe('SQUID_IDENTITY_INVALID');
    expect(await create({ ...document, proof: other.proof })).toBe('SQUID_IDENTITY_INVALID');
    expect(await create(ownKeys('agent').document)).toBe('SQUID_IDENTITY_INVALID');
    expect(await create(document)).toBe('OK');
    expect(await create(document)).toBe('STATE_CONFLICT');
  });
});

describe('verifying an identity', () => {
  const said = toBase64url(utf8('I was here'));
  const signatureBy = (seed: Uint8Array, domain = 'q.message.v1') =>
    toBase64url(signHybrid(deriveKeys(seed, { index: 0 }), domain, utf8('I was here')));

  it('answers anybody about a known one, an unknown one and a document that proves itself', async () => {
    const { did, document } = ownKeys('person');
    const known = node.kernel.node.did;
    expect(await anonymous('squid.verify', { did: known })).toMatchObject({
      data: { valid: true, did: known, kind: 'node', reasons: [] },
    });
    expect(await anonymous('squid.verify', { did })).toMatchObject({
      data: { valid: false, reasons: ['the identity is not known to this node'] },
    });
    expect(await anonymous('squid.verify', { document })).toMatchObject({
      data: { valid: true, did, kind: 'person' },
    });
    expect(await anonymous('squid.verify', { did: alice.did, document })).toMatchObject({
      data: { valid: false },
    });
  });

  it('tells of a person only to its tenant, and to whoever shows its document', async () => {
    const { did } = alice;
    const unknown = { valid: false, did, reasons: ['the identity is not known to this node'] };
    const guest = await node.person('Curious', 'next-door');
    expect(await anonymous('squid.verify', { did })).toMatchObject({ data: unknown });
    expect(await guest.call(squid.verify, { did })).toEqual(unknown);
    expect((await mallory.call(squid.verify, { did })).valid).toBe(true);
    const { document } = await mallory.call(squid.get, { did });
    expect(await anonymous('squid.verify', { did, document })).toMatchObject({
      data: { valid: true, did, kind: 'person' },
    });
    const { did: house } = await alice.call(squid.createOrganisation, { name: 'Open house' });
    expect((await guest.call(squid.verify, { did: house })).valid).toBe(true);
  });

  it('takes a signature of the same keys over the same message in the same domain, and no other', async () => {
    const ask = async (over: Record<string, unknown>) => {
      const input = { did: alice.did, message: said, signature: signatureBy(alice.seed), ...over };
      return (await alice.call(squid.verify, input)).valid;
    };
    expect(await ask({})).toBe(true);
    expect(await ask({ signature: signatureBy(mallory.seed) })).toBe(false);
    expect(await ask({ message: toBase64url(utf8('I was not')) })).toBe(false);
    expect(await ask({ domain: 'q.call.v1' })).toBe(false);
    expect(await ask({ signature: 'AAAA' })).toBe(false);
  });

  it('refuses a question that names nobody, or a signature over nothing', async () => {
    expect(await codeOf(alice.call(squid.verify, {}))).toBe('INPUT_INVALID');
    const unsigned = { did: alice.did, message: said };
    expect(await codeOf(alice.call(squid.verify, unsigned))).toBe('INPUT_INVALID');
  });
});

describe('sub-identities', () => {
  it('act beside their root, whose they are for nobody else to see', async () => {
    const { seed, did, document } = ownKeys('person', alice.did);
    const sub = await alice.call(squid.createSub, { purpose: 'forum', document });
    expect(sub).toMatchObject({ did, custody: 'self', controller: alice.did });
    expect(await alice.call(squid.get, { did })).toMatchObject({
      name: 'forum',
      parent: alice.did,
    });
    const seen = await mallory.call(squid.get, { did });
    expect(seen).toMatchObject({ did, status: 'active' });
    for (const hidden of ['name', 'parent', 'controller', 'document', 'custody'])
      expect(seen).not.toHaveProperty(hidden);
    expect(JSON.stringify(seen)).not.toContain(alice.did);
    const self = actorOf(() => node.kernel, { did, seed });
    expect(await codeOf(self.call(squid.createSub, { purpose: 'deeper' }))).toBe('STATE_CONFLICT');
  });

  it('cannot be claimed by another root, nor hung on one that did not ask', async () => {
    const ofAlice = ownKeys('person', alice.did);
    const taken = { purpose: 'mine', document: ofAlice.document };
    expect(await codeOf(mallory.call(squid.createSub, taken))).toBe('SQUID_IDENTITY_INVALID');
    const free = { purpose: 'mine', document: ownKeys('person').document };
    expect(await codeOf(alice.call(squid.createSub, free))).toBe('SQUID_IDENTITY_INVALID');
  });

  it('are at most a hundred of one identity, also when asked for at once', async () => {
    const many = await node.person('Many');
    const make = (purpose: string) => codeOf(many.call(squid.createSub, { purpose }));
    expect(await make('first')).toBe('OK');
    // As if there were 98, without waiting for the limit of calls a minute.
    await node.store.commit([
      {
        sql: `WITH RECURSIVE more(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM more WHERE i < 97)
              INSERT INTO squid_sub (tenant, id, owner, version, created_ms, updated_ms, did)
              SELECT tenant, id || i, owner, version, created_ms, updated_ms, did || i
              FROM squid_sub, more WHERE owner = :did`,
        params: { did: many.did },
      },
    ]);
    await Promise.all(['a', 'b', 'c', 'd', 'e'].map(make));
    for (const purpose of ['f', 'g']) await make(purpose);
    expect(await make('one too many')).toBe('LIMIT_EXCEEDED');
    const [row] = await node.store.read(
      'SELECT count(*) AS n FROM kernel_identity WHERE parent = :did',
      { did: many.did },
    );
    expect(row?.['n']).toBe(3);
  });

  it('may have their keys kept by the node', async () => {
    const sub = await alice.call(squid.createSub, { purpose: 'shop' });
    expect(sub).toMatchObject({ custody: 'node', kind: 'person', controller: alice.did });
  });
});

describe('suspending', () => {
  it('stops an agent’s next call, and resuming lets it go on', async () => {
    const agent = await alice.call(squid.createAgent, { name: 'suspended one' });
    expect(await codeOf(mallory.call(squid.suspend, { did: agent.did }))).toBe('QONSENT_DENIED');
    await alice.call(squid.suspend, { did: agent.did });
    expect((await alice.call(squid.verify, { did: agent.did })).valid).toBe(false);
    await alice.call(squid.resume, { did: agent.did });
    expect((await alice.call(squid.verify, { did: agent.did })).valid).toBe(true);
  });

  it('lets the operator stop a person of any tenant, and nobody stop itself or the node', async () => {
    const guest = await node.person('Guest', 'elsewhere');
    expect((await guest.call(squid.activeContext, {})).actor).toBe(guest.did);
    await node.operator.call(squid.suspend, { did: guest.did });
    expect(await codeOf(guest.call(squid.activeContext, {}))).toBe('SQUID_IDENTITY_INVALID');
    await node.operator.call(squid.resume, { did: guest.did });
    expect(await codeOf(guest.call(squid.activeContext, {}))).toBe('OK');
    expect(await codeOf(guest.call(squid.suspend, { did: guest.did }))).toBe('STATE_CONFLICT');
    const { did, operator } = node.kernel.node;
    expect(await codeOf(node.operator.call(squid.suspend, { did: operator }))).toBe(
      'STATE_CONFLICT',
    );
    expect(await codeOf(node.operator.call(squid.suspend, { did }))).toBe('STATE_CONFLICT');
  });
});

describe('agents', () => {
  it('have names of their own in the tenant, and are listed to who controls them', async () => {
    const carol = await node.person('Carol');
    const first = await carol.call(squid.createAgent, { name: 'runner' });
    await carol.call(squid.createAgent, { name: 'walker' });
    expect(await codeOf(mallory.call(squid.createAgent, { name: 'runner' }))).toBe(
      'STATE_CONFLICT',
    );
    const names = [];
    let cursor: string | undefined;
    do {
      const page = await carol.call(squid.agents, { limit: 1, ...(cursor ? { cursor } : {}) });
      names.push(...page.items.map(({ name }) => name));
      cursor = page.next;
    } while (cursor !== undefined);
    expect(names.toSorted()).toEqual(['runner', 'walker']);
    const named = await carol.call(squid.agents, { name: 'runner' });
    expect(named.items.map(({ did }) => did)).toEqual([first.did]);
    expect((await mallory.call(squid.agents, { name: 'runner' })).items).toEqual([]);
    expect(await codeOf(carol.call(squid.agents, { cursor: '_' }))).toBe('INPUT_INVALID');
  });
});

describe('two who want the same name at once', () => {
  it('end with one agent, and one refusal that says why', async () => {
    const wanted = { name: 'only one' };
    const codes = await Promise.all(
      [alice, mallory].map((who) => codeOf(who.call(squid.createAgent, wanted))),
    );
    expect(codes.toSorted()).toEqual(['OK', 'STATE_CONFLICT']);
  });
});

describe('who am I', () => {
  it('is answered to anybody, and names what those who prove themselves hold', async () => {
    const { did } = await alice.call(squid.createOrganisation, { name: 'Context' });
    const context = await alice.call(squid.activeContext, {}, { subject: did });
    expect(context).toMatchObject({ actor: alice.did, root: alice.did, subject: did });
    expect(context.grants.map(({ subject }) => subject)).toContain(did);
    expect(await anonymous('squid.activeContext', {})).toMatchObject({
      data: { kind: 'anonymous', signedBy: 'nobody', grants: [] },
    });
    const claimed = mallory.call(squid.activeContext, {}, { subject: did });
    expect(await codeOf(claimed)).toBe('QONSENT_DENIED');
  });
});
