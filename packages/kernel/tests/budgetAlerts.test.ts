import { startTestNode, type Actor, type TestNode } from '@anarq/testing';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { lab, labModule, type LabHandlers } from './lab.ts';
import { codeOf, countCodes, grant } from './support.ts';

let node: TestNode;
let ana: Actor;
let ben: Actor;
let cleo: Actor;
let count = 0;
let buy: NonNullable<LabHandlers['buy']>;

beforeAll(async () => {
  node = await startTestNode({
    modules: ['squid', 'qonsent'],
    extra: [labModule({ buy: (input, ctx) => buy(input, ctx) })],
  });
});
afterAll(() => node.close());
beforeEach(async () => {
  count += 1;
  ana = await node.person(`ana ${count}`);
  ben = await node.person(`ben ${count}`);
  cleo = await node.person(`cleo ${count}`);
});

const payAs = (who: Actor, amount: string, really?: string) =>
  who.result(
    lab.pay,
    { amount, unit: 'EUR', ...(really === undefined ? {} : { really }) },
    { subject: ana.did },
  );
/** What was told of a budget, in its order. */
async function alertsOf(cid: string) {
  const rows = await node.store.read(
    `SELECT module, tenant, data FROM kernel_outbox
     WHERE topic = 'q.qonsent.budget.alert.v1' AND subject = :cid ORDER BY seq`,
    { cid },
  );
  return rows.map((row) => ({
    ...(JSON.parse(String(row['data'])) as { level: string }),
    by: row['module'],
    tenant: row['tenant'],
  }));
}
const levelsOf = async (cid: string) => (await alertsOf(cid)).map(({ level }) => level);
const LEVELS = ['WARNING', 'CRITICAL', 'CUTOFF'];

describe('a budget tells', () => {
  it('its issuer and its holder when it is spent to 80, 95 and 100 percent, once each', async () => {
    const cid = await grant(node, ana, ben.did, { budget: { unit: 'EUR', total: '10.00' } });
    const steps = [
      ['7.99', []],
      ['0.01', ['WARNING']],
      ['1.49', ['WARNING']],
      ['0.01', ['WARNING', 'CRITICAL']],
      ['0.49', ['WARNING', 'CRITICAL']],
      ['0.01', LEVELS],
    ] as const;
    for (const [amount, levels] of steps) {
      expect(codeOf(await payAs(ben, amount))).toBe('SUCCESS');
      expect(await levelsOf(cid)).toEqual(levels);
    }
    expect(codeOf(await payAs(ben, '0.01'))).toBe('BUDGET_EXCEEDED');
    expect(codeOf(await payAs(ben, '0'))).toBe('SUCCESS');
    const facts = { grant: cid, issuer: ana.did, audience: ben.did, unit: 'EUR', total: '10.00' };
    expect(await alertsOf(cid)).toEqual(
      [80, 95, 100].map((percent, place) => ({
        ...facts,
        level: LEVELS[place],
        percent,
        by: 'qonsent',
        tenant: node.kernel.node.tenant,
      })),
    );
  });

  it('all levels that one call passes, and those of each link of a chain by its own total', async () => {
    const root = await grant(node, ana, ben.did, { budget: { unit: 'EUR', total: '10' } });
    const below = await grant(node, ben, cleo.did, {
      subject: ana.did,
      budget: { unit: 'EUR', total: '8' },
      proof: root,
    });
    expect(codeOf(await payAs(cleo, '8'))).toBe('SUCCESS');
    expect(await levelsOf(root)).toEqual(['WARNING']);
    expect(await levelsOf(below)).toEqual(LEVELS);
    expect((await alertsOf(below))[0]).toMatchObject({ issuer: ben.did, audience: cleo.did });
  });

  it('nothing of what was only asked for: it counts what was spent', async () => {
    const cid = await grant(node, ana, ben.did, { budget: { unit: 'EUR', total: '10' } });
    expect(codeOf(await payAs(ben, '10', '5'))).toBe('SUCCESS');
    expect(await levelsOf(cid)).toEqual([]);
  });

  it('nothing where there is no total', async () => {
    const cid = await grant(node, ana, ben.did, { budget: { unit: 'EUR', perCall: '5' } });
    for (const amount of ['5', '5']) expect(codeOf(await payAs(ben, amount))).toBe('SUCCESS');
    expect(await levelsOf(cid)).toEqual([]);
  });

  it('each level once, however many calls pass it at once', async () => {
    const cid = await grant(node, ana, ben.did, { budget: { unit: 'EUR', total: '3' } });
    const answers = await Promise.all(Array.from({ length: 25 }, () => payAs(ben, '0.15')));
    expect(countCodes(answers)).toEqual({ SUCCESS: 20, BUDGET_EXCEEDED: 5 });
    expect(await levelsOf(cid)).toEqual(LEVELS);
  });

  it('when a process ends, of what that really used', async () => {
    const cid = await grant(node, ana, ben.did, { budget: { unit: 'EUR', total: '10' } });
    const buyAs = (amount: string) =>
      ben.result(lab.buy, { amount, unit: 'EUR' }, { subject: ana.did });
    let meanwhile: unknown;
    buy = async (_, ctx) => {
      await ctx.step('pay', lab.pay, { amount: '8', unit: 'EUR' });
      meanwhile = await levelsOf(cid);
      ctx.spent('8');
      return { text: '' };
    };
    expect(codeOf(await buyAs('10'))).toBe('SUCCESS');
    expect(meanwhile).toEqual([]);
    expect(await levelsOf(cid)).toEqual(['WARNING']);
    buy = async (_, ctx) => {
      await ctx.step('reject', lab.reject, {});
      return { text: '' };
    };
    expect(codeOf(await buyAs('2'))).toBe('STATE_CONFLICT');
    expect(await levelsOf(cid)).toEqual(['WARNING']);
  });
});
