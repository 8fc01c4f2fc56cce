import { HERE_ROUNDS_MAX, hexOf, type Block, type Message } from '@anarq/dag';

/** Digests of blocks that came with a forged signature: so many are remembered. */
const FORGED_MAX = 1_024;

/**
 * Blocks that are here and wait for the check of their signatures, or for what came before them. They are not
 * checked twice, and not asked for.
 */
export class UnderWay {
  readonly #blocks = new Map<string, { readonly block: Block; readonly from: Set<string> }>();
  /** How many copies of a block are here, by its digest. */
  readonly #copies = new Map<string, number>();
  readonly #forged = new Set<string>();

  /**
   * Whether a block that a peer brought need not be checked. What its author brings is checked in the author's own
   * turn, though somebody else was first with it: that one may have so much to say that its turn is far.
   */
  has(block: Block, from: string, isAuthor: boolean): boolean {
    const known = this.#blocks.get(nameOf(block));
    return known !== undefined && (!isAuthor || known.from.has(from));
  }

  begins(block: Block, from: string): void {
    const { digest } = block.ref;
    const known = this.#blocks.get(nameOf(block));
    if (known === undefined) this.#blocks.set(nameOf(block), { block, from: new Set([from]) });
    else known.from.add(from);
    this.#copies.set(digest, (this.#copies.get(digest) ?? 0) + 1);
  }

  ended(block: Block, from: string): void {
    const { digest } = block.ref;
    const known = this.#blocks.get(nameOf(block));
    known?.from.delete(from);
    if (known?.from.size === 0) this.#blocks.delete(nameOf(block));
    const copies = (this.#copies.get(digest) ?? 1) - 1;
    if (copies > 0) this.#copies.set(digest, copies);
    else this.#copies.delete(digest);
  }

  /** A copy with a signature of nobody: whoever goes on sending such shall not keep the true one from being asked for. */
  forged({ ref: { digest } }: Block): void {
    this.#forged.add(digest);
    const [oldest] = this.#forged;
    if (oldest !== undefined && this.#forged.size > FORGED_MAX) this.#forged.delete(oldest);
  }

  /** What of a message is still worth saying: nothing is asked for that is here. Undefined where nothing is left. */
  withoutThese(message: Message): Message | undefined {
    if (this.#blocks.size === 0) return message;
    if (message.kind === 'pull') {
      const refs = message.refs.filter(({ digest }) => !this.#isHere(digest));
      return refs.length > 0 ? { ...message, refs } : undefined;
    }
    if (message.kind !== 'want') return message;
    const here = message.here.map((authors) => new Set(authors));
    for (const { block } of this.#blocks.values()) {
      const { epoch, round, author, ref } = block;
      const at = round - message.fromRound;
      if (epoch !== message.epoch || at < 0 || at >= HERE_ROUNDS_MAX || !this.#isHere(ref.digest))
        continue;
      while (here.length <= at) here.push(new Set());
      here[at]?.add(author);
    }
    return { ...message, here: here.map((authors) => [...authors]) };
  }

  #isHere(digest: string): boolean {
    return this.#copies.has(digest) && !this.#forged.has(digest);
  }
}

/** With the signature: a forged one must not stand in the way of the true one. */
const nameOf = ({ ref, signature }: Block): string => `${ref.digest}.${hexOf(signature)}`;
