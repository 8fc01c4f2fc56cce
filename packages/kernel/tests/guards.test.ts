import { setImmediate as turn } from 'node:timers/promises';
import { startTestNode, type Actor, type TestNode } from '@anarq/testing';
import fc from 'fast-check';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { counts, lab, labModule, type LabHandlers } from './lab.ts';
import { codeOf, countCodes } from './support.ts';

let node: TestNode;
let ana: Actor;
let work: NonNullable<LabHandlers['work']> = () => ({ text: '' });
let people = 0;

beforeAll(async () => {
  node = await startTestNode({
    modules: [],
    extra: [labModule({ work: (input, ctx) => work(input, ctx) })],
  });
});
afterAll(() => node.close());
beforeEach(async () => {
  people += 1;
  ana = await node.person(`ana ${people}`);
  node.errors.length = 0;
});

const TAKEN =
  'SELECT coalesce(sum(count), 0) FROM lab_count WHERE tenant = :tenant AND owner = :owner';

/** Takes some of what the caller may have in all, after a few turns of the loop. */
const taking =
  (max: number): NonNullable<LabHandlers['work']> =>
  async (input, ctx) => {
    const [adding = 1, before = 0, after = 0] = (input.arg ?? '').split(' ').map(Number);
    const owner = ctx.call.subject;
    for (let i = 0; i < before; i++) await turn();
    await ctx.atMost({
      of: 'takings',
      max,
      per: owner,
      adding,
      count: TAKEN,
      params: { owner },
      message: (left) => `${left} are left.`,
    });
    for (let i = 0; i < after; i++) await turn();
    ctx.rows(counts).insert({ id: ctx.id('taken'), count: adding, seen: [] });
    return { text: '' };
  };

const takenBy = async (who: Actor): Promise<number> => {
  const [row] = await node.store.read(
    'SELECT coalesce(sum(count), 0) AS n FROM lab_count WHERE owner = :owner',
    { owner: who.did },
  );
  return Number(row?.['n']);
};

describe('a limit on how many there may be', () => {
  it('is reached and not passed by many calls at once', async () => {
    work = taking(7);
    const answers = await Promise.all(
      Array.from({ length: 40 }, () => ana.result(lab.work, { arg: '1' })),
    );
    expect(countCodes(answers)).toEqual({ SUCCESS: 7, LIMIT_EXCEEDED: 33 });
    expect(await takenBy(ana)).toBe(7);
    expect(await ana.result(lab.work, { arg: '1' })).toMatchObject({
      code: 'LIMIT_EXCEEDED',
      message: '0 are left.',
      details: { limit: 'takings', maximum: 7 },
    });
  });

  it('is each owner’s own', async () => {
    work = taking(1);
    const ben = await node.person(`ben ${people}`);
    expect(codeOf(await ana.result(lab.work, { arg: '1' }))).toBe('SUCCESS');
    expect(codeOf(await ben.result(lab.work, { arg: '1' }))).toBe('SUCCESS');
    expect(codeOf(await ben.result(lab.work, { arg: '1' }))).toBe('LIMIT_EXCEEDED');
  });

  it('holds in every interleaving, and leaves out only what found no room', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: 12 }),
        fc.array(
          fc.record({
            adding: fc.integer({ min: 1, max: 5 }),
            before: fc.integer({ min: 0, max: 4 }),
            after: fc.integer({ min: 0, max: 4 }),
          }),
          { minLength: 1, maxLength: 12 },
        ),
        async (max, calls) => {
          people += 1;
          const who = await node.person(`caller ${people}`);
          work = taking(max);
          const answers = await Promise.all(
            calls.map(({ adding, before, after }) =>
              who.result(lab.work, { arg: `${adding} ${before} ${after}` }),
            ),
          );
          const taken = calls.filter((_, i) => answers[i]?.status === 'ok');
          const sum = taken.reduce((total, { adding }) => total + adding, 0);
          expect(await takenBy(who)).toBe(sum);
          expect(sum).toBeLessThanOrEqual(max);
          for (const [i, { adding }] of calls.entries())
            if (answers[i]?.status === 'error') {
              expect(answers[i]?.code).toBe('LIMIT_EXCEEDED');
              expect(sum + adding).toBeGreaterThan(max);
            }
        },
      ),
      { numRuns: 25 },
    );
  });
});

describe('a module', () => {
  it('carries into its commit only what a service of the kernel prepared', async () => {
    work = (_, ctx) => {
      ctx.carry([
        {
          sql: "UPDATE kernel_identity SET status = 'suspended' WHERE did = :did",
          params: { did: node.operator.did },
        },
      ]);
      return { text: '' };
    };
    expect(codeOf(await ana.result(lab.work, {}))).toBe('INTERNAL');
    const operator = await node.kernel.services.identities.require(node.operator.did);
    expect(operator.status).toBe('active');
  });

  it('cannot change what was prepared, nor pass off a copy of it', async () => {
    const tamper = [
      (statement: { sql: string }) => {
        statement.sql = 'DELETE FROM kernel_grant';
        return statement;
      },
      (statement: { sql: string }) => ({ ...statement, sql: 'DELETE FROM kernel_grant' }),
    ];
    for (const change of tamper) {
      work = (_, ctx) => {
        const { statements } = ctx.services.identities.prepareStatus(ana.did, 'active');
        ctx.carry(statements.map((statement) => change(statement)));
        return { text: '' };
      };
      expect(codeOf(await ana.result(lab.work, {}))).toBe('INTERNAL');
    }
    work = (_, ctx) => {
      ctx.carry(ctx.services.identities.prepareStatus(ana.did, 'active').statements);
      return { text: 'carried' };
    };
    expect(await ana.call(lab.work, {})).toEqual({ text: 'carried' });
  });
});
