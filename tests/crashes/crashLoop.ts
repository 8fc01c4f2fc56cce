import { killWhileStarting, startNodeProcess } from '@anarq/testing';
import { foldersOf } from '../purchaseWorld.ts';
import { auditBooks, auditLog, auditRecords, type SeenTree } from './audit.ts';
import { Load } from './load.ts';
import { foundCrashWorld, removeCrashWorld } from './world.ts';

export interface CrashCounts {
  kills: number;
  /** Kills before the node had answered anything. */
  killsWhileStarting: number;
  /** Writes that the node said it had done. */
  answered: number;
  purchases: number;
  /** Writes that a kill left without an answer, and that were asked for again under their key. */
  resolved: number;
  events: number;
  /** Records of the log at the end. */
  logged: number;
  problems: string[];
}

/** Books are compared after so many kills, and at the end. */
const BOOKS_EVERY = 10;
const LOAD_MS = 450;
const START_MS = 900;

/**
 * Founds a world, and kills its node with kill -9 at random instants under load; after each, what
 * was answered must be there, and what was not must end once.
 * @param seed of the instants; the machine's own timing adds to it
 */
export async function crashLoop(kills: number, seed: number): Promise<CrashCounts> {
  const random = mulberry32(seed);
  const world = await foundCrashWorld();
  const folders = { ...foldersOf(world.folder), witness: true };
  const load = new Load(world);
  const problems: string[] = [];
  let tree: SeenTree | undefined;
  let checked = 0;
  let killsWhileStarting = 0;
  try {
    for (let kill = 1; kill <= kills; kill++) {
      if (random() < 0.25) {
        killsWhileStarting += 1;
        await killWhileStarting(folders, random() * START_MS);
        continue;
      }
      const node = await startNodeProcess(folders);
      await load.settle(node.address);
      const grown = await auditLog(node.address, tree);
      tree = grown.tree;
      problems.push(...grown.problems);
      problems.push(...(await auditRecords(node.address, load.written.slice(checked))));
      checked = load.written.length;
      if (kill % BOOKS_EVERY === 0) problems.push(...(await auditBooks(node, world, load)));
      let isOver = false;
      const running = load.run(node.address, () => isOver);
      await new Promise((resolve) => setTimeout(resolve, random() * LOAD_MS));
      await node.kill();
      isOver = true;
      await running;
      problems.push(...load.surprises.splice(0));
      if (problems.length > 0) break;
    }
    const node = await startNodeProcess(folders);
    await load.settle(node.address);
    problems.push(
      ...load.surprises,
      ...(await auditRecords(node.address, load.written)),
      ...(await auditBooks(node, world, load)),
      ...(await auditLog(node.address, tree)).problems,
    );
    const { events } = await node.report();
    const { tree: last } = await auditLog(node.address, undefined);
    await node.stop();
    const purchases = [...load.bought.values()].reduce((a, b) => a + b, load.boughtByAgent);
    return {
      kills,
      killsWhileStarting,
      answered: load.written.length + purchases,
      purchases,
      resolved: load.resolved,
      events,
      logged: last.size,
      problems,
    };
  } finally {
    await removeCrashWorld(world);
  }
}

/** Tommy Ettinger's mulberry32: 32 bits of state, numbers in [0, 1). */
function mulberry32(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Runs worlds side by side and adds up what they counted. */
export async function crashWorlds(order: {
  readonly kills: number;
  readonly worlds: number;
  readonly seed: number;
}): Promise<CrashCounts> {
  const each = Math.ceil(order.kills / order.worlds);
  const all = await Promise.all(
    Array.from({ length: order.worlds }, (_, at) => crashLoop(each, order.seed + at)),
  );
  return all.reduce((sum, one) => ({
    kills: sum.kills + one.kills,
    killsWhileStarting: sum.killsWhileStarting + one.killsWhileStarting,
    answered: sum.answered + one.answered,
    purchases: sum.purchases + one.purchases,
    resolved: sum.resolved + one.resolved,
    events: sum.events + one.events,
    logged: sum.logged + one.logged,
    problems: [...sum.problems, ...one.problems],
  }));
}

/** The counts as a sentence for whoever runs the test. */
export const crashText = (counts: CrashCounts, seed: number): string =>
  `${counts.kills} kills (${counts.killsWhileStarting} of them during a start), seed ${seed}: ` +
  `${counts.answered} answered writes, ${counts.purchases} of them purchases, all there and none twice; ` +
  `${counts.resolved} unanswered ones ended under their key; ` +
  `${counts.events} events, each with one effect; ${counts.logged} records in the log`;
