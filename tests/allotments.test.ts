import { randomUUID } from 'node:crypto';
import type { InputOf, JsonValue, OutputOf } from '@anarq/common-schemas';
import {
  canonicalJson,
  deriveKeys,
  generateSeed,
  signHybrid,
  toBase64url,
  utf8,
} from '@anarq/crypto';
import { genesisFrom } from '@anarq/kernel';
import { qonsent } from '@anarq/qonsent/contract';
import { qwallet } from '@anarq/qwallet/contract';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { give, register, signedBy } from './delegates.ts';
import {
  bornAtHome,
  bringIn,
  clientOf,
  fund,
  startServedNode,
  UNIT,
  type Party,
  type ServedNode,
} from './servedNode.ts';

/**
 * Two nodes over HTTP. Home counts the budget of a grant; away is where its holder spends. Whatever
 * is forged, replayed, lost or said twice between them, the two together never spend more.
 */
let home: ServedNode;
let away: ServedNode;
let owner: Party;
let holder: Party;
let shop: Party;
let grant: string;

beforeAll(async () => {
  home = await startServedNode();
  away = await startServedNode();
  const born = [bornAtHome(Date.now() - 60_000), bornAtHome(Date.now() - 60_000)] as const;
  for (const served of [home, away]) {
    owner = await bringIn(served, 'owner', born[0]);
    holder = await bringIn(served, 'holder', born[1]);
  }
  shop = await bringIn(away, 'shop');
  await fund(away, owner, '100');
}, 60_000);
afterAll(async () => {
  await home.close();
  await away.close();
});
beforeEach(async () => {
  grant = await giveBoth({ total: '10' });
});
afterEach(async () => {
  for (const served of [home, away]) await clientOf(served, owner).call(qonsent.revoke, { grant });
});

const didOf = ({ node }: ServedNode) => node.kernel.node.did;
type Limits = { total?: string; perCall?: string; perDay?: string };

/** The same delegation, registered by its giver on both nodes. */
async function giveBoth(limits: Limits): Promise<string> {
  const terms = { command: '/', budget: { unit: UNIT, ...limits, node: didOf(home) } };
  const token = signedBy(owner, holder, terms);
  for (const served of [home, away]) {
    const answer = await register(served, owner, holder, token, { command: '/' });
    if (answer.status === 'error') throw new Error(`${answer.code}: ${answer.message}`);
    grant = answer.data.grant;
  }
  return grant;
}

type Allotment = OutputOf<typeof qonsent.allot>;
type Report = OutputOf<typeof qonsent.returnAllotment>;
const allot = (
  amount: string,
  more: Partial<InputOf<typeof qonsent.allot>> = {},
  key = randomUUID(),
) =>
  clientOf(home, holder).result(
    qonsent.allot,
    { grant, node: didOf(away), amount, ...more },
    { idempotencyKey: key, retry: false },
  );
const allotted = async (amount: string, more = {}): Promise<Allotment> => {
  const answer = await allot(amount, more);
  if (answer.status === 'error') throw new Error(answer.message);
  return answer.data;
};
const take = (allotment: Allotment, served = away) =>
  clientOf(served, holder).result(qonsent.takeAllotment, allotment, { retry: false });
const giveBack = ({ allotmentId }: Allotment) =>
  clientOf(away, holder).result(qonsent.returnAllotment, { grant, allotmentId }, { retry: false });
const returned = async (allotment: Allotment): Promise<Report> => {
  const answer = await giveBack(allotment);
  if (answer.status === 'error') throw new Error(answer.message);
  return answer.data;
};
const settle = (report: Report) =>
  clientOf(home, holder).result(qonsent.settleAllotment, report, { retry: false });
const pay = (amount: string) =>
  clientOf(away, holder).result(
    qwallet.pay,
    { amount, unit: UNIT, recipients: [{ identity: shop.did, amount }] },
    { subject: owner.did, idempotencyKey: randomUUID(), retry: false },
  );
const code = async (answer: Promise<{ readonly code: string }>) => (await answer).code;
const atHome = async () => {
  const { budgets } = await clientOf(home, owner).call(qonsent.budget, { grant });
  const [{ spent, reserved, left } = {}] = budgets;
  return { spent, reserved, left };
};
const received = async () => {
  const { items } = await clientOf(away, shop).call(qwallet.accounts, {});
  return Number(items.find(({ unit }) => unit === UNIT)?.available ?? 0);
};

/** A node that somebody made up, and what it signs. */
function madeUp() {
  const seed = generateSeed();
  const facts = { kind: 'node' as const, controller: owner.did, now_ms: Date.now() };
  const { did, document } = genesisFrom(seed, facts);
  const sign = <T extends object>(type: string, statement: T) => ({
    ...statement,
    signature: toBase64url(
      signHybrid(deriveKeys(seed, { index: 0 }), type, utf8(canonicalJson({ ...statement, type }))),
    ),
    document: JSON.parse(JSON.stringify(document)) as JsonValue,
  });
  return { did, sign };
}

describe('a grant whose budget another node counts', () => {
  it('spends nothing without an allotment, and then as much as was set aside', async () => {
    expect(await pay('1')).toMatchObject({
      code: 'BUDGET_EXCEEDED',
      details: { why: { grant, limit: { countedBy: didOf(home), left: '0' } } },
    });
    const before = await received();
    const allotment = await allotted('6');
    expect(await atHome()).toEqual({ spent: '0', reserved: '6', left: '4' });
    expect(await take(allotment)).toMatchObject({ data: { side: 'TAKEN', state: 'OPEN' } });
    expect(await code(pay('4'))).toBe('SUCCESS');
    expect(await pay('2.000001')).toMatchObject({
      code: 'BUDGET_EXCEEDED',
      details: { why: { limit: { left: '2' } } },
    });
    const report = await returned(allotment);
    expect(report).toMatchObject({ spent: '4', amount: '6' });
    expect(await code(pay('1'))).toBe('BUDGET_EXCEEDED');
    expect(await settle(report)).toMatchObject({ data: { state: 'CLOSED', spent: '4' } });
    expect(await atHome()).toEqual({ spent: '4', reserved: '0', left: '6' });
    expect((await received()) - before).toBe(4);
  });

  it('never spends more on both than its budget, whoever asks at once', async () => {
    const before = await received();
    const answers = await Promise.all(['4', '4', '4', '4'].map((amount) => allot(amount)));
    const given = answers.flatMap((answer) => (answer.status === 'ok' ? [answer.data] : []));
    expect(answers.map((answer) => answer.code).toSorted()).toEqual([
      'BUDGET_EXCEEDED',
      'BUDGET_EXCEEDED',
      'SUCCESS',
      'SUCCESS',
    ]);
    for (const allotment of given) await take(allotment);
    const paid = await Promise.all(Array.from({ length: 12 }, () => pay('1')));
    expect(paid.filter((answer) => answer.code === 'SUCCESS')).toHaveLength(8);
    expect((await received()) - before).toBe(8);
  });

  it('is bound by the most of a call there, and by periods where it is counted', async () => {
    const wide = grant;
    await giveBoth({ perCall: '2', perDay: '5' });
    for (const served of [home, away])
      await clientOf(served, owner).call(qonsent.revoke, { grant: wide });
    await take(await allotted('5'));
    expect(await allot('1')).toMatchObject({
      code: 'BUDGET_EXCEEDED',
      details: { why: { limit: { perDay: '5', left: '0' } } },
    });
    expect(await code(pay('2.5'))).toBe('BUDGET_EXCEEDED');
    expect(await code(pay('2'))).toBe('SUCCESS');
  });
});

describe('an allotment that somebody tampers with', () => {
  it('is not taken: another amount, time, grant or node than was signed', async () => {
    const allotment = await allotted('3');
    const other = await give(away, owner, holder, { command: '/qdrive' });
    for (const change of [
      { amount: '9' },
      { expiresAt: '2099-01-01T00:00:00Z' },
      { allotmentId: 'allotment_other' },
      { unit: 'EUR' },
      { grant: other },
      { links: [grant, other] },
      { from: didOf(away) },
      { to: didOf(home) },
    ])
      expect([change, await code(take({ ...allotment, ...change }))]).toEqual([
        change,
        'SIGNATURE_INVALID',
      ]);
    expect(await code(pay('1'))).toBe('BUDGET_EXCEEDED');
  });

  it('is not taken from a node that does not count the budget', async () => {
    const { signature: _, document: __, ...statement } = await allotted('3');
    const { did, sign } = madeUp();
    const forged = sign('q.allotment.v1', statement);
    expect(await code(take(forged))).toBe('SIGNATURE_INVALID');
    const own = sign('q.allotment.v1', { ...statement, from: did });
    expect(await code(take(own))).toBe('GRANT_CHAIN_BROKEN');
    expect(await code(pay('1'))).toBe('BUDGET_EXCEEDED');
  });

  it('is not taken by the node that gave it, nor by one that it is not for', async () => {
    const elsewhere = bornAtHome(Date.now());
    const allotment = await allotted('3', { node: elsewhere.did });
    expect(await code(take(allotment))).toBe('GRANT_CHAIN_BROKEN');
    expect(await code(take(await allotted('3'), home))).toBe('GRANT_CHAIN_BROKEN');
    expect(await code(allot('1', { node: didOf(home) }))).toBe('STATE_CONFLICT');
  });

  it('is given to, taken and returned by nobody but the holder, and whom the grant concerns', async () => {
    const allotment = await allotted('3');
    const thief = bornAtHome(Date.now());
    for (const served of [home, away]) await bringIn(served, 'thief', thief);
    const ask = { grant, node: didOf(away), amount: '1' };
    expect(await code(clientOf(home, thief).result(qonsent.allot, ask))).toBe('QINDEX_NOT_FOUND');
    const asThief = clientOf(away, thief);
    expect(await code(asThief.result(qonsent.takeAllotment, allotment))).toBe('QINDEX_NOT_FOUND');
    await take(allotment);
    const { allotmentId } = allotment;
    const stolen = asThief.result(qonsent.returnAllotment, { grant, allotmentId });
    expect(await code(stolen)).toBe('QINDEX_NOT_FOUND');
    expect(await code(asThief.result(qonsent.allotments, { grant }))).toBe('QINDEX_NOT_FOUND');
    expect((await clientOf(away, owner).call(qonsent.allotments, { grant })).items).toHaveLength(1);
  });

  it('is worth what it says once, however often it is brought', async () => {
    const allotment = await allotted('3');
    const answers = await Promise.all([1, 2, 3, 4].map(() => take(allotment)));
    expect(new Set(answers.map((answer) => answer.code))).toEqual(new Set(['SUCCESS']));
    expect(await code(pay('3'))).toBe('SUCCESS');
    expect(await take(allotment)).toMatchObject({ data: { spent: '3', state: 'OPEN' } });
    expect(await code(pay('0.000001'))).toBe('BUDGET_EXCEEDED');
    await returned(allotment);
    expect(await take(allotment)).toMatchObject({ data: { state: 'CLOSED' } });
    expect(await code(pay('0.000001'))).toBe('BUDGET_EXCEEDED');
  });

  it('is open 32 times for a grant at most, also where more are asked for at once', async () => {
    const answers = await Promise.all(Array.from({ length: 48 }, () => allot('0.01')));
    const codes = answers.map((answer) => answer.code);
    expect(codes.filter((each) => each === 'SUCCESS')).toHaveLength(32);
    expect(codes.filter((each) => each === 'LIMIT_EXCEEDED')).toHaveLength(16);
    expect(await atHome()).toMatchObject({ reserved: '0.32' });
  });

  it('lasts a day at most, and no longer than the grant; and is of more than nothing', async () => {
    const tooLong = new Date(Date.now() + 25 * 3_600_000).toISOString();
    expect(await code(allot('1', { expiresAt: tooLong }))).toBe('LIMIT_EXCEEDED');
    expect(await code(allot('0'))).toBe('AMOUNT_INVALID');
    expect(await code(allot('-1'))).toBe('AMOUNT_INVALID');
  });
});

describe('what is left of an allotment', () => {
  it('comes back once, also when it is brought again, or with another story', async () => {
    const allotment = await allotted('6');
    await take(allotment);
    await pay('2');
    const report = await returned(allotment);
    expect(await returned(allotment)).toEqual(report);
    for (const lie of [{ spent: '0' }, { amount: '9' }, { allotmentId: 'allotment_other' }])
      expect(await code(settle({ ...report, ...lie }))).toBe('SIGNATURE_INVALID');
    const answers = await Promise.all([1, 2, 3].map(() => settle(report)));
    expect(answers.map((answer) => answer.code)).toEqual(['SUCCESS', 'SUCCESS', 'SUCCESS']);
    expect(await atHome()).toEqual({ spent: '2', reserved: '0', left: '8' });
  });

  it('is not told by any node but the one that spent it', async () => {
    const allotment = await allotted('6');
    await take(allotment);
    const { signature: _, document: __, ...report } = await returned(allotment);
    const { did, sign } = madeUp();
    const forged = (over: object) => sign('q.allotment.report.v1', { ...report, ...over });
    expect(await code(settle(forged({})))).toBe('SIGNATURE_INVALID');
    expect(await code(settle(forged({ to: did })))).toBe('GRANT_CHAIN_BROKEN');
    // A signature of the right node over an allotment is none over a report.
    const asReport = { ...allotment, spent: '0', closedAt: report.closedAt };
    const { links: _links, expiresAt: _expiresAt, ...mixed } = asReport;
    expect(await code(settle({ ...mixed, to: didOf(home) }))).toBe('SIGNATURE_INVALID');
    expect(await atHome()).toMatchObject({ reserved: '6' });
  });

  it('goes back also when the grant was revoked meanwhile', async () => {
    const allotment = await allotted('6');
    await take(allotment);
    await pay('1');
    for (const served of [home, away])
      await clientOf(served, owner).call(qonsent.revoke, { grant });
    expect(await code(pay('1'))).toBe('QONSENT_DENIED');
    expect(await code(allot('1'))).toBe('QINDEX_NOT_FOUND');
    expect(await code(settle(await returned(allotment)))).toBe('SUCCESS');
    expect(await atHome()).toEqual({ spent: '1', reserved: '0', left: '9' });
  });
});

describe('a crash between two nodes', () => {
  it('loses no part of the budget and doubles none, wherever it comes', async () => {
    const key = randomUUID();
    const first = await allot('6', {}, key);
    await home.node.restart();
    // The answer was lost: the same key is the same allotment.
    const again = await allot('6', {}, key);
    if (first.status === 'error' || again.status === 'error') throw new Error('no allotment');
    expect(again.data).toEqual(first.data);
    expect(await atHome()).toEqual({ spent: '0', reserved: '6', left: '4' });
    await take(again.data);
    await away.node.restart();
    expect(await take(first.data)).toMatchObject({ data: { state: 'OPEN', spent: '0' } });
    expect(await code(pay('5'))).toBe('SUCCESS');
    const report = await returned(first.data);
    await away.node.restart();
    expect(await returned(first.data)).toEqual(report);
    expect(await code(pay('0.5'))).toBe('BUDGET_EXCEEDED');
    await settle(report);
    await home.node.restart();
    expect(await code(settle(report))).toBe('SUCCESS');
    expect(await atHome()).toEqual({ spent: '5', reserved: '0', left: '5' });
  }, 60_000);
});

describe('an allotment whose time is over', () => {
  it('is worth nothing, and goes back all the same', async () => {
    const allotment = await allotted('3');
    await take(allotment);
    const late = await allotted('2');
    away.clock.offset_ms = 3_600_000 + 60_000;
    expect(await code(pay('1'))).toBe('BUDGET_EXCEEDED');
    expect(await code(take(late))).toBe('GRANT_EXPIRED');
    expect(await settle(await returned(allotment))).toMatchObject({ data: { spent: '0' } });
    // Nobody knows of the other what was spent of it: it stays held.
    expect(await atHome()).toEqual({ spent: '0', reserved: '2', left: '8' });
  });
});
