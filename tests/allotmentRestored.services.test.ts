import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { node as nodeContract } from '@anarq/node-module/contract';
import { startNodeProcess, type NodeProcess } from '@anarq/testing';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import {
  allotmentWorld,
  done,
  operatorOf,
  within,
  type Allotment,
  type AllotmentWorld,
  type Report,
} from './allotmentWorld.ts';
import { foldersOf } from './purchaseWorld.ts';
import { q } from './qCommand.ts';

/**
 * A node that took an allotment of 10 and spent 3 of it, was killed while a purchase held 3 more, and
 * was backed up, as was the node that gave it. Then it went on: it ended the purchase, bought once
 * more, took another allotment of 3, spent that, and returned the first.
 */
let folder: string;
let home: NodeProcess;
let world: AllotmentWorld;
let allotment: Allotment;
let later: Allotment;
let report: Report;
/** How the old node was ended midway, and what it spent in the end of the one and the other. */
let old: { readonly endedBy: string | null; readonly spent: readonly (string | undefined)[] };
const running = new Set<NodeProcess>();

const at = (name: string) => join(folder, name);
const start = async (dataFolder: string, keysFolder: string, killAt?: string) => {
  const node = await startNodeProcess({
    dataFolder,
    keysFolder,
    ...(killAt === undefined ? {} : { killAt }),
  });
  running.add(node);
  return node;
};
const startNode = (name: string, killAt?: string) => {
  const { dataFolder, keysFolder } = foldersOf(at(name));
  return start(dataFolder, keysFolder, killAt);
};
const run = async (...args: string[]) => {
  const ended = await q(...args, '--json');
  expect([args[0], ended.code, ended.stderr]).toEqual([args[0], 0, '']);
};
const keysOf = (name: string) => foldersOf(at(name)).keysFolder;
/** A restored copy of a node, still fenced. */
const restored = async (of: string, name: string): Promise<string> => {
  await run('restore', at(`backups of ${of}`), '--data', at(name), '--keys', keysOf(of));
  return at(name);
};
const unfence = (dataFolder: string, ...more: string[]) =>
  run('unfence', '--data', dataFolder, '--i-know-the-old-one-is-gone', ...more);

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'q-allotments-'));
  home = await startNode('home');
  let away = await startNode('away');
  world = await allotmentWorld(
    { address: home.address, folder: at('home') },
    { address: away.address, folder: at('away') },
  );
  const { allot, take, buy, giveBack, stateAt } = within(world);
  allotment = await done(allot(home, '10'));
  await done(take(away, allotment));
  await done(buy(away));
  await away.stop();
  away = await startNode('away', 'after-step qmarket.purchase hold');
  await buy(away, 'killed');
  const endedBy = await away.exited;
  for (const name of ['away', 'home'])
    await run('backup', at(`backups of ${name}`), '--data', foldersOf(at(name)).dataFolder);

  away = await startNode('away');
  await done(buy(away, 'killed'));
  later = await done(allot(home, '3'));
  await done(take(away, later));
  for (const _ of [1, 2]) await done(buy(away));
  report = await done(giveBack(away, allotment));
  old = { endedBy, spent: [report.spent, (await stateAt(away, later))?.spent] };
  await away.stop();
}, 240_000);

afterAll(async () => {
  await Promise.all([...running].map((node) => node.stop()));
  await rm(folder, { recursive: true, force: true });
});

describe('a restored copy of a node that took an allotment', () => {
  it('spends nothing more of what the old node had, and tells nothing of it', async () => {
    const { allot, take, buy, giveBack, budgetAt, stateAt, moneyAt } = within(world);
    expect(old).toEqual({ endedBy: 'SIGKILL', spent: ['9', '3'] });
    const dataFolder = await restored('away', 'copy');
    let copy = await start(dataFolder, keysOf('away'));
    expect((await buy(copy)).code).toBe('NODE_FENCED');
    expect((await giveBack(copy, allotment)).code).toBe('NODE_FENCED');
    await copy.stop();
    await unfence(dataFolder);

    copy = await start(dataFolder, keysOf('away'));
    expect(await stateAt(copy, allotment)).toMatchObject({ state: 'LOST', reserved: '3' });
    const before = await moneyAt(copy);
    expect((await buy(copy)).code).toBe('BUDGET_EXCEEDED');
    expect(await giveBack(copy, allotment)).toMatchObject({
      code: 'STATE_CONFLICT',
      details: { state: 'LOST' },
    });
    // Brought again, it is the same; and one that the copy never saw may have been spent as well.
    expect(await done(take(copy, allotment))).toMatchObject({ state: 'LOST' });
    expect(await take(copy, later)).toMatchObject({ code: 'STATE_CONFLICT' });
    expect((await buy(copy)).code).toBe('BUDGET_EXCEEDED');
    expect(await moneyAt(copy)).toBe(before);
    expect(await budgetAt(home)).toEqual({ spent: '0', reserved: '13', left: '7' });

    // A person ends what was under way: what it held is free, and still nobody's.
    const operator = await operatorOf(copy.address, at('away'));
    const { items } = await operator.call(nodeContract.processes, {});
    const [waiting] = items;
    expect(items).toMatchObject([{ operation: 'qmarket.purchase', state: 'NEEDS_ATTENTION' }]);
    const processId = waiting?.processId ?? '';
    await operator.call(nodeContract.abandonProcess, { processId });
    await vi.waitFor(
      async () =>
        expect(await stateAt(copy, allotment)).toMatchObject({
          state: 'LOST',
          spent: '3',
          reserved: '0',
        }),
      { timeout: 30_000, interval: 200 },
    );
    expect((await buy(copy)).code).toBe('BUDGET_EXCEEDED');
    expect((await giveBack(copy, allotment)).code).toBe('STATE_CONFLICT');

    // What was surely set aside after the old node was gone is the copy's.
    const expiresAt = new Date(Date.now() + 24 * 3_600_000).toISOString();
    await done(take(copy, await done(allot(home, '3', { expiresAt }))));
    expect((await buy(copy)).code).toBe('SUCCESS');
    expect((await buy(copy)).code).toBe('BUDGET_EXCEEDED');
    await copy.stop();
  }, 240_000);

  it('goes on with it, and reports it, where the copy lacks nothing of the old node', async () => {
    const { buy, giveBack, stateAt } = within(world);
    const dataFolder = await restored('away', 'newest');
    await unfence(dataFolder, '--nothing-is-missing');
    const copy = await start(dataFolder, keysOf('away'));
    await done(buy(copy, 'killed'));
    expect(await stateAt(copy, allotment)).toMatchObject({ state: 'OPEN', spent: '6' });
    expect(await done(giveBack(copy, allotment))).toMatchObject({ spent: '6' });
    await copy.stop();
  }, 240_000);
});

describe('a restored copy of a node that gave an allotment', () => {
  it('is told what was spent of it, and frees nothing, which the old node may have spent', async () => {
    const { allot, settle, budgetAt } = within(world);
    const dataFolder = await restored('home', 'home copy');
    await unfence(dataFolder);
    const copy = await start(dataFolder, keysOf('home'));
    expect(await budgetAt(copy)).toMatchObject({ left: '0' });
    expect(await done(settle(copy, report))).toMatchObject({ state: 'CLOSED', spent: '9' });
    expect(await budgetAt(copy)).toMatchObject({ left: '0' });
    expect((await allot(copy, '1')).code).toBe('BUDGET_EXCEEDED');
    await copy.stop();
  }, 240_000);
});
