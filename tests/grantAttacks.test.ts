import type { Result } from '@anarq/common-schemas';
import { qdrive } from '@anarq/qdrive/contract';
import { qonsent } from '@anarq/qonsent/contract';
import { squid } from '@anarq/squid/contract';
import { actorOf } from '@anarq/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { attempt, refused, whyOf } from './attempts.ts';
import { give, onlyOperations, register, signedBy } from './delegates.ts';
import { deepStatement, manyStatements, withRawPolicy } from './forgedDelegation.ts';
import {
  bringIn,
  clientOf,
  startServedNode,
  upload,
  UNIT,
  type Party,
  type ServedNode,
} from './servedNode.ts';

/**
 * Grants as an attacker would write them, brought to the node and used on it: each is refused with
 * its own code, and nothing is registered, spent or given out.
 */
let served: ServedNode;
let alice: Party;
let bob: Party;
let carol: Party;
let stranger: Party;
let fileId: string;

beforeAll(async () => {
  served = await startServedNode();
  alice = await bringIn(served, 'Alice');
  bob = await bringIn(served, 'Bob');
  carol = await bringIn(served, 'Carol');
  stranger = await bringIn(served, 'Stranger', undefined, 'elsewhere');
  ({ fileId } = await upload(served, alice));
});
afterAll(() => served.close());

const now_s = () => Math.floor(served.now_ms() / 1000);
const HOUR_S = 3_600;

describe('a delegation brought to the node', () => {
  const bring = async (act: (key: string) => Promise<Result<unknown>>) =>
    (await attempt(served, act)).seen;

  it('of which nothing is wrong is registered', async () => {
    const { seen } = await attempt(served, (key) =>
      register(served, alice, bob, signedBy(alice, bob), { key }),
    );
    expect(seen.code).toBe('SUCCESS');
    expect(seen.changes).toContainEqual(expect.stringMatching(/^\+ kernel_grant /));
  });

  it('a second time after its revocation: GRANT_REVOKED', async () => {
    const token = signedBy(alice, bob, { policy: [['==', '.op', 'qdrive.get']] });
    const first = await register(served, alice, bob, token);
    const grant = first.status === 'ok' ? first.data.grant : '';
    await clientOf(served, alice).call(qonsent.revoke, { grant });
    expect(await bring((key) => register(served, alice, bob, token, { key }))).toMatchObject(
      refused('GRANT_REVOKED'),
    );
  });

  it('on one that was revoked: GRANT_REVOKED', async () => {
    const proof = await give(served, alice, bob);
    await clientOf(served, alice).call(qonsent.revoke, { grant: proof });
    const token = signedBy(bob, carol, { subject: alice.did });
    expect(await bring((key) => register(served, bob, carol, token, { proof, key }))).toMatchObject(
      refused('GRANT_REVOKED'),
    );
  });

  it.each([
    ['that has expired', 'GRANT_EXPIRED', () => ({ exp_s: now_s() - 1 })],
    ['that is not in force yet', 'GRANT_EXPIRED', () => ({ nbf_s: now_s() + HOUR_S })],
    ['about somebody else', 'GRANT_CHAIN_BROKEN', () => ({ subject: carol.did })],
  ] as const)('%s: %s', async (_what, code, terms) => {
    const token = signedBy(alice, bob, terms());
    expect(await bring((key) => register(served, alice, bob, token, { key }))).toMatchObject(
      refused(code),
    );
  });

  it.each([
    ['more than its giver holds', { command: '/qdrive' }],
    ['everything', { command: '/' }],
    ['more in all', { budget: { unit: UNIT, total: '11', perCall: '2' } }],
    ['more a call', { budget: { unit: UNIT, total: '10', perCall: '3' } }],
  ])('that gives %s: GRANT_OVER_BROAD', async (_what, wider) => {
    const held = { command: '/qdrive/get', budget: { unit: UNIT, total: '10', perCall: '2' } };
    const proof = await give(served, alice, bob, held);
    const terms = { ...held, ...wider };
    const token = signedBy(bob, carol, { ...terms, subject: alice.did });
    const { command } = terms;
    expect(
      await bring((key) => register(served, bob, carol, token, { proof, command, key })),
    ).toMatchObject(refused('GRANT_OVER_BROAD'));
  });

  it('that comes back to where it began, or to somebody on its way: GRANT_CYCLIC', async () => {
    const toBob = await give(served, alice, bob);
    const ofAlice = { subject: alice.did };
    const toCarol = await give(served, bob, carol, ofAlice, toBob);
    const back = signedBy(bob, alice, ofAlice);
    expect(
      await bring((key) => register(served, bob, alice, back, { proof: toBob, key })),
    ).toMatchObject(refused('GRANT_CYCLIC'));
    const again = signedBy(carol, bob, ofAlice);
    expect(
      await bring((key) => register(served, carol, bob, again, { proof: toCarol, key })),
    ).toMatchObject(refused('GRANT_CYCLIC'));
    const toSelf = signedBy(alice, alice);
    expect(await bring((key) => register(served, alice, alice, toSelf, { key }))).toMatchObject(
      refused('GRANT_CYCLIC'),
    );
  });

  it('whose chain does not reach from subject to caller: GRANT_CHAIN_BROKEN', async () => {
    const proof = await give(served, alice, bob);
    const ofAlice = signedBy(carol, bob, { subject: alice.did });
    const asCarol = (more: object) => (key: string) =>
      register(served, carol, bob, ofAlice, { ...more, key });
    expect(await bring(asCarol({}))).toMatchObject(refused('GRANT_CHAIN_BROKEN'));
    expect(await bring(asCarol({ proof }))).toMatchObject(refused('GRANT_CHAIN_BROKEN'));
    const unknown = 'bafyreigh2akiscaildcqabsyg3dfr6chu3fgpregiymsck7e7aqa4s52zy';
    expect(await bring(asCarol({ proof: unknown }))).toMatchObject(refused('GRANT_CHAIN_BROKEN'));
    const genuine = signedBy(alice, bob);
    expect(await bring((key) => register(served, bob, bob, genuine, { key }))).toMatchObject(
      refused('GRANT_CHAIN_BROKEN'),
    );
  });

  it('as the ninth of a chain: LIMIT_EXCEEDED', async () => {
    const ofAlice = { subject: alice.did };
    let giver = alice;
    let proof: string | undefined;
    for (let link = 1; link <= 8; link += 1) {
      const next = await bringIn(served, `link ${link}`);
      proof = await give(served, giver, next, ofAlice, proof);
      giver = next;
    }
    const last = giver;
    const token = signedBy(last, carol, ofAlice);
    expect(
      await bring((key) => register(served, last, carol, token, { proof: proof ?? '', key })),
    ).toMatchObject(refused('LIMIT_EXCEEDED'));
  });

  it.each([
    ['that somebody else signed', () => signedBy({ did: alice.did, seed: bob.seed }, bob)],
    ['with a bit of its signature changed', () => flipped(signedBy(alice, bob), 20)],
    ['with a bit of its policy changed', () => flipped(signedBy(alice, bob, POLICY), 'harvest')],
  ])('%s: SIGNATURE_INVALID', async (_what, token) => {
    expect(await bring((key) => register(served, alice, bob, token(), { key }))).toMatchObject(
      refused('SIGNATURE_INVALID'),
    );
  });

  it('for somebody else than the call says: INPUT_INVALID', async () => {
    const token = signedBy(alice, bob);
    expect(await bring((key) => register(served, alice, carol, token, { key }))).toMatchObject(
      refused('INPUT_INVALID'),
    );
  });

  it.each([
    ['of seven thousand statements', () => manyStatements(7_000)],
    ['of a hundred levels', () => deepStatement(100)],
    ['of ten thousand levels', () => deepStatement(10_000)],
  ])('with a policy %s: GRANT_MALFORMED', async (_what, policy) => {
    const forgery = { audience: bob, command: '/qdrive/get', subject: alice };
    const token = withRawPolicy(alice, forgery, policy());
    expect(await bring((key) => register(served, alice, bob, token, { key }))).toMatchObject(
      refused('GRANT_MALFORMED'),
    );
  });

  it('forged like those, but with one statement, is taken: the policy is what was refused', async () => {
    const forgery = { audience: bob, command: '/qdrive/get', subject: alice };
    const token = withRawPolicy(alice, forgery, manyStatements(1));
    expect(await register(served, alice, bob, token)).toMatchObject({ code: 'SUCCESS' });
  });

  it.each([
    ['cut off', () => signedBy(alice, bob).subarray(0, 200)],
    ['with a byte after it', () => Buffer.concat([signedBy(alice, bob), Buffer.from([0])])],
    ['of noise', () => new Uint8Array(4_000).fill(0x81)],
    ['of nothing', () => new Uint8Array(0)],
  ])('%s: GRANT_MALFORMED', async (_what, token) => {
    expect(await bring((key) => register(served, alice, bob, token(), { key }))).toMatchObject(
      refused('GRANT_MALFORMED'),
    );
  });

  it('across tenants, either way: SQUID_IDENTITY_INVALID', async () => {
    const inward = signedBy(stranger, alice);
    expect(await bring((key) => register(served, stranger, alice, inward, { key }))).toMatchObject(
      refused('SQUID_IDENTITY_INVALID'),
    );
    const outward = signedBy(alice, stranger);
    expect(await bring((key) => register(served, alice, stranger, outward, { key }))).toMatchObject(
      refused('SQUID_IDENTITY_INVALID'),
    );
  });

  it('on one of another tenant: GRANT_CHAIN_BROKEN', async () => {
    const other = await bringIn(served, 'Other', undefined, 'elsewhere');
    const proof = await give(served, stranger, other);
    const token = signedBy(alice, bob, { subject: stranger.did });
    expect(await bring((key) => register(served, alice, bob, token, { proof, key }))).toMatchObject(
      refused('GRANT_CHAIN_BROKEN'),
    );
  });
});

const POLICY = { policy: [['==', '.input.fileId', 'harvest']] };

/** A token with one bit changed, at a place or where a text stands. */
function flipped(token: Uint8Array, at: number | string): Uint8Array {
  const bytes = Buffer.from(token);
  const place = typeof at === 'number' ? at : bytes.indexOf(at);
  bytes[place]! ^= 1;
  return bytes;
}

describe('a grant named in a call (x-qonsent)', () => {
  const fetchIt = (who: Party, grant: string) =>
    clientOf(served, who).result(qdrive.get, { fileId }, { grant, retry: false });
  /** The session is opened before, so that only the call can change something. */
  async function use(who: Party, grant: string) {
    const client = clientOf(served, who);
    await client.call(squid.activeContext, {});
    const { seen } = await attempt(served, () =>
      client.result(qdrive.get, { fileId }, { grant, retry: false }),
    );
    return seen;
  }

  it('opens what it is for, and why is said', async () => {
    const grant = await give(served, alice, bob);
    expect(await fetchIt(bob, grant)).toMatchObject({ code: 'SUCCESS' });
  });

  it('is worthless from its revocation on: GRANT_REVOKED', async () => {
    const grant = await give(served, alice, bob);
    await clientOf(served, alice).call(qonsent.revoke, { grant });
    expect(await use(bob, grant)).toMatchObject(refused('GRANT_REVOKED', { grant }));
  });

  it('is worthless once one above it is revoked: GRANT_REVOKED', async () => {
    const above = await give(served, alice, bob);
    const grant = await give(served, bob, carol, { subject: alice.did }, above);
    expect(await fetchIt(carol, grant)).toMatchObject({ code: 'SUCCESS' });
    await clientOf(served, alice).call(qonsent.revoke, { grant: above });
    expect(await use(carol, grant)).toMatchObject(refused('GRANT_REVOKED'));
  });

  it.each([
    ['another command', { command: '/qdrive/put' }],
    ['another resource', { policy: [['==', '.resource', 'qdrive/file/other']] }],
    ['another input', { policy: [['==', '.input.form', 'sealed']] }],
    ['another operation', { policy: [onlyOperations('qdrive.file')] }],
    [
      'a pattern that takes long to try',
      { policy: [['like', '.input.fileId', '*e'.repeat(2_000)]] },
    ],
  ])('that is for %s: QONSENT_DENIED', async (_what, terms) => {
    const grant = await give(served, alice, carol, terms);
    expect(await use(carol, grant)).toMatchObject(
      refused('QONSENT_DENIED', { rule: expect.stringMatching(/\w/) }),
    );
  });

  it('of somebody else, of another tenant, or unknown: QONSENT_DENIED', async () => {
    const toBob = await give(served, alice, bob);
    expect(await use(carol, toBob)).toMatchObject(refused('QONSENT_DENIED'));
    const other = await bringIn(served, 'Another', undefined, 'elsewhere');
    const abroad = await give(served, stranger, other);
    expect(await use(carol, abroad)).toMatchObject(refused('QONSENT_DENIED'));
    expect(
      await use(carol, 'bafyreigh2akiscaildcqabsyg3dfr6chu3fgpregiymsck7e7aqa4s52zy'),
    ).toMatchObject(refused('QONSENT_DENIED'));
    expect(await use(carol, 'nonsense')).toMatchObject(refused('INPUT_INVALID'));
  });

  it('opens nothing across tenants, and does not say that there is something', async () => {
    const grant = await give(served, alice, bob);
    expect(await use(stranger, grant)).toMatchObject(refused('QINDEX_NOT_FOUND'));
  });
});

describe('a grant whose time is not now', () => {
  const HOURS_MS = HOUR_S * 1000;

  /** A node at a time of its own, with somebody who gives and somebody who receives. */
  async function nodeAt(offset_ms: number) {
    const node = await startServedNode(offset_ms);
    const giver = await bringIn(node, 'Giver');
    const holder = await bringIn(node, 'Holder');
    const file = await upload(node, giver);
    return { node, giver, holder, fileId: file.fileId, at_s: Math.floor(node.now_ms() / 1000) };
  }

  it('opens nothing after it, and says so, also after a restart: GRANT_EXPIRED', async () => {
    const past = await nodeAt(-2 * HOURS_MS);
    const { node, giver, holder, at_s } = past;
    const grant = await give(node, giver, holder, { exp_s: at_s + HOUR_S });
    const fetchIt = () =>
      clientOf(node, holder).result(qdrive.get, { fileId: past.fileId }, { grant });
    expect(await fetchIt()).toMatchObject({ code: 'SUCCESS' });
    node.clock.offset_ms = 0;
    const refusal = await fetchIt();
    expect([refusal.code, whyOf(refusal)?.grant]).toEqual(['GRANT_EXPIRED', grant]);
    await node.node.restart();
    expect((await fetchIt()).code).toBe('GRANT_EXPIRED');
    await node.close();
  });

  it('opens nothing before it: GRANT_EXPIRED', async () => {
    const future = await nodeAt(2 * HOURS_MS);
    const { node, giver, holder, at_s } = future;
    const grant = await give(node, giver, holder, { nbf_s: at_s - HOUR_S });
    node.clock.offset_ms = 0;
    // In process: the limit of calls from one address is still two hours ahead.
    const refusal = await actorOf(() => node.node.kernel, holder).result(
      qdrive.get,
      { fileId: future.fileId },
      { grant },
    );
    expect([refusal.code, whyOf(refusal)?.grant]).toEqual(['GRANT_EXPIRED', grant]);
    await node.close();
  });
});

describe('keys of the wrong person', () => {
  it('make no grant in the name of another, even with a chain that would hold', async () => {
    const proof = await give(served, alice, bob);
    const forged = signedBy({ did: bob.did, seed: carol.seed }, carol, { subject: alice.did });
    const { seen } = await attempt(served, (key) =>
      register(served, { did: bob.did, seed: bob.seed }, carol, forged, { proof, key }),
    );
    expect(seen).toMatchObject(refused('SIGNATURE_INVALID'));
  });
});
