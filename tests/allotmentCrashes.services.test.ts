import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startNodeProcess, type NodeProcess } from '@anarq/testing';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { allotmentWorld, done, within } from './allotmentWorld.ts';
import { startApart } from './apartWorld.ts';
import { foldersOf } from './purchaseWorld.ts';

let folder: string;
const running = new Set<{ stop(): Promise<void> }>();
const kept = <T extends { stop(): Promise<void> }>(node: T): T => {
  running.add(node);
  return node;
};
const at = (name: string) => join(folder, name);
const start = async (name: string, killAt?: string): Promise<NodeProcess> =>
  kept(
    await startNodeProcess({
      ...foldersOf(at(name)),
      ...(killAt === undefined ? {} : { killAt }),
    }),
  );
/** That a call ended its node with kill -9, and was answered by nobody. */
const killed = async (node: NodeProcess, call: Promise<{ readonly status: string }>) => {
  expect((await call).status).toBe('error');
  expect(await node.exited).toBe('SIGKILL');
};

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'q-allotments-'));
});
afterEach(async () => {
  await Promise.all([...running].map((node) => node.stop()));
  running.clear();
  await rm(folder, { recursive: true, force: true });
});

describe('a node that is killed with kill -9', () => {
  it('loses no part of the budget and doubles none, on each side of what each of the two writes', async () => {
    let [home, away] = [await start('home'), await start('away')];
    const world = await allotmentWorld(
      { address: home.address, folder: at('home') },
      { address: away.address, folder: at('away') },
    );
    const { allot, take, buy, giveBack, settle, budgetAt, stateAt, moneyAt } = within(world);
    const again = async (node: NodeProcess, name: string, killAt?: string) => {
      await node.stop();
      return start(name, killAt);
    };

    // Set aside: before it was written it is nothing, and after it is what the same key asks for.
    home = await again(home, 'home', 'before-commit qonsent.allot');
    await killed(home, allot(home, '6', {}, 'first'));
    home = await again(home, 'home', 'after-commit qonsent.allot');
    expect(await budgetAt(home)).toEqual({ spent: '0', reserved: '0', left: '20' });
    await killed(home, allot(home, '6', {}, 'first'));
    home = await again(home, 'home', 'before-commit qonsent.settleAllotment');
    expect(await budgetAt(home)).toEqual({ spent: '0', reserved: '6', left: '14' });
    const allotment = await done(allot(home, '6', {}, 'first'));
    expect(await done(allot(home, '6', {}, 'first'))).toEqual(allotment);
    expect(await budgetAt(home)).toEqual({ spent: '0', reserved: '6', left: '14' });

    // Taken: once, whether the answer came or not.
    away = await again(away, 'away', 'before-commit qonsent.takeAllotment');
    await killed(away, take(away, allotment));
    away = await again(away, 'away', 'after-commit qonsent.takeAllotment');
    expect(await stateAt(away, allotment)).toBeUndefined();
    await killed(away, take(away, allotment));
    away = await again(away, 'away', 'before-commit qonsent.returnAllotment');
    expect(await done(take(away, allotment))).toMatchObject({ state: 'OPEN', spent: '0' });
    expect((await buy(away)).code).toBe('SUCCESS');

    // Returned: open until it is written, and from then on one report.
    await killed(away, giveBack(away, allotment));
    away = await again(away, 'away', 'after-commit qonsent.returnAllotment');
    expect(await stateAt(away, allotment)).toMatchObject({ state: 'OPEN', spent: '3' });
    await killed(away, giveBack(away, allotment));
    away = await again(away, 'away');
    expect(await stateAt(away, allotment)).toMatchObject({ state: 'CLOSED', spent: '3' });
    expect((await buy(away)).code).toBe('BUDGET_EXCEEDED');
    const report = await done(giveBack(away, allotment));
    expect(await done(giveBack(away, allotment))).toEqual(report);

    // Settled: all of it or nothing, and once.
    await killed(home, settle(home, report));
    home = await again(home, 'home', 'after-commit qonsent.settleAllotment');
    expect(await budgetAt(home)).toEqual({ spent: '0', reserved: '6', left: '14' });
    await killed(home, settle(home, report));
    home = await again(home, 'home');
    expect(await budgetAt(home)).toEqual({ spent: '3', reserved: '0', left: '17' });
    expect(await done(settle(home, report))).toMatchObject({ state: 'CLOSED', spent: '3' });
    expect(await budgetAt(home)).toEqual({ spent: '3', reserved: '0', left: '17' });
    expect(await moneyAt(away)).toBe('97');
  }, 240_000);
});

describe('an allotment of which a call holds a part', () => {
  it('is not returned before the call ended, and then with what it spent', async () => {
    const home = await start('home');
    const away = kept(await startApart(at('away')));
    const world = await allotmentWorld(
      { address: home.address, folder: at('home') },
      { address: away.front.address, folder: at('away') },
    );
    const { allot, take, buy, giveBack, settle, budgetAt, stateAt } = within(world);
    const allotment = await done(allot(home, '6'));
    await done(take(away.front, allotment));
    // The purchase is admitted, and gets no further: where the money is, nobody answers.
    await away.money.kill();
    expect((await buy(away.front, 'the-purchase')).status).toBe('error');
    expect(await stateAt(away.front, allotment)).toMatchObject({ spent: '0', reserved: '3' });
    expect(await giveBack(away.front, allotment)).toMatchObject({
      code: 'STATE_CONFLICT',
      details: { state: 'HELD' },
    });
    expect(await stateAt(away.front, allotment)).toMatchObject({ state: 'OPEN', reserved: '3' });
    await away.startMoney();
    await vi.waitFor(
      async () =>
        expect(await stateAt(away.front, allotment)).toMatchObject({ spent: '3', reserved: '0' }),
      { timeout: 120_000, interval: 500 },
    );
    const report = await done(giveBack(away.front, allotment));
    expect(report).toMatchObject({ spent: '3', amount: '6' });
    await done(settle(home, report));
    expect(await budgetAt(home)).toEqual({ spent: '3', reserved: '0', left: '17' });
  }, 240_000);
});
