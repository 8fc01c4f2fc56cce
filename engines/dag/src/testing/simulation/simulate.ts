import { STRATEGIES, type Strategy } from './byzantine.ts';
import { dagPicture } from './picture.ts';
import { SimRandom } from './random.ts';
import { SampledKeys, type SampledCounts, type Sampling } from './sampledKeys.ts';
import { World, type NetworkSettings } from './world.ts';

/** What the world does to the nodes, beside the liars. */
export const FAULTS = [
  'crash',
  'partition',
  'oneWay',
  'loss',
  'duplicates',
  'reorder',
  'clocks',
  'epochs',
  'committee',
  'away',
  'hasty',
] as const;
export type Fault = (typeof FAULTS)[number];

export interface SimulationOptions {
  readonly seed: number;
  /** 4, 7 or 10 by the seed where it is absent. */
  readonly nodes?: number;
  /** How many lie; `max` is f; by the seed where it is absent, and never more than f unless it is said. */
  readonly byzantine?: number | 'max';
  /** Only this fault of the world; by the seed where it is absent. */
  readonly fault?: Fault | 'none';
  /** Only this way of lying. */
  readonly strategy?: Strategy;
  /** Time with faults, and without. */
  readonly faulty_ms?: number;
  readonly quiet_ms?: number;
  /** Whether to draw the last blocks of an honest node. */
  readonly draws?: boolean;
  /** Real keys, and real checks of a share of the signatures; ideal ones where it is absent. */
  readonly signatures?: Sampling;
}

export interface DagReport {
  readonly seed: number;
  readonly nodes: number;
  readonly strategies: readonly Strategy[];
  readonly faults: readonly Fault[];
  readonly violations: readonly string[];
  /** Why there was no progress after the faults ended; absent where there was. */
  readonly stalled?: string;
  readonly commits: number;
  /** From an own block to its commit at its author, in simulated milliseconds, in order of size. */
  readonly latencies_ms: readonly number[];
  readonly counts: World['counts'];
  /** Where signatures were real ones. */
  readonly signatures?: SampledCounts;
  /** SVG, where it was asked for. */
  readonly picture?: string;
}

const CALM: NetworkSettings = { delay_ms: [20, 100], loss: 0, duplicates: 0, stragglers: 0 };
const CLIENTS = 8;
const PER_SECOND = 25;
/** How often a run has a fault that takes more time, or covers others up. */
const CHANCES: Partial<Record<Fault, number>> = { away: 0.05, hasty: 0.15 };
const HASTY_MS = 15;
/** So many checkpoints may be without a certificate at the end: they came with the last moments. */
const OPEN_MAX = 3;
/** Before the end no client hands in anything new. */
const DRAIN_MS = 5_000;

/**
 * One run of a chain: validators that lie, machines that crash, messages that are lost, and then a time of
 * quiet in which everything must come to an end. The same options give the same run.
 */
export function simulateDag(options: SimulationOptions): DagReport {
  const random = new SimRandom(options.seed);
  const nodes = options.nodes ?? random.pick([4, 4, 4, 7, 7, 10]);
  const strategies = strategiesOf(options, nodes, random);
  const faults = faultsOf(options, random);
  const isAway = faults.includes('away');
  const { faulty_ms = isAway ? 7_500 : 3_500, quiet_ms = 6_000 } = options;
  const spares = faults.includes('committee') ? 1 : 0;
  const settings = {
    ...(faults.includes('epochs') ? { epoch_ms: random.pick([1_200, 2_500]) } : {}),
    // Nobody waits for leaders: what is true must not depend on it, and leaders are in doubt far more often.
    ...(faults.includes('hasty') ? { leader_ms_min: HASTY_MS, leader_ms_max: 2 * HASTY_MS } : {}),
  };
  const { signatures, seed } = options;
  const sampled = signatures && new SampledKeys(signatures, seed);
  const world = new World(
    {
      seed,
      nodes,
      strategies,
      clients: CLIENTS,
      spares,
      node: settings,
      ...(sampled && { keys: sampled }),
    },
    networkOf(faults, random),
  );
  world.isHalved = world.hasTwins;
  for (const node of [...world.nodes, ...world.twins]) node.start();
  world.loadUntil(faulty_ms + quiet_ms - DRAIN_MS, PER_SECOND);
  if (faults.includes('crash')) crashes(world, random, faulty_ms);
  if (faults.includes('partition')) cuts(world, random, faulty_ms, false);
  if (faults.includes('oneWay')) cuts(world, random, faulty_ms, true);
  if (faults.includes('clocks')) clocks(world, random, faulty_ms);
  if (isAway)
    world.queue.at(random.between(50, 300), () => {
      world.honest.at(-1)?.crash();
    });
  if (faults.includes('committee'))
    world.queue.at(random.between(0, faulty_ms), () => {
      world.replaceValidator();
    });
  world.queue.runUntil(faulty_ms);
  world.network = { ...CALM, delay_ms: world.network.delay_ms };
  world.cut.clear();
  world.isHalved = false;
  for (const twin of world.twins) twin.crash();
  for (const node of world.nodes) if (node.node === undefined) node.start();
  world.queue.runUntil(faulty_ms + quiet_ms / 2);
  const before = world.honest.map(({ node }) => node?.executed.commits ?? 0);
  world.queue.runUntil(faulty_ms + quiet_ms);
  for (const each of world.honest) world.checker.shown(each.index, each.doubtOf(world.first));
  // Progress is promised to validators that wait for leaders; to those who do not, one history is.
  const stalled = faults.includes('hasty')
    ? undefined
    : stalledIn(world, before, faulty_ms + quiet_ms);
  return {
    seed: options.seed,
    nodes,
    strategies,
    faults,
    violations: [...world.checker.violations, ...(sampled?.disagreements ?? [])],
    ...(stalled === undefined ? {} : { stalled }),
    commits: world.checker.committed,
    latencies_ms: world.latencies_ms.toSorted((a, b) => a - b),
    counts: world.counts,
    ...(sampled && { signatures: sampled.counts }),
    ...(options.draws === true ? { picture: pictureOf(world, options.seed) } : {}),
  };
}

/** A chain with as many stragglers as it bears goes on, but at a second a round: no run of seconds shows its end. */
const AT_RANDOM = STRATEGIES.filter((strategy) => strategy !== 'straggle');

/** So many rounds are drawn. */
const DRAWN_ROUNDS = 24;

function pictureOf(world: World, seed: number): string {
  const run = world.honest.find(({ node }) => node !== undefined)?.node?.run;
  if (run === undefined) throw new RangeError('no honest node is up');
  const { dag, committee } = run;
  const last = dag.highestRound;
  const first = Math.max(dag.floor, 0, last - DRAWN_ROUNDS + 1);
  const rounds = Array.from({ length: last - first + 1 }, (_, at) => [...dag.in(first + at)]);
  const title = `Seed ${seed}, epoch ${committee.epoch}: rounds ${first} to ${last}`;
  return dagPicture({ committee, rounds, committed: world.committed, title });
}

function strategiesOf(
  { byzantine, strategy }: SimulationOptions,
  nodes: number,
  random: SimRandom,
): readonly Strategy[] {
  const most = Math.floor((nodes - 1) / 3);
  const count = byzantine === 'max' ? most : (byzantine ?? random.below(most + 1));
  return Array.from({ length: count }, () => strategy ?? random.pick(AT_RANDOM));
}

function faultsOf({ fault }: SimulationOptions, random: SimRandom): readonly Fault[] {
  if (fault === 'none') return [];
  if (fault !== undefined) return [fault];
  return FAULTS.filter((each) => random.chance(CHANCES[each] ?? 0.35));
}

const networkOf = (faults: readonly Fault[], random: SimRandom): NetworkSettings => ({
  ...CALM,
  // Rounds follow so fast that somebody who is away for seconds finds nothing left to begin with but a state.
  ...(faults.includes('away') ? { delay_ms: [1, 6] } : {}),
  loss: faults.includes('loss') ? random.between(0.01, 0.2) : 0,
  duplicates: faults.includes('duplicates') ? random.between(0.05, 0.4) : 0,
  stragglers: faults.includes('reorder') ? random.between(0.02, 0.2) : 0,
});

function crashes(world: World, random: SimRandom, end_ms: number): void {
  for (let count = 1 + random.below(world.nodes.length); count > 0; count -= 1) {
    const node = random.pick(world.nodes);
    const at_ms = random.between(0, end_ms);
    world.queue.at(at_ms, () => {
      if (node.node === undefined) return;
      world.counts.crashes += 1;
      node.crash();
      world.queue.after(random.between(100, 2_500), () => {
        if (node.node === undefined) node.start();
      });
    });
  }
}

function cuts(world: World, random: SimRandom, end_ms: number, isOneWay: boolean): void {
  const peers = world.nodes.map(({ peer }) => peer);
  for (let count = 1 + random.below(3); count > 0; count -= 1) {
    const side = new Set(random.some(peers, 1 + random.below(peers.length - 1)));
    world.queue.at(random.between(0, end_ms), () => {
      const pairs = peers.flatMap((from) =>
        peers
          .filter((to) => side.has(from) && !side.has(to))
          .flatMap((to) => (isOneWay ? [`${from} ${to}`] : [`${from} ${to}`, `${to} ${from}`])),
      );
      for (const pair of pairs) world.cut.add(pair);
      world.queue.after(random.between(200, 3_000), () => {
        for (const pair of pairs) world.cut.delete(pair);
      });
    });
  }
}

function clocks(world: World, random: SimRandom, end_ms: number): void {
  for (const node of world.nodes) {
    node.clock_ms = random.between(-300, 300);
    world.queue.at(random.between(0, end_ms), () => {
      world.jump(node, random.between(-2_000, 2_000));
    });
  }
}

/** What did not come to an end although all was quiet; undefined where everything did. */
function stalledIn(world: World, before: readonly number[], end_ms: number): string | undefined {
  for (const [at, { index, node }] of world.honest.entries())
    if ((node?.executed.commits ?? 0) <= (before[at] ?? 0)) return `node ${index} commits nothing`;
  for (const { index, node } of world.honest) {
    const oldest = node?.run.finality.oldestOpen ?? Infinity;
    // What only crashed nodes had is gone with them; a later certificate covers it, but for its receipts. Nor does
    // anybody ask one that is no validator any more.
    const isElsewhere = world.honest.some(
      (other) => other.node?.me !== undefined && other.node.history.certificate(oldest),
    );
    if (isElsewhere && oldest < (node?.executed.seq ?? 0) - OPEN_MAX)
      return `node ${index} has no certificate for checkpoint ${oldest}`;
  }
  const open = world.openSince(end_ms - DRAIN_MS + 1_000);
  return open === 0 ? undefined : `${open} transactions have no receipt`;
}
