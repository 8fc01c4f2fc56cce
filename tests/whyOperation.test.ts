import { createClient, http, mcp, type Client } from '@anarq/common-clients';
import type { Result } from '@anarq/common-schemas';
import { qerberos } from '@anarq/qerberos/contract';
import { qmarket } from '@anarq/qmarket/contract';
import { qwallet } from '@anarq/qwallet/contract';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { agentOf, give, offer, PRICE, type Agent } from './delegates.ts';
import {
  bringIn,
  clientOf,
  contracts,
  fund,
  startServedNode,
  UNIT,
  type Party,
  type ServedNode,
} from './servedNode.ts';

let served: ServedNode;
let alice: Party;
let bob: Party;
let eve: Party;
let agent: Agent;

beforeAll(async () => {
  served = await startServedNode();
  [alice, bob, eve] = [
    await bringIn(served, 'alice'),
    await bringIn(served, 'bob'),
    await bringIn(served, 'eve'),
  ];
  await fund(served, alice, '100');
  agent = await agentOf(served, alice, 'payer', {
    command: '/',
    budget: { unit: UNIT, total: '30', perCall: '8' },
  });
}, 60_000);
afterAll(() => served.close());

const clientFor = (party: Party): Client => clientOf(served, party);
const pay = (client: Client, amount: string): Promise<Result<unknown>> =>
  client.result(
    qwallet.pay,
    { amount, unit: UNIT, recipients: [{ identity: bob.did, amount }] },
    { retry: false },
  );
const cidOf = (answer: Result<unknown>): string => {
  if (answer.cid === undefined) throw new Error(answer.message);
  return answer.cid;
};
const notFound = (answer: Result<unknown>) => expect(answer.code).toBe('QINDEX_NOT_FOUND');

describe('why', () => {
  it('says who, under which grant, within which budget before and after, at what cost', async () => {
    const cid = cidOf(await pay(agent.client, '4'));
    const told = await clientFor(alice).call(qerberos.why, { record: cid });
    expect(told).toMatchObject({
      record: cid,
      op: 'qwallet.pay',
      code: 'SUCCESS',
      actor: agent.did,
      subject: alice.did,
      signedBy: 'custodian',
      surface: 'http',
      changeableBy: alice.did,
      ceiling: { amount: '4', unit: UNIT },
      cost: { amount: '4', unit: UNIT },
      chains: [
        [
          {
            grant: agent.grant,
            issuer: alice.did,
            audience: agent.did,
            command: '/',
            inForce: true,
            budgets: [
              {
                counts: 'amount',
                unit: UNIT,
                total: '30',
                before: { spent: '0', reserved: '0' },
                after: { spent: '4', reserved: '0' },
              },
            ],
          },
        ],
      ],
    });
    expect(told.rule).toContain('the grant covers');
  });

  it('is answered the same over MCP, and to the agent as to its owner', async () => {
    const cid = cidOf(await pay(agent.client, '1'));
    const overMcp = createClient({
      contracts,
      transport: mcp({ url: `${served.url}/mcp`, token: agent.token }),
    });
    const told = await clientFor(alice).call(qerberos.why, { record: cid });
    expect(await overMcp.call(qerberos.why, { record: cid })).toEqual(told);
    expect(await agent.client.call(qerberos.why, { record: cid })).toEqual(told);
  });

  it('knows exactly how a budget stood around each of many calls at once', async () => {
    const racer = await agentOf(served, alice, 'racer', {
      command: '/',
      budget: { unit: UNIT, total: '5' },
    });
    const { client } = racer;
    const paid = await Promise.all(Array.from({ length: 8 }, () => pay(client, '0.5')));
    const stands = await Promise.all(
      paid.map(async (answer) => {
        const { chains } = await client.call(qerberos.why, { record: cidOf(answer) });
        const [budget] = chains[0]?.[0]?.budgets ?? [];
        return Number(budget?.after.spent);
      }),
    );
    // Each of them left the budget as no other did.
    expect(stands.toSorted((a, b) => a - b)).toEqual(
      Array.from({ length: 8 }, (_, i) => (i + 1) * 0.5),
    );
  });

  it('says of a process what it held and spent, and how long each step took', async () => {
    const { listingId } = await offer(served, bob, 'fields');
    const bought = await agent.client.result(qmarket.purchase, {
      listingId,
      maxPrice: '8',
      unit: UNIT,
    });
    const told = await clientFor(alice).call(qerberos.why, { record: cidOf(bought) });
    const [budget] = told.chains[0]?.[0]?.budgets ?? [];
    expect(budget).toMatchObject({
      before: { spent: '5', reserved: '0' },
      after: { spent: String(5 + Number(PRICE)), reserved: '0' },
    });
    expect(told).toMatchObject({
      kind: 'admission',
      outcome: 'SUCCESS',
      ceiling: { amount: '8' },
      cost: { amount: PRICE },
    });
    const outcome = told.steps.find(({ kind }) => kind === 'outcome');
    expect(outcome).toMatchObject({ code: 'SUCCESS', cost: { amount: PRICE, unit: UNIT } });
    const hold = told.steps.find(({ op }) => op === 'qwallet.reserve');
    for (const step of [outcome, hold])
      expect(step).toMatchObject({ latency: { handle_us: expect.any(Number) } });
    expect(told.latency).toMatchObject({ admit_us: expect.any(Number) });
    for (const micros of [told, outcome, hold].flatMap((one) => Object.values(one?.latency ?? {})))
      expect(micros).toBeGreaterThanOrEqual(0);
  });

  it('says of a refusal which rule, limit and link, also by the id of its request', async () => {
    const refused = await pay(agent.client, '8.5');
    if (refused.status === 'ok') throw new Error('not refused');
    let told: Result<unknown> | undefined;
    // Refusals are recorded once a second.
    await expect
      .poll(
        async () => {
          const record = refused.requestId;
          told = await clientFor(alice).result(qerberos.why, { record }, { retry: false });
          return told.code;
        },
        { timeout: 10_000 },
      )
      .toBe('SUCCESS');
    expect(told).toMatchObject({
      data: {
        code: 'BUDGET_EXCEEDED',
        kind: 'denials',
        limit: { perCall: '8', asked: '8.5', unit: UNIT },
        changeableBy: alice.did,
      },
    });
  });

  it('is told to nobody whom the record does not concern', async () => {
    const cid = cidOf(await pay(agent.client, '1'));
    notFound(await clientFor(eve).result(qerberos.why, { record: cid }));
    const asAlice = { subject: alice.did };
    expect((await clientFor(eve).result(qerberos.why, { record: cid }, asAlice)).code).toBe(
      'QONSENT_DENIED',
    );
    notFound(await clientFor(alice).result(qerberos.why, { record: 'req_nobody' }));
    const unproved = createClient({ contracts, transport: http({ url: served.url }) });
    expect((await unproved.result(qerberos.why, { record: cid })).code).toBe('QLOCK_AUTH_FAIL');
  });

  it('shows a link between others as that, and nothing of it', async () => {
    // Alice to Bob, with a budget, and Bob to Eve: Eve pays for Alice, so the record is hers too.
    const budget = { unit: UNIT, total: '4' };
    const above = await give(served, alice, bob, { command: '/', budget });
    const below = await give(served, bob, eve, { command: '/', subject: alice.did }, above);
    const paid = await clientFor(eve).result(
      qwallet.pay,
      { amount: '2', unit: UNIT, recipients: [{ identity: bob.did, amount: '2' }] },
      { subject: alice.did, grant: below, retry: false },
    );
    const record = cidOf(paid);
    const toEve = await clientFor(eve).call(qerberos.why, { record });
    expect(toEve.chains).toEqual([
      [
        expect.objectContaining({ grant: below, issuer: bob.did, audience: eve.did }),
        { grant: above, budgets: [] },
      ],
    ]);
    const toAlice = await clientFor(alice).call(qerberos.why, { record });
    expect(toAlice.chains[0]?.[1]).toMatchObject({
      grant: above,
      issuer: alice.did,
      budgets: [{ total: '4', after: { spent: '2' } }],
    });
  });
});
