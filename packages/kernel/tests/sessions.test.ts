import { randomUUID } from 'node:crypto';
import { API_VERSION } from '@anarq/common-schemas';
import { canonicalJson, ephemeralKem, macCall, sha256Hex, utf8 } from '@anarq/crypto';
import { startTestNode, type Actor, type TestNode } from '@anarq/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { SESSION_CONTEXT } from '../src/index.ts';
import { lab, labModule } from './lab.ts';
import { agentOf, codeOf, custodial, grant, revoke, setStatus, token } from './support.ts';

let node: TestNode;
let other: TestNode;
let ana: Actor;
const input = { id: 'x', text: 'x' };

beforeAll(async () => {
  node = await startTestNode({ modules: [], extra: [labModule()] });
  other = await startTestNode({ modules: [], extra: [labModule()] });
  ana = await node.person('ana');
});
afterAll(async () => {
  await node.close();
  await other.close();
});

describe('a session', () => {
  const openSession = async (who: string, now_ms = Date.now()) => {
    const kem = ephemeralKem();
    const { session, ciphertext, statements } = node.kernel.services.sessions.prepareOpen({
      tenant: node.kernel.node.tenant,
      identity: who,
      subId: undefined,
      kem: kem.publicKeys,
      now_ms,
    });
    await node.store.commit(statements);
    return { id: session.id, key: kem.decapsulate(ciphertext, SESSION_CONTEXT) };
  };
  const call = (
    who: string,
    session: { id: string; key: Uint8Array },
    operation = 'lab.room',
    value: unknown = {},
    signedInput: unknown = value,
  ) => {
    const ts = new Date().toISOString();
    const idempotencyKey = randomUUID();
    const fields = {
      node: node.kernel.node.did,
      identity: who,
      operation,
      version: API_VERSION,
      idempotencyKey,
      ts,
      inputDigest: sha256Hex(utf8(canonicalJson(signedInput))),
    };
    const signature = macCall(session.key, session.id, fields);
    return node.kernel.invoke({
      operation,
      input: value,
      surface: 'http',
      credential: { kind: 'signature', identity: who, ts, signature },
      idempotencyKey,
    });
  };

  it('binds each call with the key that only its owner could open', async () => {
    const session = await openSession(ana.did);
    expect(codeOf(await call(ana.did, session))).toBe('SUCCESS');
    expect(codeOf(await call(ana.did, session, 'lab.put', input, { ...input, text: 'y' }))).toBe(
      'SIGNATURE_INVALID',
    );
    expect(codeOf(await call(ana.did, { ...session, key: new Uint8Array(32) }))).toBe(
      'SIGNATURE_INVALID',
    );
  });

  it('of somebody else does not open a call', async () => {
    const ben = await node.person('ben2');
    const session = await openSession(ana.did);
    expect(codeOf(await call(ben.did, session))).toBe('SIGNATURE_INVALID');
  });

  it('is not enough where a full signature is asked', async () => {
    const session = await openSession(ana.did);
    const paid = await call(ana.did, session, 'lab.pay', { amount: '1', unit: 'EUR' });
    expect(codeOf(paid)).toBe('QLOCK_AUTH_FAIL');
  });

  it('that is unknown or over is told as such', async () => {
    const over = await openSession(ana.did, Date.now() - 3_600_001);
    expect(codeOf(await call(ana.did, over))).toBe('SESSION_EXPIRED');
    const unknown = { id: 'ses_unknown', key: new Uint8Array(32) };
    expect(codeOf(await call(ana.did, unknown))).toBe('SESSION_EXPIRED');
  });

  it('ends with the suspension of its owner, and outlives a restart', async () => {
    const kim = await node.person('kim');
    const session = await openSession(kim.did);
    await node.restart();
    expect(codeOf(await call(kim.did, session))).toBe('SUCCESS');
    await setStatus(node, kim.did, 'suspended');
    expect(codeOf(await call(kim.did, session))).toBe('SQUID_IDENTITY_INVALID');
  });
});

describe('a bearer token', () => {
  const show = (text: string) => node.withToken('did:squid:whoever', text).result(lab.list, {});

  it('stands for its agent, whoever shows it', async () => {
    const agent = await agentOf(node, ana);
    expect(await agent.result(lab.open, {})).toMatchObject({ data: { text: agent.did } });
    expect(codeOf(await agent.result(lab.list, {}))).toBe('SUCCESS');
  });

  it.each(['', 'qat_', 'qat_' + 'A'.repeat(43), 'nonsense', 'x'.repeat(100_000)])(
    'that this node did not give is refused (%#)',
    async (text) => expect(codeOf(await show(text))).toBe('QLOCK_AUTH_FAIL'),
  );

  it('is over at its time, by its grant, and by the suspension of its agent or of whose it is', async () => {
    const did = await custodial(node, 'late');
    const cid = await grant(node, ana, did);
    const late = await token(node, did, cid, Date.now() - 1);
    expect(codeOf(await show(late))).toBe('GRANT_EXPIRED');
    const good = await token(node, did, cid);
    expect(codeOf(await show(good))).toBe('SUCCESS');
    await setStatus(node, did, 'suspended');
    expect(codeOf(await show(good))).toBe('SQUID_IDENTITY_INVALID');
    await setStatus(node, did, 'active');
    await revoke(node, cid);
    expect(await show(good)).toMatchObject({
      code: 'GRANT_REVOKED',
      details: { why: { grant: cid } },
    });
    await node.restart();
    expect(codeOf(await show(good))).toBe('GRANT_REVOKED');
  });

  it('of a sub-identity is stopped with its root', async () => {
    const root = await custodial(node, 'root agent');
    const sub = await custodial(node, 'sub agent', { parent: root, controller: root });
    const good = await token(node, sub, await grant(node, ana, sub));
    expect(codeOf(await show(good))).toBe('SUCCESS');
    await setStatus(node, root, 'suspended');
    expect(codeOf(await show(good))).toBe('SQUID_IDENTITY_INVALID');
  });

  it('may be revoked alone, and by its own agent’s name only', async () => {
    const did = await custodial(node, 'two tokens');
    const cid = await grant(node, ana, did);
    const [one, two] = [await token(node, did, cid), await token(node, did, cid)];
    const { sessions } = node.kernel.services;
    const { id } = (await sessions.findToken(one))!;
    const order = { tenant: node.kernel.node.tenant, id, now_ms: Date.now() };
    const wrong = sessions.prepareRevokeToken({ ...order, agent: ana.did });
    await expect(node.store.commit(wrong)).rejects.toMatchObject({ code: 'CONFLICT' });
    await node.store.commit(sessions.prepareRevokeToken({ ...order, agent: did }));
    expect([codeOf(await show(one)), codeOf(await show(two))]).toEqual([
      'GRANT_REVOKED',
      'SUCCESS',
    ]);
  });

  it('for a grant that is not the agent’s opens nothing', async () => {
    const did = await custodial(node, 'misfit');
    const someoneElse = await custodial(node, 'someone else');
    const misfit = await token(node, did, await grant(node, ana, someoneElse));
    expect(codeOf(await show(misfit))).toBe('QONSENT_DENIED');
  });

  it('is kept as a digest only', async () => {
    const did = await custodial(node, 'kept');
    const text = await token(node, did, await grant(node, ana, did));
    const rows = await node.store.read('SELECT * FROM kernel_token');
    expect(rows.some((row) => Object.values(row).includes(text))).toBe(false);
  });
});
