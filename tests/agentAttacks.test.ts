import type { Client } from '@anarq/common-clients';
import type { AnyOperation, InputOf } from '@anarq/common-schemas';
import { ephemeralKem, toBase64url } from '@anarq/crypto';
import { qdrive } from '@anarq/qdrive/contract';
import { qindex } from '@anarq/qindex/contract';
import { qonsent } from '@anarq/qonsent/contract';
import { qwallet } from '@anarq/qwallet/contract';
import { squid } from '@anarq/squid/contract';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { attempt, refused } from './attempts.ts';
import { agentOf, clientWith, give, onlyOperations, signedBy, type Agent } from './delegates.ts';
import {
  bringIn,
  clientOf,
  fund,
  startServedNode,
  UNIT,
  upload,
  type Party,
  type ServedNode,
} from './servedNode.ts';

/**
 * An agent that wants more than it was given: with its token it leaves its grant nowhere, and what
 * it is refused changes nothing.
 */
let served: ServedNode;
let alice: Party;
let bob: Party;
let carol: Party;
let fileId: string;

beforeAll(async () => {
  served = await startServedNode();
  alice = await bringIn(served, 'Alice');
  bob = await bringIn(served, 'Bob');
  carol = await bringIn(served, 'Carol');
  await fund(served, alice, '20');
  await fund(served, bob, '20');
  ({ fileId } = await upload(served, alice));
});
afterAll(() => served.close());

const now_s = () => Math.floor(served.now_ms() / 1000);
const HOUR_S = 3_600;

describe('an agent with a token', () => {
  let shopper: Agent;
  let minion: Agent;

  beforeAll(async () => {
    shopper = await agentOf(served, alice, 'shopper', {
      command: '/',
      policy: [onlyOperations('qwallet.pay', 'qdrive.get')],
      budget: { unit: UNIT, total: '7', perCall: '4' },
      exp_s: now_s() + HOUR_S,
    });
    // All that Alice may do, but with a limit on money.
    minion = await agentOf(served, alice, 'minion', {
      command: '/',
      budget: { unit: UNIT, total: '5', perCall: '5' },
    });
  });

  async function tryTo<Op extends AnyOperation>(
    client: Client,
    op: Op,
    input: InputOf<Op>,
    more: { readonly subject?: string; readonly grant?: string } = {},
  ) {
    const { seen } = await attempt(served, (idempotencyKey) =>
      client.result(op, input, { idempotencyKey, retry: false, ...more }),
    );
    return seen;
  }

  const payment = (amount: string) => ({
    amount,
    unit: UNIT,
    recipients: [{ identity: bob.did, amount }],
  });

  it('does nothing that its grant does not name', async () => {
    expect(
      await tryTo(shopper.client, qdrive.begin, {
        name: 'x',
        bytes: 1,
        mediaType: 'text/plain',
      }),
    ).toMatchObject(refused('QONSENT_DENIED', { grant: shopper.grant, changeableBy: alice.did }));
    expect(await tryTo(shopper.client, qindex.search, { query: 'x' })).toMatchObject(
      refused('QONSENT_DENIED'),
    );
  });

  it('touches nothing that its grant does not name', async () => {
    const other = await upload(served, alice, 'other.csv');
    const reader = await agentOf(served, alice, 'reader', {
      policy: [['==', '.resource', `qdrive/file/${fileId}`]],
    });
    expect(await reader.client.result(qdrive.get, { fileId })).toMatchObject({ code: 'SUCCESS' });
    expect(await tryTo(reader.client, qdrive.get, { fileId: other.fileId })).toMatchObject(
      refused('QONSENT_DENIED', { grant: reader.grant }),
    );
  });

  it('acts for nobody but its giver, and under no other grant', async () => {
    const forBob = { subject: bob.did };
    expect(await tryTo(shopper.client, qdrive.get, { fileId }, forBob)).toMatchObject(
      refused('QONSENT_DENIED'),
    );
    // Bob lets the shopper read; the token is not for that.
    const { fileId: bobs } = await upload(served, bob);
    const grant = await give(served, bob, { did: shopper.did });
    expect(await tryTo(shopper.client, qdrive.get, { fileId: bobs }, { grant })).toMatchObject(
      refused('QONSENT_DENIED'),
    );
    expect(await tryTo(shopper.client, qdrive.get, { fileId: bobs })).toMatchObject(
      refused('QONSENT_DENIED'),
    );
  });

  it('spends no more a call and no more in all than its budget, to the last unit', async () => {
    const { client } = shopper;
    expect(await tryTo(client, qwallet.pay, payment('4.000001'))).toMatchObject(
      refused('BUDGET_EXCEEDED', {
        grant: shopper.grant,
        limit: { perCall: '4', asked: '4.000001', unit: UNIT },
        changeableBy: alice.did,
      }),
    );
    expect(await client.result(qwallet.pay, payment('4'))).toMatchObject({ code: 'SUCCESS' });
    expect(await tryTo(client, qwallet.pay, payment('3.000001'))).toMatchObject(
      refused('BUDGET_EXCEEDED', { limit: { total: '7', left: '3' } }),
    );
    expect(await client.result(qwallet.pay, payment('3'))).toMatchObject({ code: 'SUCCESS' });
    expect(await tryTo(client, qwallet.pay, payment('0.000001'))).toMatchObject(
      refused('BUDGET_EXCEEDED'),
    );
    const euros = { ...payment('1'), unit: 'EUR' };
    expect(await tryTo(client, qwallet.pay, euros)).toMatchObject(refused('BUDGET_EXCEEDED'));
  });

  it('spends no more by asking ten times at once', async () => {
    const racer = await agentOf(served, alice, 'racer', {
      command: '/wallet/pay',
      budget: { unit: UNIT, total: '2', perCall: '1' },
    });
    const answers = await Promise.all(
      Array.from({ length: 10 }, () => racer.client.result(qwallet.pay, payment('1'))),
    );
    const codes = answers.map(({ code }) => code).toSorted();
    expect(codes).toEqual([
      ...Array.from({ length: 8 }, () => 'BUDGET_EXCEEDED'),
      'SUCCESS',
      'SUCCESS',
    ]);
  });

  it('gives nobody more than it has, and nothing from elsewhere', async () => {
    const grantTo = (more: object) => ({ audience: carol.did, command: '/wallet/pay', ...more });
    const { client, grant: proof } = minion;
    expect(await tryTo(client, qonsent.grant, grantTo({}))).toMatchObject(
      refused('QONSENT_DENIED'),
    );
    const wider = { unit: UNIT, total: '6', perCall: '5' };
    expect(await tryTo(client, qonsent.grant, grantTo({ proof, budget: wider }))).toMatchObject(
      refused('GRANT_OVER_BROAD'),
    );
    const alices = await give(served, alice, { did: minion.did }, { command: '/wallet' });
    expect(await tryTo(client, qonsent.grant, grantTo({ proof: alices }))).toMatchObject(
      refused('QONSENT_DENIED'),
    );
    const token = toBase64url(signedBy(bob, carol, { command: '/wallet/pay' }));
    expect(await tryTo(client, qonsent.grant, grantTo({ proof, token }))).toMatchObject(
      refused('GRANT_CHAIN_BROKEN'),
    );
    const cycle = { audience: alice.did, command: '/wallet/pay', proof };
    expect(await tryTo(client, qonsent.grant, cycle)).toMatchObject(refused('GRANT_CYCLIC'));
  });

  it('passes on a budget that is still the one it has', async () => {
    const { client } = minion;
    const { did } = await clientOf(served, alice).call(squid.createAgent, { name: 'helper' });
    const { grant } = await client.call(qonsent.grant, {
      audience: did,
      command: '/wallet/pay',
      proof: minion.grant,
    });
    const { token } = await clientOf(served, alice).call(squid.issueToken, { agent: did, grant });
    const helper = clientWith(served, token);
    expect(await helper.result(qwallet.pay, payment('3'))).toMatchObject({ code: 'SUCCESS' });
    expect(await tryTo(client, qwallet.pay, payment('3'))).toMatchObject(
      refused('BUDGET_EXCEEDED', { limit: { left: '2' } }),
    );
    expect(await tryTo(helper, qwallet.pay, payment('2.5'))).toMatchObject(
      refused('BUDGET_EXCEEDED'),
    );
  });

  it('passes on a budget in another unit, with which nothing can be paid', async () => {
    const { did } = await clientOf(served, alice).call(squid.createAgent, { name: 'tourist' });
    const { grant } = await minion.client.call(qonsent.grant, {
      audience: did,
      command: '/wallet/pay',
      proof: minion.grant,
      budget: { unit: 'EUR', total: '1' },
    });
    const { token } = await clientOf(served, alice).call(squid.issueToken, { agent: did, grant });
    const tourist = clientWith(served, token);
    expect(await tryTo(tourist, qwallet.pay, payment('1'))).toMatchObject(
      refused('BUDGET_EXCEEDED'),
    );
    expect(await tryTo(tourist, qwallet.pay, { ...payment('1'), unit: 'EUR' })).toMatchObject(
      refused('BUDGET_EXCEEDED'),
    );
  });

  it('makes no session and no token of what it has', async () => {
    const { publicKeys } = ephemeralKem();
    const kem = {
      x25519: toBase64url(publicKeys.x25519),
      mlkem768: toBase64url(publicKeys.mlkem768),
    };
    expect(await tryTo(minion.client, squid.openSession, { kem })).toMatchObject(
      refused('QLOCK_AUTH_FAIL'),
    );
    const { did: agent, grant } = minion;
    expect(await tryTo(minion.client, squid.issueToken, { agent, grant })).toMatchObject(
      refused('QONSENT_DENIED'),
    );
    expect(
      await tryTo(minion.client, squid.issueToken, {
        agent: shopper.did,
        grant: shopper.grant,
      }),
    ).toMatchObject(refused('QONSENT_DENIED'));
  });

  it('makes no identity that has more than itself', async () => {
    const { client, grant } = minion;
    expect(await tryTo(client, squid.createAgent, { name: 'own puppet' })).toMatchObject(
      refused('QONSENT_DENIED'),
    );
    const puppet = { name: 'puppet' };
    const { did: agent } = await clientOf(served, alice).call(squid.createAgent, puppet);
    const all = { audience: agent, command: '/' };
    expect(await tryTo(client, qonsent.grant, all)).toMatchObject(refused('QONSENT_DENIED'));
    expect(await tryTo(client, squid.issueToken, { agent, grant })).toMatchObject(
      refused('QONSENT_DENIED'),
    );
    const wider = { unit: UNIT, total: '50' };
    expect(
      await tryTo(client, qonsent.grant, { ...all, proof: grant, budget: wider }),
    ).toMatchObject(refused('GRANT_OVER_BROAD'));
  });

  it('moves no money where its call does not say how much', async () => {
    const reserved = await clientOf(served, alice).call(qwallet.reserve, payment('1'));
    const { intentId } = reserved;
    expect(await tryTo(shopper.client, qwallet.capture, { intentId })).toMatchObject(
      refused('QONSENT_DENIED'),
    );
    await clientOf(served, alice).call(qwallet.void, { intentId });
  });

  it('refunds no more than its budget: that too is money of its giver', async () => {
    const recipients = [{ identity: carol.did, amount: '6' }];
    const paid = await clientOf(served, bob).call(qwallet.pay, {
      amount: '6',
      unit: UNIT,
      recipients,
    });
    const clerk = await agentOf(served, carol, 'clerk', {
      command: '/wallet',
      budget: { unit: UNIT, total: '5', perCall: '5' },
    });
    const { intentId } = paid;
    const refund = (amount?: string, unit?: string) => ({
      intentId,
      ...(amount === undefined ? {} : { amount }),
      ...(unit === undefined ? {} : { unit }),
    });
    const beyond = [refund(), refund('6'), refund('6', UNIT), refund('1', 'EUR')];
    for (const asked of beyond)
      expect(await tryTo(clerk.client, qwallet.refund, asked)).toMatchObject(
        refused('BUDGET_EXCEEDED'),
      );
    expect(await clerk.client.result(qwallet.refund, refund('4', UNIT))).toMatchObject({
      code: 'SUCCESS',
    });
    expect(await tryTo(clerk.client, qwallet.refund, refund('2', UNIT))).toMatchObject(
      refused('BUDGET_EXCEEDED', { limit: expect.objectContaining({ left: '1' }) }),
    );
    // A budget in another unit, and a call that says so of money which is not.
    const cashier = await agentOf(served, carol, 'cashier', {
      command: '/wallet',
      budget: { unit: 'EUR', total: '5', perCall: '5' },
    });
    const { seen } = await attempt(served, (idempotencyKey) =>
      cashier.client.result(qwallet.refund, refund('2', 'EUR'), { idempotencyKey, retry: false }),
    );
    expect(seen.code).not.toBe('SUCCESS');
    expect(seen.changes).toEqual([]);
  });

  it('is nobody once its grant is revoked', async () => {
    expect(await shopper.client.result(qdrive.get, { fileId })).toMatchObject({ code: 'SUCCESS' });
    await clientOf(served, alice).call(qonsent.revoke, { grant: shopper.grant });
    expect(await tryTo(shopper.client, qdrive.get, { fileId })).toMatchObject(
      refused('GRANT_REVOKED', { grant: shopper.grant }),
    );
  });

  it('is nobody once its time is over', async () => {
    const guest = await agentOf(served, alice, 'guest', { exp_s: now_s() + HOUR_S });
    expect(await guest.client.result(qdrive.get, { fileId })).toMatchObject({ code: 'SUCCESS' });
    served.clock.offset_ms = 2 * HOUR_S * 1000;
    expect(await tryTo(guest.client, qdrive.get, { fileId })).toMatchObject(
      refused('GRANT_EXPIRED'),
    );
    await served.node.restart();
    expect(await tryTo(guest.client, qdrive.get, { fileId })).toMatchObject(
      refused('GRANT_EXPIRED'),
    );
  });

  it('has left the books whole', async () => {
    const { items } = await clientOf(served, alice).call(qwallet.accounts, {});
    // Twenty, less seven of the shopper, two of the racer and three of the minion's helper.
    expect(items).toMatchObject([{ available: '8', held: '0' }]);
    expect(served.node.errors).toEqual([]);
  });
});
