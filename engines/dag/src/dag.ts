import { sealedBlock, type Block, type Ref } from './block.ts';
import type { Committee } from './committee.ts';

const NONE: readonly Block[] = [];

/** The blocks of one epoch that are there with all that they build on, since a round below which nothing is kept. */
export class Dag {
  readonly committee: Committee;
  readonly #blocks = new Map<string, Block>();
  readonly #rounds = new Map<number, Map<number, Block[]>>();
  /** Blocks that no other block builds on yet. */
  readonly #tips = new Map<string, Ref>();
  #floor = 0;
  #highest = 0;

  /** @param begin_ms the time of the blocks of round 0, which nobody signs: everybody makes them */
  constructor(committee: Committee, begin_ms: number) {
    this.committee = committee;
    for (const author of committee.publicKeys.keys())
      this.add(
        sealedBlock(
          committee.chainId,
          {
            epoch: committee.epoch,
            round: 0,
            author,
            parents: [],
            weakParents: [],
            entries: [],
            evidence: [],
            time_ms: begin_ms,
          },
          new Uint8Array(),
        ),
      );
  }

  /** Rounds below this one are forgotten, and everything in them counts as there. */
  get floor(): number {
    return this.#floor;
  }

  get highestRound(): number {
    return this.#highest;
  }

  get size(): number {
    return this.#blocks.size;
  }

  /** Whether a block is there, or was. */
  has({ round, digest }: Ref): boolean {
    return round < this.#floor || this.#blocks.has(digest);
  }

  get(digest: string): Block | undefined {
    return this.#blocks.get(digest);
  }

  /** Adds a block all of whose parents are there. */
  add(block: Block): void {
    if (block.round < this.#floor || this.#blocks.has(block.ref.digest)) return;
    this.#blocks.set(block.ref.digest, block);
    let round = this.#rounds.get(block.round);
    if (round === undefined) this.#rounds.set(block.round, (round = new Map()));
    const same = round.get(block.author);
    if (same === undefined) round.set(block.author, [block]);
    else same.push(block);
    this.#highest = Math.max(this.#highest, block.round);
    for (const { digest } of block.parents) this.#tips.delete(digest);
    for (const { digest } of block.weakParents) this.#tips.delete(digest);
    this.#tips.set(block.ref.digest, block.ref);
  }

  /** Blocks of one author in one round, the first that came first. More than one is equivocation. */
  of(round: number, author: number): readonly Block[] {
    return this.#rounds.get(round)?.get(author) ?? NONE;
  }

  /** How many authors have a block in a round. */
  authorsIn(round: number): number {
    return this.#rounds.get(round)?.size ?? 0;
  }

  /** All blocks of a round, by author as they came. */
  *in(round: number): Iterable<Block> {
    for (const blocks of this.#rounds.get(round)?.values() ?? []) yield* blocks;
  }

  /** The first block that came of each author of a round. */
  *firstIn(round: number): Iterable<Block> {
    for (const [first] of this.#rounds.get(round)?.values() ?? [])
      if (first !== undefined) yield first;
  }

  /** What no block builds on yet, below a round. */
  *tipsBelow(round: number): Iterable<Ref> {
    for (const ref of this.#tips.values()) if (ref.round < round) yield ref;
  }

  /**
   * What a block builds on, itself included, down to a round.
   * @param isKnown where it says yes, neither the block nor what it builds on is walked
   */
  history(
    from: Block,
    downTo: number,
    isKnown: (digest: string) => boolean = () => false,
  ): Block[] {
    const seen = new Set([from.ref.digest]);
    const found = [from];
    for (const block of found)
      for (const refs of [block.parents, block.weakParents])
        for (const { round, digest } of refs) {
          if (round < downTo || seen.has(digest) || isKnown(digest)) continue;
          seen.add(digest);
          const next = this.#blocks.get(digest);
          if (next !== undefined) found.push(next);
        }
    return found;
  }

  /** Forgets the rounds below one. */
  prune(floor: number): void {
    for (; this.#floor < floor; this.#floor += 1) {
      for (const block of this.in(this.#floor)) {
        this.#blocks.delete(block.ref.digest);
        this.#tips.delete(block.ref.digest);
      }
      this.#rounds.delete(this.#floor);
    }
  }

  /** Begins anew above a round, as after a state that was taken from others. */
  startAbove(floor: number): void {
    this.prune(floor);
    this.#highest = Math.max(this.#highest, floor);
  }
}
