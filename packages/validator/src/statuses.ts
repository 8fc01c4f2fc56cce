import { decodeEntry, Malformed, type Block, type Entry, type Receipt } from '@anarq/dag';
import type { TransactionState, TransactionStatus } from './types.ts';

/** How far it is on its way; a state never goes back. */
const ORDER: readonly TransactionState[] = [
  'Signed',
  'Broadcast',
  'Validating',
  'Voting',
  'Confirming',
];

interface Tracked {
  readonly id: string;
  readonly notAfter_ms: number;
  state: TransactionState;
  position?: { readonly commit: number; readonly index: number };
  checkpoint?: number;
  code?: Exclude<Receipt['code'], 'OK'>;
  readonly times_ms: Partial<Record<TransactionState, number>>;
}

/** A block whose transactions wait to be put in order. */
interface Pending {
  readonly author: number;
  readonly ids: readonly string[];
  readonly voters: Set<number>;
}

const BLOCKS_MAX = 20_000;

export interface StatusesOptions {
  readonly chainId: Uint8Array;
  readonly statuses_max: number;
  readonly now_ms: () => number;
  readonly onState: (id: string, state: TransactionState) => void;
}

/** How far each of the last transactions is that this node saw. */
export class Statuses {
  readonly #options: StatusesOptions;
  readonly #tracked = new Map<string, Tracked>();
  /** Without a receipt. */
  readonly #open = new Set<Tracked>();
  readonly #blocks = new Map<string, Pending>();

  constructor(options: StatusesOptions) {
    this.#options = options;
  }

  get(id: string): TransactionStatus | undefined {
    const tracked = this.#tracked.get(id);
    if (tracked === undefined) return undefined;
    const { state, position, checkpoint, code, times_ms } = tracked;
    return {
      id,
      state,
      ...(position === undefined ? {} : { position }),
      ...(checkpoint === undefined ? {} : { checkpoint }),
      ...(code === undefined ? {} : { code }),
      times_ms: { ...times_ms },
    };
  }

  /** Whether a transaction has come to its end here. */
  isSettled(id: string): boolean {
    const tracked = this.#tracked.get(id);
    return tracked !== undefined && !this.#open.has(tracked);
  }

  handedIn(entry: Entry): void {
    for (const [at, id] of entry.ids.entries())
      this.#reach(this.#track(id, entry.transactions[at]?.notAfter_ms ?? 0), 'Signed');
  }

  /** The own block was said. */
  said(block: Block): void {
    for (const tracked of this.#inBlock(block)) this.#reach(tracked, 'Broadcast');
  }

  /** A block is here with all that it builds on: a vote for what it builds on directly. */
  accepted(block: Block, quorum: number): void {
    const inBlock = this.#inBlock(block);
    for (const tracked of inBlock) this.#reach(tracked, 'Validating');
    if (inBlock.length > 0) {
      if (this.#blocks.size >= BLOCKS_MAX) this.#dropOldest(this.#blocks);
      const ids = inBlock.map(({ id }) => id);
      this.#blocks.set(block.ref.digest, { author: block.author, ids, voters: new Set() });
    }
    for (const { digest } of block.parents) {
      const pending = this.#blocks.get(digest);
      if (pending === undefined) continue;
      pending.voters.add(block.author);
      const others = pending.voters.size - Number(pending.voters.has(pending.author));
      if (pending.voters.size === quorum) this.#reachAll(pending.ids, 'Confirming');
      else if (others === 1) this.#reachAll(pending.ids, 'Voting');
    }
  }

  /** A commit was carried out. */
  executed(
    commit: number,
    time_ms: number,
    blocks: readonly Block[],
    receipts: readonly Receipt[],
  ): void {
    for (const { ref } of blocks) this.#blocks.delete(ref.digest);
    for (const [index, receipt] of receipts.entries()) this.#receipt(receipt, { commit, index });
    for (const tracked of this.#open)
      if (tracked.notAfter_ms < time_ms) this.#settle(tracked, 'Expired');
  }

  /** A certificate covers these receipts. */
  finalized(receipts: readonly Receipt[], checkpoint: number): void {
    for (const { id } of receipts) {
      const tracked = this.#tracked.get(id);
      if (tracked === undefined || tracked.checkpoint !== undefined) continue;
      tracked.checkpoint = checkpoint;
      if (tracked.state === 'Confirmed') this.#become(tracked, 'Finalized');
    }
  }

  /** Nothing of an epoch that ended is put in order any more. */
  epochEnded(): void {
    this.#blocks.clear();
  }

  #receipt(
    { id, code }: Receipt,
    position: { readonly commit: number; readonly index: number },
  ): void {
    const tracked = this.#track(id, Number.MAX_SAFE_INTEGER);
    // The same again, so late that the account has forgotten its number: what it came to first stays.
    if (tracked.position !== undefined) return;
    // A commit has a quorum behind it, also where others came to build on the block itself only late, or by another.
    if (tracked.times_ms.Validating !== undefined)
      for (const state of ['Voting', 'Confirming'] as const) this.#reach(tracked, state);
    tracked.position = position;
    if (code === 'OK') return this.#settle(tracked, 'Confirmed');
    tracked.code = code;
    this.#settle(tracked, code === 'EXPIRED' ? 'Expired' : 'Rejected');
  }

  #settle(tracked: Tracked, state: TransactionState): void {
    this.#open.delete(tracked);
    this.#become(tracked, state);
  }

  #reachAll(ids: readonly string[], state: TransactionState): void {
    for (const id of ids) {
      const tracked = this.#tracked.get(id);
      if (tracked !== undefined) this.#reach(tracked, state);
    }
  }

  #reach(tracked: Tracked, state: TransactionState): void {
    if (!this.#open.has(tracked)) return;
    const isFirst = tracked.times_ms[tracked.state] === undefined;
    if (isFirst || ORDER.indexOf(state) > ORDER.indexOf(tracked.state))
      this.#become(tracked, state);
  }

  #become(tracked: Tracked, state: TransactionState): void {
    tracked.state = state;
    tracked.times_ms[state] = this.#options.now_ms();
    this.#options.onState(tracked.id, state);
  }

  #inBlock(block: Block): readonly Tracked[] {
    return block.entries.flatMap((bytes) => {
      const entry = this.#read(bytes);
      return (
        entry?.ids.map((id, at) => this.#track(id, entry.transactions[at]?.notAfter_ms ?? 0)) ?? []
      );
    });
  }

  #read(bytes: Uint8Array): Entry | undefined {
    try {
      return decodeEntry(this.#options.chainId, bytes);
    } catch (error) {
      if (error instanceof Malformed) return undefined;
      throw error;
    }
  }

  #track(id: string, notAfter_ms: number): Tracked {
    const known = this.#tracked.get(id);
    if (known !== undefined) return known;
    const { statuses_max } = this.#options;
    if (this.#tracked.size >= statuses_max) {
      const oldest = this.#dropOldest(this.#tracked);
      if (oldest !== undefined) this.#open.delete(oldest);
    }
    const tracked: Tracked = { id, notAfter_ms, state: 'Signed', times_ms: {} };
    this.#tracked.set(id, tracked);
    this.#open.add(tracked);
    return tracked;
  }

  #dropOldest<T>(map: Map<string, T>): T | undefined {
    const [oldest] = map;
    if (oldest === undefined) return undefined;
    map.delete(oldest[0]);
    return oldest[1];
  }
}
