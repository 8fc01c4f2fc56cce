import {
  accountIn,
  beginningOf,
  carryOut,
  chainIdOf,
  decodeEntry,
  hexOf,
  sealedBlock,
  type ChainState,
  type ExecutedCommit,
  type Genesis,
  type Receipt,
} from '@anarq/dag';
import type { Archive, ChainEvent, Validator } from '@anarq/validator';
import { Person } from '@anarq/validator/testing';

const COMMIT_MS = 2;
const CHECKPOINT_COMMITS = 5;

export const personOf = (at: number): Person =>
  new Person(new Uint8Array(32).map((_, index) => (index === 0 ? 3 : index === 1 ? at : 7)));

type SeenOfChain = Pick<
  Validator,
  'submit' | 'account' | 'status' | 'chain' | 'chainId' | 'on' | 'close'
>;

/**
 * A chain with the rules of the real one, and no consensus: what is handed in is in the next commit, at the
 * same place for all who follow. What gets lost, and what the clock says, is up to the test.
 */
export class FakeChain {
  readonly genesis: Genesis;
  readonly chainId: Uint8Array;
  #state: ChainState;
  #pending: Uint8Array[] = [];
  readonly commits: ExecutedCommit[] = [];
  readonly #followers = new Set<FakeValidator>();
  readonly #receipts = new Map<string, Receipt>();
  #timer: NodeJS.Timeout | undefined;
  /** Whether an entry is lost on its way to a block. */
  loses: (entry: Uint8Array) => boolean = () => false;
  time_ms = Date.now();

  /** @param strangers accounts whose key the chain does not know from the beginning */
  constructor(people: readonly Person[], { registered = true, balance = 1_000_000n } = {}) {
    const authority = personOf(200);
    this.genesis = {
      name: 'fake',
      time_ms: Date.now() - 1_000,
      validators: [authority.publicKey],
      authority: authority.account,
      treasury: authority.account,
      fee_min: 1n,
      accounts: people.map(({ account: id, publicKey }) => ({
        id,
        balance,
        ...(registered ? { publicKey } : {}),
      })),
    };
    this.chainId = chainIdOf(this.genesis);
    this.#state = beginningOf(this.genesis).executed.state;
  }

  get state(): ChainState {
    return this.#state;
  }

  receiptOf(id: string): Receipt | undefined {
    return this.#receipts.get(id);
  }

  take(entry: Uint8Array): void {
    if (this.loses(entry)) return;
    this.#pending.push(entry);
    this.#timer ??= setTimeout(() => this.commit(), COMMIT_MS);
  }

  /** Commits what waits; nothing, too. */
  commit(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.time_ms = Math.max(this.time_ms, Date.now());
    const entries = this.#pending.splice(0);
    const receipts: Receipt[] = [];
    for (const bytes of entries) {
      const entry = decodeEntry(this.chainId, bytes);
      for (const index of entry.ids.keys()) {
        const { state, receipt } = carryOut(this.#state, entry, index, this.time_ms);
        this.#state = state;
        if (receipt === undefined) continue;
        receipts.push(receipt);
        this.#receipts.set(receipt.id, receipt);
      }
    }
    this.commits.push({
      commit: commitOf(this.chainId, this.commits.length + 1, this.time_ms, entries),
      number: this.commits.length + 1,
      digest: '',
      receipts,
    });
    for (const follower of this.#followers) follower.wake();
  }

  join(follower: FakeValidator): void {
    this.#followers.add(follower);
    follower.wake();
  }

  leave(follower: FakeValidator): void {
    this.#followers.delete(follower);
  }

  close(): void {
    clearTimeout(this.#timer);
  }
}

/** What a node sees of the chain. */
export class FakeValidator implements SeenOfChain {
  readonly chainId: string;
  readonly #chain: FakeChain;
  readonly #archive: Archive;
  readonly #listeners = new Set<(event: ChainEvent) => void>();
  #next: number;
  #running = false;
  #isClosed = false;
  /** Where a start may begin: everything before is safe with the archive. */
  begin: number;

  /** @param begin number of the first commit that is told */
  constructor(chain: FakeChain, archive: Archive, begin = 1) {
    this.#chain = chain;
    this.#archive = archive;
    this.chainId = hexOf(chain.chainId);
    this.begin = begin;
    this.#next = begin;
    chain.join(this);
  }

  async submit(entry: Uint8Array): Promise<readonly string[]> {
    this.#chain.take(entry);
    return decodeEntry(this.#chain.chainId, entry).ids;
  }

  account(id: string): ReturnType<Validator['account']> {
    const { balance, usedUpTo, publicKey } = accountIn(this.#chain.state, id);
    return {
      balance,
      nonce: usedUpTo,
      ...(publicKey === undefined ? {} : { publicKey: hexOf(publicKey) }),
    };
  }

  status(id: string): ReturnType<Validator['status']> {
    const receipt = this.#chain.receiptOf(id);
    if (receipt === undefined) return undefined;
    return { id, state: receipt.code === 'OK' ? 'Confirmed' : 'Rejected', times_ms: {} };
  }

  chain(): ReturnType<Validator['chain']> {
    return { commits: this.#chain.commits.length } as ReturnType<Validator['chain']>;
  }

  on(listener: (event: ChainEvent) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  tell(event: ChainEvent): void {
    for (const listener of this.#listeners) listener(event);
  }

  wake(): void {
    if (this.#running || this.#isClosed) return;
    this.#running = true;
    this.#run()
      .catch((error: unknown) => this.tell({ kind: 'stopped', reason: String(error) }))
      .finally(() => {
        this.#running = false;
      });
  }

  async #run(): Promise<void> {
    for (;;) {
      const executed = this.#chain.commits[this.#next - 1];
      if (executed === undefined || this.#isClosed) return;
      this.#next++;
      await this.#archive.keep(executed);
      // As the real one: a start begins a little before what is safe.
      this.begin = Math.max(1, executed.number - 2);
      if (executed.number % CHECKPOINT_COMMITS === 0)
        this.tell({
          kind: 'finalized',
          checkpoint: { commits: executed.number } as Extract<
            ChainEvent,
            { kind: 'finalized' }
          >['checkpoint'],
        });
    }
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    this.#chain.leave(this);
  }
}

/** One block of one validator. */
function commitOf(
  chainId: Uint8Array,
  round: number,
  time_ms: number,
  entries: readonly Uint8Array[],
): ExecutedCommit['commit'] {
  const of = { epoch: 0, round, author: 0, parents: [], weakParents: [], evidence: [] };
  const leader = sealedBlock(chainId, { ...of, entries, time_ms }, new Uint8Array());
  return { leader, blocks: [leader], time_ms, next: { round: round + 1, offset: 0 } };
}
