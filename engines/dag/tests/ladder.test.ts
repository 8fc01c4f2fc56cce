import { describe, expect, it } from 'vitest';
import { sealedBlock, type Block, type Ref } from '../src/block.ts';
import { EpochRun } from '../src/epochRun.ts';
import { DEFAULT_SETTINGS } from '../src/settings.ts';
import { chainId, committee, executed, TIME_MS } from './chain.ts';

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

describe('waiting blocks of one validator', () => {
  it('in two for each round, each under both of the next, cost no more than there are', () => {
    const run = new EpochRun(committee, executed, DEFAULT_SETTINGS);
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
