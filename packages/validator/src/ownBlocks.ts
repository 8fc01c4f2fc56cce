import type { Block } from '@anarq/dag';

/** The last own blocks, by round; others still have older ones, of which nothing can be told. */
const ROUNDS_MAX = 4_096;

interface Said {
  readonly epoch: number;
  readonly round: number;
  readonly digest: string;
}

/**
 * What was signed under the own key. A block under it that is not among these was made elsewhere: by a second
 * process with the key, or by this one before its folder was put back to an older state.
 */
export class OwnBlocks {
  readonly #said = new Map<string, Said>();
  #last: Said | undefined;

  /** @param written own blocks that were in the log, in the order of writing */
  constructor(written: readonly Block[]) {
    for (const block of written) this.made(block);
  }

  made({ epoch, round, ref: { digest } }: Block): void {
    const said = { epoch, round, digest };
    this.#said.set(keyOf(said), said);
    this.#last = said;
    if (this.#said.size <= ROUNDS_MAX) return;
    const [oldest] = this.#said.keys();
    if (oldest !== undefined) this.#said.delete(oldest);
  }

  /** Whether a block with a good signature under the own key was not made here. */
  isOfAnother({ epoch, round, ref: { digest } }: Block): boolean {
    const said = this.#said.get(keyOf({ epoch, round }));
    if (said !== undefined) return said.digest !== digest;
    const last = this.#last;
    return last === undefined || epoch > last.epoch || (epoch === last.epoch && round > last.round);
  }
}

const keyOf = ({ epoch, round }: { readonly epoch: number; readonly round: number }): string =>
  `${epoch}.${round}`;
