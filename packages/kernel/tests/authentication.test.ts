import { randomUUID } from 'node:crypto';
import { API_VERSION, type Result } from '@anarq/common-schemas';
import { generateSeed, sha256Hex, signCall, deriveKeys, utf8 } from '@anarq/crypto';
import { startTestNode, type Actor, type TestNode } from '@anarq/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { genesisFrom, type Call } from '../src/index.ts';
import { Identities } from '../src/identities.ts';
import { lab, labModule } from './lab.ts';
import { agentOf, codeOf, grant, send, setStatus } from './support.ts';

let node: TestNode;
let other: TestNode;
let ana: Actor;

beforeAll(async () => {
  node = await startTestNode({ modules: [], extra: [labModule()] });
  other = await startTestNode({ modules: [], extra: [labModule()] });
  ana = await node.person('ana');
});
afterAll(async () => {
  await node.close();
  await other.close();
});

describe('a caller who proves nothing', () => {
  const anonymous = (operation: string): Promise<Result<unknown>> =>
    node.kernel.invoke({
      operation,
      input: {},
      surface: 'http',
      credential: { kind: 'anonymous' },
      idempotencyKey: randomUUID(),
    });

  it('may do what a contract opens to anybody', async () => {
    expect(await anonymous('lab.open')).toMatchObject({ data: { text: 'did:squid:anonymous' } });
  });

  it.each(['lab.work', 'lab.room', 'lab.admin', 'lab.run', 'lab.diary'])(
    'may not call %s',
    async (operation) => expect(codeOf(await anonymous(operation))).toBe('QLOCK_AUTH_FAIL'),
  );

  it('learns nothing about operations that do not exist', async () => {
    expect(codeOf(await anonymous('lab.nothing'))).toBe('OPERATION_UNKNOWN');
    expect(codeOf(await anonymous('__proto__'))).toBe('OPERATION_UNKNOWN');
  });
});

describe('a full signature', () => {
  const put = (id: string) => ({ id, text: 'x' });

  it('over exactly this call is accepted', async () => {
    expect(codeOf(await send(node, ana, lab.put, put('a1')))).toBe('SUCCESS');
  });

  it.each([
    ['operation', { operation: 'lab.set' }],
    ['version', { version: 'v0' }],
    ['input', { inputDigest: sha256Hex(utf8('{}')) }],
    ['idempotency key', { idempotencyKey: 'k-other' }],
    ['absent idempotency key', { idempotencyKey: undefined }],
    ['subject', { subject: 'did:squid:somebody' }],
    ['grant', { grant: 'bafyreibogus' }],
    ['time', { ts: '2026-01-01T00:00:00Z' }],
    ['identity', { identity: 'did:squid:other' }],
    ['sub-identity', { subId: 'did:squid:other' }],
  ])('over another %s than was sent is none', async (_, signed) => {
    const sent = { idempotencyKey: 'k1' };
    expect(codeOf(await send(node, ana, lab.put, put('a2'), { sent, signed }))).toBe(
      'SIGNATURE_INVALID',
    );
  });

  it('does not cover a subject, a grant or a key that was added on the way', async () => {
    const signed = { subject: undefined, grant: undefined, idempotencyKey: 'k2' };
    for (const sent of [{ subject: ana.did }, { grant: 'bafyreibogus' }, { idempotencyKey: 'k3' }])
      expect(
        codeOf(
          await send(node, ana, lab.put, put('a3'), {
            sent: { idempotencyKey: 'k2', ...sent },
            signed,
          }),
        ),
      ).toBe('SIGNATURE_INVALID');
  });

  it('for one node is none for another that knows the same identity', async () => {
    const { document } = genesisFrom(ana.seed, { kind: 'person', now_ms: 0 });
    const made = other.kernel.services.identities.prepareCreate({
      tenant: other.kernel.node.tenant,
      kind: 'person',
      name: 'ana',
      document,
      now_ms: 0,
    });
    await other.store.commit(made.statements);
    const who = { did: made.did, seed: ana.seed };
    expect(codeOf(await send(other, who, lab.put, put('a4')))).toBe('SUCCESS');
    const signed = { node: node.kernel.node.did };
    expect(codeOf(await send(other, who, lab.put, put('a5'), { signed }))).toBe(
      'SIGNATURE_INVALID',
    );
  });

  it('with the keys of somebody else, or of nobody known, is refused', async () => {
    const thief = { did: ana.did, seed: generateSeed() };
    expect(codeOf(await send(node, thief, lab.put, put('a6')))).toBe('SIGNATURE_INVALID');
    const stranger = { did: 'did:squid:nobody', seed: generateSeed() };
    expect(codeOf(await send(node, stranger, lab.put, put('a7')))).toBe('SQUID_IDENTITY_INVALID');
  });

  it('is good for five minutes, and thirty seconds ahead', async () => {
    const at = (ms: number) => ({ ts: new Date(Date.now() + ms).toISOString() });
    expect(codeOf(await send(node, ana, lab.open, {}, at(-290_000)))).toBe('SUCCESS');
    expect(codeOf(await send(node, ana, lab.list, {}, at(-290_000)))).toBe('SUCCESS');
    expect(codeOf(await send(node, ana, lab.list, {}, at(25_000)))).toBe('SUCCESS');
    const late = await send(node, ana, lab.list, {}, at(-301_000));
    expect(late).toMatchObject({
      code: 'TIME_EXPIRED',
      details: { serverTime: expect.any(String) },
    });
    expect(codeOf(await send(node, ana, lab.list, {}, at(31_000)))).toBe('TIME_IN_FUTURE');
    expect(codeOf(await send(node, ana, lab.post, {}, at(-301_000)))).toBe('TIME_EXPIRED');
  });

  it.each([
    '',
    'v1.',
    'v1.AAAA',
    'v2.AAAA',
    's1.only',
    's1.ses_x.AAAA',
    '💥',
    'v1.' + '='.repeat(4_498),
    'x'.repeat(100_000),
  ])('that is not readable is refused (%#)', async (signature) => {
    const credential: Call['credential'] = {
      kind: 'signature',
      identity: ana.did,
      ts: new Date().toISOString(),
      signature,
    };
    expect(codeOf(await send(node, ana, lab.list, {}, { credential }))).toBe('SIGNATURE_INVALID');
  });

  it('with a time that is none is refused', async () => {
    for (const ts of ['', 'yesterday', '2026-01-01', '2026-13-40T00:00:00Z']) {
      const credential: Call['credential'] = {
        kind: 'signature',
        identity: ana.did,
        ts,
        signature: `v1.${Buffer.alloc(3_373).toString('base64url')}`,
      };
      expect(codeOf(await send(node, ana, lab.list, {}, { credential }))).toBe('SIGNATURE_INVALID');
    }
  });
});

describe('a sub-identity', () => {
  const subOf = async (parent: string): Promise<{ did: string; seed: Uint8Array }> => {
    const seed = generateSeed();
    const { document } = genesisFrom(seed, { kind: 'person', controller: parent, now_ms: 0 });
    const made = node.kernel.services.identities.prepareCreate({
      tenant: node.kernel.node.tenant,
      kind: 'person',
      name: 'sub',
      parent,
      document,
      now_ms: 0,
    });
    await node.store.commit(made.statements);
    return { did: made.did, seed };
  };
  const asSub = (root: string, sub: { did: string; seed: Uint8Array }, subId = sub.did) => {
    const ts = new Date().toISOString();
    const fields = {
      node: node.kernel.node.did,
      identity: root,
      subId,
      operation: 'lab.room',
      version: API_VERSION,
      ts,
      inputDigest: sha256Hex(utf8('{}')),
    };
    const signature = signCall(deriveKeys(sub.seed, { index: 0 }), fields);
    const credential: Call['credential'] = {
      kind: 'signature',
      identity: root,
      subId,
      ts,
      signature,
    };
    return node.kernel.invoke({ operation: 'lab.room', input: {}, surface: 'http', credential });
  };

  it('acts as itself under its own keys', async () => {
    const sub = await subOf(ana.did);
    expect(await asSub(ana.did, sub)).toMatchObject({ data: { text: sub.did } });
  });

  it('of another root, of an unknown one, or signed by the root itself is refused', async () => {
    const ben = await node.person('ben');
    const sub = await subOf(ana.did);
    expect(codeOf(await asSub(ben.did, sub))).toBe('SQUID_IDENTITY_INVALID');
    expect(codeOf(await asSub('did:squid:nobody', sub))).toBe('SQUID_IDENTITY_INVALID');
    expect(codeOf(await asSub(ana.did, sub, 'did:squid:nobody'))).toBe('SQUID_IDENTITY_INVALID');
    expect(codeOf(await asSub(ana.did, { did: sub.did, seed: ana.seed }))).toBe(
      'SIGNATURE_INVALID',
    );
  });

  it('is stopped with its root, and by itself', async () => {
    const root = await node.person('root');
    const sub = await subOf(root.did);
    await setStatus(node, root.did, 'suspended');
    expect(codeOf(await asSub(root.did, sub))).toBe('SQUID_IDENTITY_INVALID');
    await setStatus(node, root.did, 'active');
    expect(codeOf(await asSub(root.did, sub))).toBe('SUCCESS');
    await setStatus(node, sub.did, 'suspended');
    expect(codeOf(await asSub(root.did, sub))).toBe('SQUID_IDENTITY_INVALID');
  });
});

describe('a suspension', () => {
  it('holds from the next call on, also against reads that were under way', async () => {
    const eve = await node.person('eve');
    expect(codeOf(await send(node, eve, lab.room, {}))).toBe('SUCCESS');
    const { identities } = node.kernel.services;
    const reads = Array.from({ length: 40 }, () =>
      identities.controlledBy(node.kernel.node.tenant, eve.did, { limit: 5 }),
    );
    const stop = setStatus(node, eve.did, 'suspended');
    await Promise.all([...reads, stop]);
    expect(codeOf(await send(node, eve, lab.room, {}))).toBe('SQUID_IDENTITY_INVALID');
    await node.restart();
    expect(codeOf(await send(node, eve, lab.room, {}))).toBe('SQUID_IDENTITY_INVALID');
    await setStatus(node, eve.did, 'active');
    expect(codeOf(await send(node, eve, lab.room, {}))).toBe('SUCCESS');
  });

  it('is not forgotten for a read that began before it', async () => {
    const eve = await node.person('eve 2');
    let open = () => {};
    const gate = new Promise<void>((resolve) => (open = resolve));
    let isSlow = true;
    let wasRead = () => {};
    const read = new Promise<void>((resolve) => (wasRead = resolve));
    const identities = new Identities(
      {
        ...node.store,
        read: async (sql, params) => {
          const rows = await node.store.read(sql, params);
          wasRead();
          if (isSlow) await gate;
          return rows;
        },
      },
      node.kernel.services.sealer,
      node.kernel.services.endings,
    );
    const early = identities.get(eve.did);
    await read;
    const { statements, activate } = identities.prepareStatus(eve.did, 'suspended');
    await node.store.commit(statements);
    activate();
    isSlow = false;
    open();
    expect((await early)?.status).toBe('active');
    expect((await identities.get(eve.did))?.status).toBe('suspended');
  });

  it('of whom one acts for stops those who act for it', async () => {
    const boss = await node.person('boss');
    const clerk = await node.person('clerk');
    const agent = await agentOf(node, boss);
    await grant(node, boss, clerk.did);
    const asBoss = () => clerk.result(lab.list, {}, { subject: boss.did });
    expect([codeOf(await asBoss()), codeOf(await agent.result(lab.list, {}))]).toEqual([
      'SUCCESS',
      'SUCCESS',
    ]);
    await setStatus(node, boss.did, 'suspended');
    expect([codeOf(await asBoss()), codeOf(await agent.result(lab.list, {}))]).toEqual([
      'QONSENT_DENIED',
      'QONSENT_DENIED',
    ]);
  });
});
