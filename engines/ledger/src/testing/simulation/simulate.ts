import { PAGE_BYTES } from '../../log/pageLayout.ts';
import { LogDamaged } from '../../log/recovery.ts';
import { RunDamaged } from '../../ports.ts';
import type { LedgerState } from '../../state.ts';
import { accountsBatch, transfersBatch } from '../records.ts';
import type { PlantedBug } from './bugs.ts';
import { SimulatedClock } from './clock.ts';
import { noCounts, type SimulationCounts } from './counts.ts';
import { DiskFull, SimulatedDisk, SyncFailed } from './disk.ts';
import { Flips } from './flips.ts';
import { brokenInvariants, brokenTransfers } from './invariants.ts';
import { checkMark } from './mark.ts';
import { Oracle } from './oracle.ts';
import { SeededRandom } from './random.ts';
import { emptyBooks, replay } from './recovery.ts';
import type { SimulatedSegments, Work } from './segments.ts';
import { BATCH_MAX, Workload, type Order } from './workload.ts';
import { SimulatedWriter, type Task } from './writer.ts';
import { LEDGER, PAGE_RESERVE, type SimulatedWriterOptions, type Waiting } from './writing.ts';

/** What a simulated run came to. */
export interface SimulationReport {
  readonly seed: number;
  /** A sentence for each thing that must not be; none where all is well. */
  readonly violations: readonly string[];
  readonly counts: SimulationCounts;
}

/**
 * Runs a ledger's writer on a simulated disk through crashes, torn and lost writes, failed syncs, flipped
 * bits, a full disk and a clock that jumps, and holds what it answers and recovers to what must be. The
 * same seed gives the same run on every machine.
 * @param bug a mistake that the writer makes
 */
export function simulate(seed: number, bug?: PlantedBug): SimulationReport {
  const run = new Simulation(seed, bug);
  run.play();
  return { seed, violations: run.oracle.violations, counts: run.counts };
}

type Action =
  | 'bring'
  | 'pump'
  | 'task'
  | 'wake'
  | 'clock'
  | 'crash'
  | 'failSync'
  | 'room'
  | 'flip'
  | 'look';

const STEPS = 350;
/** Steps after which whoever still waits for an answer will never have one. */
const STEPS_TO_END = 20_000;
/** Bytes that a nearly full disk has left. */
const LITTLE_BYTES = 40_000;

class Simulation {
  readonly counts = noCounts();
  readonly oracle = new Oracle(this.counts);
  readonly #random: SeededRandom;
  readonly #disk: SimulatedDisk;
  readonly #clock: SimulatedClock;
  readonly #workload: Workload;
  readonly #flips: Flips;
  readonly #options: SimulatedWriterOptions;
  readonly #weights: Readonly<Record<Action, number>>;
  readonly #paces: Readonly<Record<Task, number>>;
  /** Whether processes live long in this run, and damage is likelier than a crash. */
  readonly #isCalm: boolean;
  /** Whether those who ask again wait for one answer after the other. */
  readonly #isPatient: boolean;
  #writer: SimulatedWriter | undefined;
  #opening: Work<SimulatedWriter> | undefined;
  /** Sent, and not answered yet. */
  readonly #unanswered = new Set<Waiting>();
  /** To be sent again. */
  #again: Order[] = [];
  /** Steps until a process crashes that was started after a crash; below 0 nothing is decided. */
  #stepsToLive = -1;
  #isOver = false;
  #isFinished = false;

  constructor(seed: number, bug: PlantedBug | undefined) {
    const random = new SeededRandom(seed);
    this.#random = random;
    this.#disk = new SimulatedDisk(random, this.counts);
    this.#clock = new SimulatedClock(random, this.counts);
    this.#workload = new Workload(random);
    this.#flips = new Flips(this.#disk, random, this.counts);
    this.#isCalm = random.chance(30);
    const segmentPages = random.pick([7, 16, 32]);
    const groupPages = random.between(PAGE_RESERVE * 2, 16);
    const groupBytes = (groupPages + PAGE_RESERVE) * PAGE_BYTES;
    this.#options = {
      disk: this.#disk,
      now: () => this.#clock.now,
      segmentPages,
      groupPages,
      groupBuffers: [Buffer.alloc(groupBytes), Buffer.alloc(groupBytes)],
      snapshotPages: random.pick(this.#isCalm ? [2, 5] : [2, 5, 12, 10_000]),
      sealEvents: random.pick([16, 64, 1_024]),
      bug,
      applied: (batch, state) => this.oracle.applied(batch, state),
      snapshotKept: () => void this.counts.snapshots++,
    };
    this.#isPatient = random.chance(70);
    const pace = (): number => random.pick([1, 4, 12]);
    this.#paces = { group: pace(), snapshot: pace(), segment: pace() };
    this.#weights = {
      bring: random.pick([6, 12]),
      pump: 20,
      task: random.pick([20, 60]),
      wake: 4,
      clock: 8,
      crash: this.#isCalm ? 1 : random.pick([1, 2, 6]),
      failSync: random.pick([0, 0, 2]),
      room: random.pick([0, 0, 2]),
      flip: random.pick(this.#isCalm ? [0, 2] : [0, 0, 1]),
      look: 3,
    };
  }

  play(): void {
    this.#again.push(this.#workload.opening());
    for (let step = 0; step < STEPS && !this.#isOver; step++) this.#guarded(() => this.#step());
    while (!this.#isOver && !this.#isFinished) this.#guarded(() => this.#finish());
    if (this.#isOver) this.oracle.checkAnswers();
    if (this.#isOver || this.oracle.violations.length > 0) return;
    if (this.#flips.count > 0) this.oracle.violated('a flipped bit in the log was not noticed');
  }

  /** Does something; what goes wrong in it ends the process, or the run. */
  #guarded(act: () => void): void {
    try {
      act();
    } catch (error) {
      if (error instanceof SyncFailed || error instanceof DiskFull) {
        // The process ends; somebody makes room and starts it again.
        this.#die();
        this.#disk.capacity = Number.MAX_SAFE_INTEGER;
        return;
      }
      if (error instanceof RunDamaged && this.counts.indexFlips > 0) {
        this.counts.indexFlipsFound++;
        this.#die();
        this.#removeIndexes();
        return;
      }
      this.#isOver = true;
      if (error instanceof LogDamaged && this.#flips.count > 0) this.counts.flipsFound++;
      else this.oracle.violated(error instanceof Error ? error.message : String(error));
    }
  }

  #step(): void {
    const writer = this.#writer;
    if (writer === undefined) {
      this.#recover();
      return;
    }
    if (--this.#stepsToLive === 0) {
      this.#crash();
      return;
    }
    switch (this.#random.weighted(this.#weights)) {
      case 'bring':
        this.#bringSome(writer);
        return;
      case 'pump':
        writer.pump();
        return;
      case 'task':
        this.#advance(writer);
        return;
      case 'wake':
        writer.wake();
        return;
      case 'clock':
        this.#clock.move();
        return;
      case 'crash':
        this.#crash();
        return;
      case 'failSync':
        this.#disk.failsNextSync = true;
        return;
      case 'room':
        this.#changeRoom();
        return;
      case 'flip':
        this.#flips.flip(writer.segments, writer.safePages);
        return;
      case 'look':
        this.#look(writer);
    }
  }

  /** What was sent before a crash goes first; those who are patient then wait for each answer. */
  #bringSome(writer: SimulatedWriter): void {
    for (let more = this.#random.pick([1, 2, 4, 6]); more > 0; more--) {
      const isRetry = this.#again.length > 0;
      if (isRetry && this.#isPatient && this.#unanswered.size > 0) return;
      this.#bring(writer, this.#again.shift() ?? this.#workload.next(this.#clock.now));
    }
  }

  #bring(writer: SimulatedWriter, order: Order): void {
    const waiting: Waiting = {
      order,
      events:
        order.kind === 'accounts' ? accountsBatch(order.events) : transfersBatch(order.events),
      count: order.events.length,
      done: () => {
        this.#unanswered.delete(waiting);
        this.oracle.answered(waiting);
      },
      refused: () => {
        this.counts.fullRefusals++;
        this.#unanswered.delete(waiting);
        this.#again.push(order);
      },
    };
    this.#unanswered.add(waiting);
    writer.bring(waiting);
  }

  /** Takes a step of one of the tasks; which are slow differs from run to run. */
  #advance(writer: SimulatedWriter): void {
    const paces = writer.tasks.map((task) => [task, this.#paces[task]] as const);
    if (paces.length === 0) return;
    writer.advance(this.#random.weighted(Object.fromEntries(paces)) as Task);
    // What is written and not synced yet is what a crash is worst for.
    if (this.#disk.hasUnsynced && this.#random.chance(this.#weights.crash * 3)) this.#crash();
  }

  /** Somebody asks for all there is, and is told when that is safe. */
  #look(writer: SimulatedWriter): void {
    const seen = this.oracle.entries.length;
    writer.settle(() => this.oracle.told(seen));
  }

  #changeRoom(): void {
    const isFree = this.#disk.capacity === Number.MAX_SAFE_INTEGER;
    this.#disk.capacity = isFree
      ? this.#disk.usedBytes + this.#random.below(LITTLE_BYTES)
      : Number.MAX_SAFE_INTEGER;
  }

  /** The process ends; the power goes with it, or stays. */
  #crash(): void {
    this.#die();
    if (this.#random.chance(60)) this.#disk.crash();
    else this.counts.kills++;
  }

  /** The process ends. Most of those who have no answer ask again, with the same ids. */
  #die(): void {
    this.#writer = undefined;
    this.#opening = undefined;
    const asked = [...this.#unanswered]
      .map(({ order }) => order)
      .filter(({ kind }) => kind === 'accounts' || this.#random.chance(85));
    this.counts.retries += asked.length;
    this.#again.unshift(...asked);
    this.#unanswered.clear();
  }

  /** What to do about a damaged index: it is made anew from the log. */
  #removeIndexes(): void {
    for (const name of this.#disk.names)
      if (name.startsWith('run-') || name.startsWith('snapshot-')) this.#disk.remove(name);
    this.#disk.syncNames();
  }

  #recover(): void {
    if (this.#random.chance(4)) {
      this.counts.crashesInRecovery++;
      this.#crash();
      return;
    }
    this.#opening ??= SimulatedWriter.open(this.#options);
    const step = this.#opening.next();
    if (step.done !== true) return;
    const writer = step.value;
    this.#opening = undefined;
    this.#writer = writer;
    this.#stepsToLive = !this.#isCalm && this.#random.chance(50) ? this.#random.between(4, 16) : -1;
    if (writer.isFromSnapshot) this.counts.recoveriesFromSnapshot++;
    this.oracle.recovered(writer.state, writer.batches);
    for (const broken of brokenInvariants(writer.state)) this.oracle.violated(broken);
  }

  /** Answers all who wait, crashes a last time, and looks at everything. */
  #finish(): void {
    this.#disk.capacity = Number.MAX_SAFE_INTEGER;
    this.#disk.failsNextSync = false;
    for (let step = 0; !this.#isSettled(); step++) {
      if (step === STEPS_TO_END) {
        this.#isFinished = true;
        this.oracle.violated(`${this.#unanswered.size} batches are never answered`);
        return;
      }
      const writer = this.#writer;
      if (writer === undefined) this.#recover();
      else this.#settle(writer);
    }
    this.#crash();
    while (this.#writer === undefined) this.#recover();
    const { state, segments, batches } = this.#writer;
    this.oracle.checkBooks(state);
    for (const broken of brokenTransfers(state, this.oracle.entries)) this.oracle.violated(broken);
    this.#replayAll(state, segments, batches);
    this.#isFinished = true;
  }

  #isSettled(): boolean {
    return this.#writer?.isIdle === true && this.#again.length === 0 && this.#unanswered.size === 0;
  }

  #settle(writer: SimulatedWriter): void {
    const order = this.#again.shift();
    if (order !== undefined) this.#bring(writer, order);
    writer.wake();
    writer.pump();
    this.#advance(writer);
  }

  /** Makes the books from the whole log, without any snapshot or index: they must be the same. */
  #replayAll(state: LedgerState, segments: SimulatedSegments, batches: number): void {
    const source = { end: segments.end, read: (page: number) => segments.read(page) };
    const whole = replay(
      emptyBooks({ batchEventsMax: BATCH_MAX, sealEvents: 1_024 }),
      source,
      LEDGER,
    );
    checkMark(this.#disk, whole.position.page);
    if (whole.position.batch !== batches)
      this.oracle.violated(
        `the log has ${whole.position.batch} batches from its start, not ${batches}`,
      );
    if (!Buffer.from(whole.state.stateHash()).equals(state.stateHash()))
      this.oracle.violated('the books of the whole log are others than those of the last recovery');
  }
}
