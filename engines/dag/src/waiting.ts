import type { Block, Ref } from './block.ts';
import type { Peer } from './messages.ts';

export interface AskSettings {
  /** How long what others build on may be on its way before it is asked for: its author sends it to everybody. */
  readonly askFirst_ms: number;
  /** How long after a question it is asked again, of somebody else. */
  readonly askAgain_ms: number;
}

/** A block that others build on and that is not here. */
interface Missing {
  readonly ref: Ref;
  readonly waiters: Set<string>;
  /** The author of the block that named it first. */
  readonly namedBy: number;
  /** Peers that sent a block which builds on it, so have it, and whether they were asked. */
  readonly from: Map<Peer, boolean>;
  /** When it is asked for; undefined until somebody looks at the time. */
  ask_ms: number | undefined;
  tries: number;
}

/** Where another one has it, so much sooner than that. */
const SOONER = 3;

/** In the place of a block that waits: the word of a peer. */
const wordOf = (peer: Peer): string => `word of ${peer}`;

/** What one author's waiting blocks may take, so that no liar takes the room or the turns of the others. */
export interface Share {
  readonly blocks_max: number;
  readonly bytes_max: number;
  /** Blocks that they build on and that are not here. */
  readonly missing_max: number;
}

interface Used {
  readonly blocks: Set<string>;
  bytes: number;
  missing: number;
}

/** Blocks that came before what they build on. */
export class Waiting {
  readonly #blocks = new Map<string, { readonly block: Block; readonly missing: Set<string> }>();
  readonly #missing = new Map<string, Missing>();
  readonly #used = new Map<number, Used>();
  readonly #share: Share;
  readonly #words = new Set<string>();

  constructor(share: Share) {
    this.#share = share;
  }

  get size(): number {
    return this.#blocks.size;
  }

  /** How many blocks that are not here others build on. */
  get missing(): number {
    return this.#missing.size;
  }

  has(digest: string): boolean {
    return this.#blocks.has(digest);
  }

  /** How many blocks of one author and round wait here. */
  of(round: number, author: number): number {
    let count = 0;
    for (const digest of this.#used.get(author)?.blocks ?? [])
      if (this.#blocks.get(digest)?.block.round === round) count += 1;
    return count;
  }

  /**
   * Whether a block of another author needs this one, or a peer said that its decisions rest on it. An author's own
   * blocks alone do not count: of these it may make any number.
   */
  isMissing({ digest, author }: Ref): boolean {
    // Each block once: a liar may have two a round, each under both of the next, and 2^50 ways through 50 rounds.
    const needed = new Set([digest]);
    for (const each of needed)
      for (const waiter of this.#missing.get(each)?.waiters ?? []) {
        if (this.#words.has(waiter)) return true;
        const block = this.#blocks.get(waiter)?.block;
        if (block === undefined) continue;
        if (block.author !== author) return true;
        needed.add(waiter);
      }
    return false;
  }

  /** @returns false where the author has no more room; a block that others need makes some */
  add(block: Block, missing: readonly Ref[], from: string): boolean {
    if (this.#isFull(block, missing.length)) {
      if (!this.isMissing(block.ref)) return false;
      this.#dropUnneeded(block.author);
      if (this.#isFull(block, missing.length)) return false;
    }
    const { digest } = block.ref;
    this.#blocks.set(digest, { block, missing: new Set(missing.map((ref) => ref.digest)) });
    const used = this.#usedBy(block.author);
    used.blocks.add(digest);
    used.bytes += block.size;
    for (const ref of missing) this.#need(ref, { waiter: digest, namedBy: block.author, from });
    return true;
  }

  /** Blocks that a validator's decisions rest on, by its word. Each has one word an epoch. */
  name(refs: readonly Ref[], namedBy: number, from: Peer): void {
    const waiter = wordOf(from);
    if (this.#words.has(waiter)) return;
    this.#words.add(waiter);
    for (const ref of refs) {
      if (this.#usedBy(namedBy).missing >= this.#share.missing_max) return;
      this.#need(ref, { waiter, namedBy, from });
    }
  }

  #need(
    ref: Ref,
    by: { readonly waiter: string; readonly namedBy: number; readonly from: Peer },
  ): void {
    const { waiter, namedBy, from } = by;
    const known = this.#missing.get(ref.digest);
    if (known !== undefined) {
      known.waiters.add(waiter);
      if (!known.from.has(from)) known.from.set(from, false);
      return;
    }
    this.#usedBy(namedBy).missing += 1;
    const [waiters, has] = [new Set([waiter]), new Map([[from, false]])];
    const missing = { ref, waiters, namedBy, from: has, ask_ms: undefined, tries: 0 };
    this.#missing.set(ref.digest, missing);
  }

  /** A block came to the others. @returns those that now have all that they build on */
  arrived(digest: string): readonly Block[] {
    const waiters = this.#missing.get(digest)?.waiters ?? [];
    this.#found(digest);
    const ready: Block[] = [];
    for (const waiter of waiters) {
      const waiting = this.#blocks.get(waiter);
      if (waiting === undefined) continue;
      waiting.missing.delete(digest);
      if (waiting.missing.size > 0) continue;
      this.#drop(waiter);
      ready.push(waiting.block);
    }
    return ready;
  }

  /**
   * What to ask for now: missing, not waiting itself, and not asked for lately; sooner again where somebody has it who
   * was not asked: who has it first may be its author, that keeps it. Authors whose blocks name what is missing take
   * turns, and of each what was asked for least and is oldest comes first.
   * @returns `from` whom it is to be had; absent where all who are known to have it were asked
   */
  toAsk(
    now_ms: number,
    { askFirst_ms, askAgain_ms }: AskSettings,
    most: number,
  ): readonly { readonly ref: Ref; readonly from?: Peer; readonly tries: number }[] {
    if (this.#missing.size === 0) return [];
    for (const missing of this.#missing.values()) missing.ask_ms ??= now_ms + askFirst_ms;
    const due = [...this.#missing.values()]
      .filter(
        (missing) => !this.#blocks.has(missing.ref.digest) && isDue(missing, now_ms, askAgain_ms),
      )
      .toSorted((a, b) => a.tries - b.tries || a.ref.round - b.ref.round);
    const queues = [...Map.groupBy(due, ({ namedBy }) => namedBy).values()];
    const found: Missing[] = [];
    for (let turn = 0; found.length < most; turn += 1) {
      const each = queues.flatMap((queue) => queue[turn] ?? []);
      if (each.length === 0) break;
      found.push(...each.slice(0, most - found.length));
    }
    return found.map((missing) => {
      missing.ask_ms = now_ms + askAgain_ms;
      missing.tries += 1;
      const { ref, tries } = missing;
      const from = unasked(missing);
      if (from !== undefined) missing.from.set(from, true);
      return { ref, tries, ...(from === undefined ? {} : { from }) };
    });
  }

  /** Everything below a round counts as there. @returns blocks that now have all they build on */
  floor(round: number): readonly Block[] {
    const ready: Block[] = [];
    for (const [digest, { block }] of this.#blocks) if (block.round < round) this.#drop(digest);
    for (const [digest, { ref }] of this.#missing)
      if (ref.round < round) ready.push(...this.arrived(digest));
    return ready;
  }

  #usedBy(author: number): Used {
    let used = this.#used.get(author);
    if (used === undefined)
      this.#used.set(author, (used = { blocks: new Set(), bytes: 0, missing: 0 }));
    return used;
  }

  #isFull({ author, size }: Block, missing: number): boolean {
    const { blocks_max, bytes_max, missing_max } = this.#share;
    const used = this.#usedBy(author);
    return (
      used.blocks.size >= blocks_max ||
      used.bytes + size > bytes_max ||
      used.missing + missing > missing_max
    );
  }

  /** Makes room for what others need of an author's blocks. */
  #dropUnneeded(author: number): void {
    for (const digest of this.#usedBy(author).blocks) {
      const waiting = this.#blocks.get(digest);
      if (waiting !== undefined && !this.isMissing(waiting.block.ref)) this.#drop(digest);
    }
  }

  /** A block waits no more; what it alone built on is not missing any more. */
  #drop(digest: string): void {
    const waiting = this.#blocks.get(digest);
    if (waiting === undefined) return;
    this.#blocks.delete(digest);
    const used = this.#usedBy(waiting.block.author);
    used.blocks.delete(digest);
    used.bytes -= waiting.block.size;
    for (const parent of waiting.missing) {
      const waiters = this.#missing.get(parent)?.waiters;
      waiters?.delete(digest);
      if (waiters?.size === 0) this.#found(parent);
    }
  }

  #found(digest: string): void {
    const missing = this.#missing.get(digest);
    if (missing === undefined) return;
    this.#missing.delete(digest);
    this.#usedBy(missing.namedBy).missing -= 1;
  }
}

function unasked({ from }: Missing): Peer | undefined {
  for (const [peer, isAsked] of from) if (!isAsked) return peer;
  return undefined;
}

function isDue(missing: Missing, now_ms: number, askAgain_ms: number): boolean {
  const { ask_ms = Infinity, tries } = missing;
  const isSooner = tries > 0 && unasked(missing) !== undefined;
  return now_ms >= ask_ms - (isSooner ? askAgain_ms * (1 - 1 / SOONER) : 0);
}
