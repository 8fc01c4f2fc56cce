import { command, contract, failure, query, t, type Result } from '@anarq/common-schemas';
import {
  canonicalJson,
  deriveKeys,
  encapsulate,
  fromBase64url,
  generateSeed,
  importKemPublicKeys,
  importPublicKeys,
  publicKeysOf,
  sha256Hex,
  toBase64url,
  utf8,
  verifyCall,
  verifyCallMac,
  type CallFields,
} from '@anarq/crypto';
import { compileChain, decodeDelegation } from '@anarq/authority';
import { describe, expect, it } from 'vitest';
import { createClient, delegate, inProcess, keys, type InProcessCall } from '../src/index.ts';

const squid = contract({
  name: 'squid',
  version: '1.0.0',
  title: 'Identity',
  purpose: 'Opens sessions.',
  operations: {
    openSession: command({
      summary: 'Opens a session.',
      http: 'POST /sessions',
      scope: 'squid/session',
      signature: 'full',
      input: t.object({ kem: t.object({ x25519: t.bytes(), mlkem768: t.bytes() }) }),
      output: t.object({ sessionId: t.id(), ciphertext: t.bytes(), expiresAt: t.instant() }),
    }),
    read: query({
      summary: 'Reads.',
      scope: 'squid/read',
      input: t.object({ text: t.optional(t.string()) }),
      output: t.object({}),
    }),
    spend: command({
      summary: 'Spends.',
      scope: 'squid/spend',
      signature: 'full',
      input: t.object({ amount: t.decimal() }),
      output: t.object({}),
    }),
  },
});

const NODE = 'did:squid:node';
const DID = 'did:squid:person';
const T0_MS = 1_790_000_000_000;
const done = (data: unknown): Result<unknown> => ({
  status: 'ok',
  code: 'SUCCESS',
  message: 'Done.',
  data,
});

/** A node that verifies as the kernel does. */
function verifyingNode(seed: Uint8Array, clock: { now_ms: number }) {
  const publicKeys = importPublicKeys(publicKeysOf(deriveKeys(seed)));
  const sessions = new Map<string, Uint8Array>();
  const accepted: string[] = [];
  const invoke = async (call: InProcessCall): Promise<Result<unknown>> => {
    const { credential } = call;
    if (credential.kind !== 'signature') throw new Error('unsigned');
    const fields: CallFields = {
      node: NODE,
      identity: credential.identity,
      subId: credential.subId,
      operation: call.operation,
      version: 'v1',
      subject: call.subject,
      grant: call.grant,
      idempotencyKey: call.idempotencyKey,
      ts: credential.ts,
      inputDigest: sha256Hex(utf8(canonicalJson(call.input))),
    };
    const [form, sessionId = ''] = credential.signature.split('.');
    if (form === 'v1') {
      if (!verifyCall(publicKeys, fields, credential.signature)) throw new Error('bad signature');
    } else {
      const key = sessions.get(sessionId);
      if (key === undefined) return failure('SESSION_EXPIRED', { requestId: 'r', now_ms: 0 });
      if (!verifyCallMac(key, sessionId, fields, credential.signature)) throw new Error('bad code');
    }
    accepted.push(`${call.operation} ${form}`);
    if (call.operation !== 'squid.openSession') return done({});
    const { kem } = call.input as { kem: { x25519: string; mlkem768: string } };
    const { ciphertext, sharedKey } = encapsulate(
      importKemPublicKeys({
        x25519: fromBase64url(kem.x25519),
        mlkem768: fromBase64url(kem.mlkem768),
      }),
      'q.session.v1',
    );
    const id = `ses_${sessions.size}_${accepted.length}`;
    sessions.set(id, sharedKey);
    return done({
      sessionId: id,
      ciphertext: toBase64url(ciphertext),
      expiresAt: new Date(clock.now_ms + 3_600_000).toISOString(),
    });
  };
  return { invoke, sessions, accepted };
}

function setUp(order: { contracts?: readonly [typeof squid] | readonly []; subId?: string } = {}) {
  const seed = generateSeed();
  const clock = { now_ms: T0_MS };
  const node = verifyingNode(seed, clock);
  const client = createClient({
    contracts: order.contracts ?? [squid],
    transport: inProcess(node, {
      credentials: keys({
        did: DID,
        nodeDid: NODE,
        seed,
        now_ms: () => clock.now_ms,
        ...(order.subId === undefined ? {} : { subId: order.subId }),
      }),
    }),
  });
  return { client, clock, ...node };
}

describe("keys of one's own", () => {
  it('open one session for calls that come together, and sign money in full', async () => {
    const { client, accepted } = setUp({ subId: 'did:squid:sub' });
    await Promise.all([client.call(squid.read, { text: 'ä' }), client.call(squid.read, {})]);
    await client.call(squid.spend, { amount: '1.50' }, { subject: 'did:squid:s', grant: 'bafkg' });
    expect(accepted).toEqual([
      'squid.openSession v1',
      'squid.read s1',
      'squid.read s1',
      'squid.spend v1',
    ]);
  });

  it('open a new session when the node has ended theirs, and before it ends', async () => {
    const { client, accepted, sessions, clock } = setUp();
    await client.call(squid.read, {});
    sessions.clear();
    await client.call(squid.read, {});
    clock.now_ms += 3_600_000;
    await client.call(squid.read, {});
    expect(accepted.filter((call) => call.startsWith('squid.openSession')).length).toBe(3);
    expect(accepted.filter((call) => call === 'squid.read s1').length).toBe(3);
  });

  it('sign every call in full where no session can be opened', async () => {
    const { client, accepted } = setUp({ contracts: [] });
    await client.call(squid.read, {});
    expect(accepted).toEqual(['squid.read v1']);
  });

  it('are needed', () => {
    expect(() => keys({ did: DID, nodeDid: NODE })).toThrow(TypeError);
  });
});

describe('a delegation signed by its issuer', () => {
  const issuerKeys = deriveKeys(generateSeed());
  const order = {
    keys: issuerKeys,
    issuer: DID,
    audience: 'did:squid:agent',
    subject: DID,
    command: '/wallet/pay',
    policy: [['==', '.unit', 'rUv']],
    exp_s: 1_800_000_000,
    budget: { unit: 'rUv', total: '20', perCall: '3.50' },
  } as const;

  it('is accepted by the engine that checks it', () => {
    const delegation = decodeDelegation(delegate(order));
    expect(delegation).toMatchObject({
      iss: DID,
      aud: 'did:squid:agent',
      sub: DID,
      cmd: '/wallet/pay',
      exp: 1_800_000_000,
    });
    const compiled = compileChain([delegation], {
      now_s: 1_790_000_000,
      keysOf: () => importPublicKeys(publicKeysOf(issuerKeys)),
    });
    expect(compiled).toBeDefined();
    expect(() =>
      compileChain([delegation], {
        now_s: 1_790_000_000,
        keysOf: () => importPublicKeys(publicKeysOf(deriveKeys(generateSeed()))),
      }),
    ).toThrow();
  });

  it('that no node would accept is not signed', () => {
    expect(() => delegate({ ...order, command: 'wallet' })).toThrow(
      expect.objectContaining({ code: 'GRANT_MALFORMED' }),
    );
    expect(() => delegate({ ...order, budget: { unit: 'rUv' } })).toThrow(
      expect.objectContaining({ code: 'GRANT_MALFORMED' }),
    );
    expect(() => delegate({ ...order, policy: [['nonsense']] })).toThrow(
      expect.objectContaining({ code: 'GRANT_MALFORMED' }),
    );
  });
});
