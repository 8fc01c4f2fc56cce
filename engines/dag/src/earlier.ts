import { committeeDigest } from './committee.ts';
import { hexOf } from './hash.ts';
import type { EpochRun } from './epochRun.ts';
import type { Vote } from './finality.ts';

const RUNS_MAX = 4;

/**
 * Epochs that are over. Others may need the blocks of the last one to come to its end, and of each one the last
 * certificate may still be missing here.
 */
export class Earlier {
  #runs: readonly EpochRun[] = [];

  ended(run: EpochRun): void {
    const unsettled = this.#runs.filter(({ finality }) => finality.oldestOpen !== undefined);
    for (const each of unsettled) each.forgetBlocks();
    this.#runs = [...unsettled, run].slice(-RUNS_MAX);
  }

  /**
   * This node goes on from a state of others, in the same epoch or a later one. It never gets the certificates of what
   * it carried out before, but for the ends: without these it could show nobody how its committee came to be.
   */
  adopted(): void {
    for (const run of this.#runs) {
      run.forgetBlocks();
      run.finality.keepEnd();
    }
    this.#runs = this.#runs.filter(({ finality }) => finality.oldestOpen !== undefined);
  }

  of(epoch: number): EpochRun | undefined {
    return this.#runs.find(({ committee }) => committee.epoch === epoch);
  }

  /** The oldest checkpoint that has no certificate. */
  get oldestOpen(): number | undefined {
    return this.#runs.find(({ finality }) => finality.oldestOpen !== undefined)?.finality
      .oldestOpen;
  }

  /**
   * Whether an end after which other validators followed has no certificate here: the way from there cannot be shown.
   * Others keep that one for ever, and not those after which the same ones stayed.
   */
  get isWayOpen(): boolean {
    return this.#runs.some(({ committee, finality: { openEnd } }) => {
      const same = hexOf(committeeDigest(committee.publicKeys));
      return openEnd !== undefined && hexOf(openEnd.validatorsNextHash) !== same;
    });
  }

  /** What a validator voted for, and what has no certificate yet. */
  votesOf(publicKey: Uint8Array | undefined): readonly Vote[] {
    return this.#runs.flatMap((run) => run.ownVotes(publicKey));
  }
}
