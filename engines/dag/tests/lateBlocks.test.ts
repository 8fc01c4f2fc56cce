import { describe, expect, it } from 'vitest';
import { sealedBlock, type Block, type Ref } from '../src/block.ts';
import { Dag } from '../src/dag.ts';
import { EpochRun } from '../src/epochRun.ts';
import { Pacemaker } from '../src/pacemaker.ts';
import { DEFAULT_SETTINGS } from '../src/settings.ts';
import { chainId, committee, executed, TIME_MS, validators } from './chain.ts';

const unknown = (round: number, author: number, at: number): Ref => ({
  round,
  author,
  digest: at.toString(16).padStart(64, '0'),
});
const blockOf = (
  author: number,
  round: number,
  parents: readonly Ref[],
  time_ms = TIME_MS,
): Block =>
  sealedBlock(
    chainId,
    { epoch: 0, round, author, parents, weakParents: [], entries: [], evidence: [], time_ms },
    new Uint8Array(32),
  );
/** What is beneath, under authors that it is not of, and what nobody has, to a quorum. */
const upon = (round: number, below: readonly Block[]): readonly Ref[] =>
  [0, 1, 2].map((author) => {
    const beneath = below[author]?.ref;
    return beneath === undefined ? unknown(round - 1, author, round) : { ...beneath, author };
  });

const newRun = () => new EpochRun(committee, executed, DEFAULT_SETTINGS);

describe('a block that is missing', () => {
  it('is asked for of whoever has it, when its author keeps it', () => {
    const { waiting } = newRun();
    const kept = unknown(90, 3, 1);
    const asked = (now_ms: number) =>
      waiting.toAsk(now_ms, { askFirst_ms: 0, askAgain_ms: 300 }, 64).map(({ from }) => from);
    waiting.add(blockOf(3, 91, [kept]), [kept], 'its author');
    expect(asked(0)).toEqual(['its author']);
    waiting.add(blockOf(1, 92, [kept]), [kept], 'another');
    waiting.add(blockOf(2, 92, [kept]), [kept], 'a third');
    expect(asked(50)).toEqual([]);
    expect(asked(100)).toEqual(['another']);
    expect(asked(200)).toEqual(['a third']);
    // All who have it were asked: now it takes its time, and everybody has a turn.
    expect(asked(300)).toEqual([]);
    expect(asked(500)).toEqual([undefined]);
  });
});

describe('a validator whose blocks come when the others have gone on', () => {
  const newWaits = (equivocators: readonly number[]) => {
    const pace = new Pacemaker({ round_ms_min: 0, leader_ms_min: 600, leader_ms_max: 600 });
    const dag = new Dag(committee, executed.epochBegan_ms);
    const seen = { dag, equivocators: new Set(equivocators) };
    let now_ms = 0;
    let parents = [...dag.in(0)].map(({ ref }) => ref);
    const waits = (round: number, isInTime = false): boolean => {
      const blocks = validators.map((_, author) => blockOf(author, round, parents));
      parents = blocks.map(({ ref }) => ref);
      for (const block of blocks.slice(0, isInTime ? 4 : 3)) dag.add(block);
      const isWaiting = pace.next(seen, round, now_ms) === undefined;
      if (isWaiting) expect(pace.next(seen, round, (now_ms += 600))).toBe(round + 1);
      for (const block of blocks.slice(3)) dag.add(block);
      return isWaiting;
    };
    return waits;
  };

  it('is waited for once, until it is in time once', () => {
    const waits = newWaits([]);
    const waited = (from: number, to: number) =>
      Array.from({ length: to - from + 1 }, (_, at) => waits(from + at)).filter((is) => is).length;
    expect(waited(1, 30)).toBe(1);
    expect(waits(31, true)).toBe(false);
    expect(waited(32, 61)).toBe(1);
  });

  it('is waited for in six rounds where another equivocates: more than can have failed', () => {
    const waits = newWaits([0]);
    const waited = Array.from({ length: 30 }, (_, at) => waits(at + 1));
    expect(waited.slice(0, 6).filter((is) => is).length).toBeGreaterThan(1);
    expect(waited.slice(6)).not.toContain(true);
  });
});

describe('a validator that is proved to equivocate', () => {
  it('is built upon without a wait where another one has been silent for six rounds', () => {
    const pace = new Pacemaker({ round_ms_min: 0, leader_ms_min: 600, leader_ms_max: 600 });
    const dag = new Dag(committee, executed.epochBegan_ms);
    const seen = { dag, equivocators: new Set([3]) };
    let now_ms = 0;
    let parents = [...dag.in(0)].map(({ ref }) => ref);
    const waits = (round: number): boolean => {
      const blocks = [0, 1, 3].map((author) => blockOf(author, round, parents));
      parents = blocks.map(({ ref }) => ref);
      for (const block of blocks) dag.add(block);
      if (pace.next(seen, round, now_ms) === round + 1) return false;
      expect(pace.next(seen, round, (now_ms += 600))).toBe(round + 1);
      return true;
    };
    const waited = Array.from({ length: 12 }, (_, at) => waits(at + 1));
    expect(waited.slice(0, 6)).not.toContain(false);
    expect(waited.slice(6)).not.toContain(true);
  });
});

describe('waiting blocks of one validator', () => {
  it('in two for each round, each under both of the next, cost no more than there are', () => {
    const run = newRun();
    const foot = blockOf(3, 5, upon(5, []));
    let below = [foot];
    for (let round = 6; round < 46; round += 1) {
      const parents = upon(round, below);
      below = [0, 1].map((at) => blockOf(3, round, parents, TIME_MS + at));
      for (const block of below) expect(run.receive(block, '').kind).toBe('waiting');
    }
    // All of them, 2^40 ways, build on this one: nobody else does.
    expect(run.waiting.isMissing(foot.ref)).toBe(false);
    expect(run.receive(foot, '').kind).toBe('waiting');
    expect(run.receive(blockOf(2, 46, upon(46, below)), '').kind).toBe('waiting');
    expect(run.waiting.isMissing(foot.ref)).toBe(true);
  });
});
