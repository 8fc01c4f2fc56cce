import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { API_VERSION, type AnyOperation, type InputOf, type Result } from '@anarq/common-schemas';
import {
  canonicalJson,
  deriveKeys,
  ephemeralKem,
  fromBase64url,
  macCall,
  sha256Hex,
  signCall,
  toBase64url,
  utf8,
} from '@anarq/crypto';
import { SESSION_CONTEXT } from '@anarq/kernel';
import { qonsent } from '@anarq/qonsent/contract';
import type { Actor, TestNode } from '@anarq/testing';
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

/** What a grant from somebody with own keys needs: a delegation signed at home. */
async function agentWithGrant(owner: Actor, command = '/squid', operations: string[] = []) {
  const { did: agent } = await owner.call(squid.createAgent, { name: `agent ${randomUUID()}` });
  const { grants } = node.kernel.services;
  const token = grants.sign(
    {
      issuer: owner.did,
      audience: agent,
      subject: owner.did,
      command,
      policy: [['or', operations.map((op) => ['==', '.op', op])]],
    },
    deriveKeys(owner.seed, { index: 0 }),
  );
  const { grant } = await owner.call(qonsent.grant, {
    audience: agent,
    command,
    token: toBase64url(token),
  });
  return { agent, grant };
}

describe('a bearer token', () => {
  it('acts as the agent on behalf of who granted, and only within the grant', async () => {
    const allowed = ['squid.agents', 'squid.activeContext'];
    const { agent, grant } = await agentWithGrant(alice, '/squid', allowed);
    const { token, tokenId } = await alice.call(squid.issueToken, { agent, grant });
    expect(token).toMatch(/^qat_/);
    expect(tokenId).toMatch(/^tok_/);
    const robot = node.withToken(agent, token);
    expect(await robot.call(squid.activeContext, {})).toMatchObject({
      actor: agent,
      subject: alice.did,
      kind: 'agent',
      signedBy: 'custodian',
      grants: [{ grant, command: '/squid' }],
    });
    const listed = await robot.call(squid.agents, {});
    expect(listed.items.map(({ did }) => did)).toContain(agent);
    expect(await codeOf(robot.call(squid.createAgent, { name: 'more' }))).toBe('QONSENT_DENIED');
    const more = { agent, grant };
    expect(await codeOf(robot.call(squid.issueToken, more))).toBe('QONSENT_DENIED');
  });

  it('is not given for somebody else’s agent, nor for a grant of another audience', async () => {
    const mine = await agentWithGrant(mallory);
    const hers = await agentWithGrant(alice);
    expect(await codeOf(mallory.call(squid.issueToken, hers))).toBe('QONSENT_DENIED');
    const crossed = { agent: mine.agent, grant: hers.grant };
    expect(await codeOf(mallory.call(squid.issueToken, crossed))).toBe('QINDEX_NOT_FOUND');
    const self = { agent: alice.did, grant: hers.grant };
    expect(await codeOf(alice.call(squid.issueToken, self))).toBe('CUSTODY_REFUSED');
  });

  it('is not given for a revoked grant, and stops with it', async () => {
    const { agent, grant } = await agentWithGrant(alice);
    const { token } = await alice.call(squid.issueToken, { agent, grant });
    const robot = node.withToken(agent, token);
    expect(await codeOf(robot.call(squid.agents, {}))).toBe('OK');
    await alice.call(qonsent.revoke, { grant });
    expect(await codeOf(robot.call(squid.agents, {}))).toBe('GRANT_REVOKED');
    expect(await codeOf(robot.call(squid.activeContext, {}))).toBe('GRANT_REVOKED');
    expect(await codeOf(alice.call(squid.issueToken, { agent, grant }))).toBe('GRANT_REVOKED');
  });

  it('can be revoked by itself, by who controls the agent', async () => {
    const { agent, grant } = await agentWithGrant(alice);
    const { token, tokenId } = await alice.call(squid.issueToken, { agent, grant });
    const other = await alice.call(squid.issueToken, { agent, grant });
    const end = { agent, tokenId };
    expect(await codeOf(mallory.call(squid.revokeToken, end))).toBe('QONSENT_DENIED');
    const elsewhere = await agentWithGrant(mallory);
    expect(await codeOf(mallory.call(squid.revokeToken, { agent: elsewhere.agent, tokenId }))).toBe(
      'QINDEX_NOT_FOUND',
    );
    await alice.call(squid.revokeToken, end);
    expect(await codeOf(node.withToken(agent, token).call(squid.agents, {}))).toBe('GRANT_REVOKED');
    expect(await codeOf(node.withToken(agent, other.token).call(squid.agents, {}))).toBe('OK');
    expect(await codeOf(alice.call(squid.revokeToken, end))).toBe('QINDEX_NOT_FOUND');
  });

  it('stops while its agent is suspended', async () => {
    const { agent, grant } = await agentWithGrant(alice);
    const { token } = await alice.call(squid.issueToken, { agent, grant });
    const robot = node.withToken(agent, token);
    await alice.call(squid.suspend, { did: agent });
    expect(await codeOf(robot.call(squid.agents, {}))).toBe('SQUID_IDENTITY_INVALID');
    expect(await codeOf(alice.call(squid.issueToken, { agent, grant }))).toBe('STATE_CONFLICT');
    await alice.call(squid.resume, { did: agent });
    expect(await codeOf(robot.call(squid.agents, {}))).toBe('OK');
  });

  it('lives no longer than 90 days, and not in the past', async () => {
    const { agent, grant } = await agentWithGrant(alice);
    const until = (expiresAt: string) =>
      codeOf(alice.call(squid.issueToken, { agent, grant, expiresAt }));
    expect(await until('2999-01-01T00:00:00Z')).toBe('LIMIT_EXCEEDED');
    expect(await until('2020-01-01T00:00:00Z')).toBe('GRANT_EXPIRED');
  });

  it('does not become a session, which would have no grant', async () => {
    const { agent, grant } = await agentWithGrant(alice, '/');
    const { token } = await alice.call(squid.issueToken, { agent, grant });
    const kem = freshKem().input;
    const open = node.withToken(agent, token).call(squid.openSession, { kem });
    expect(await codeOf(open)).toBe('QLOCK_AUTH_FAIL');
  });
});

function freshKem() {
  const { publicKeys, decapsulate } = ephemeralKem();
  const { x25519, mlkem768 } = publicKeys;
  return {
    input: { x25519: toBase64url(x25519), mlkem768: toBase64url(mlkem768) },
    keyFrom: (ciphertext: string) => decapsulate(fromBase64url(ciphertext), SESSION_CONTEXT),
  };
}

interface Signer {
  readonly identity: string;
  readonly subId?: string;
  sign(fields: Parameters<typeof signCall>[1]): string;
}

const callWith = <Op extends AnyOperation>(
  op: Op,
  input: InputOf<Op>,
  { identity, subId, sign }: Signer,
): Promise<Result<unknown>> => {
  const ts = new Date().toISOString();
  const idempotencyKey = randomUUID();
  const signature = sign({
    node: node.kernel.node.did,
    identity,
    subId,
    operation: op.id,
    version: API_VERSION,
    idempotencyKey,
    ts,
    inputDigest: sha256Hex(utf8(canonicalJson(input))),
  });
  return node.kernel.invoke({
    operation: op.id,
    input,
    surface: 'process',
    credential: {
      kind: 'signature',
      identity,
      ts,
      signature,
      ...(subId === undefined ? {} : { subId }),
    },
    idempotencyKey,
  });
};

describe('a session', () => {
  it('binds calls with the key that only its opener got, and is not enough for keys and money', async () => {
    const { input, keyFrom } = freshKem();
    const opened = await alice.call(squid.openSession, { kem: input });
    const key = keyFrom(opened.ciphertext);
    const inSession: Signer = {
      identity: alice.did,
      sign: (fields) => macCall(key, opened.sessionId, fields),
    };
    expect(await callWith(squid.activeContext, {}, inSession)).toMatchObject({
      data: { actor: alice.did, signedBy: 'session' },
    });
    expect(await callWith(squid.createAgent, { name: 'no' }, inSession)).toMatchObject({
      code: 'QLOCK_AUTH_FAIL',
    });
    expect(
      await callWith(squid.activeContext, {}, { ...inSession, identity: mallory.did }),
    ).toMatchObject({ code: 'SIGNATURE_INVALID' });
    const guessed: Signer = {
      identity: alice.did,
      sign: (fields) => macCall(new Uint8Array(32), opened.sessionId, fields),
    };
    expect(await callWith(squid.activeContext, {}, guessed)).toMatchObject({
      code: 'SIGNATURE_INVALID',
    });
  });

  it('belongs to the sub-identity that opened it', async () => {
    const sub = ownKeys('person', alice.did);
    await alice.call(squid.createSub, { purpose: 'session', document: sub.document });
    const keys = deriveKeys(sub.seed, { index: 0 });
    const asSub = { identity: alice.did, subId: sub.did };
    const { input, keyFrom } = freshKem();
    const opened = await callWith(
      squid.openSession,
      { kem: input },
      { ...asSub, sign: (fields) => signCall(keys, fields) },
    );
    expect(opened.status).toBe('ok');
    const { sessionId, ciphertext } = (
      opened as { data: { sessionId: string; ciphertext: string } }
    ).data;
    const key = keyFrom(ciphertext);
    const sign: Signer['sign'] = (fields) => macCall(key, sessionId, fields);
    expect(await callWith(squid.activeContext, {}, { ...asSub, sign })).toMatchObject({
      data: { actor: sub.did, root: alice.did, signedBy: 'session' },
    });
    expect(await callWith(squid.activeContext, {}, { identity: alice.did, sign })).toMatchObject({
      code: 'SIGNATURE_INVALID',
    });
    expect(
      await callWith(
        squid.activeContext,
        {},
        { identity: mallory.did, subId: sub.did, sign: (fields) => signCall(keys, fields) },
      ),
    ).toMatchObject({ code: 'SQUID_IDENTITY_INVALID' });
  });

  it('is not opened with keys that are none', async () => {
    const { input } = freshKem();
    const short = { kem: { ...input, x25519: 'AAAA' } };
    expect(await codeOf(alice.call(squid.openSession, short))).toBe('INPUT_INVALID');
    // RFC 7748, section 6.1: the all-zero point gives no shared secret.
    const smallOrder = { kem: { ...input, x25519: 'A'.repeat(43) } };
    expect(await codeOf(alice.call(squid.openSession, smallOrder))).toBe('INPUT_INVALID');
  });
});
