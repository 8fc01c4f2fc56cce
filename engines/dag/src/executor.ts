import type { Block } from './block.ts';
import { Malformed } from './bytes.ts';
import type { Slot } from './commitRule.ts';
import { committeeDigest, committeeOf, type Committee } from './committee.ts';
import { checkpointDigest, type Checkpoint } from './checkpoint.ts';
import { decodeEvidence } from './evidence.ts';
import { nonceState, type Account } from './account.ts';
import { digestOf, hexOf } from './hash.ts';
import { merkleRoot } from './merkle.ts';
import {
  encodeRecent,
  orderDigest,
  REACH_ROUNDS,
  type Executed,
  type RecentCommit,
} from './order.ts';
import {
  accountIn,
  carryOut,
  encodeReceipt,
  stateRoot,
  type ChainState,
  type Receipt,
} from './state.ts';
import { accountOf, decodeEntry, type Entry } from './transaction.ts';

/** A committed leader with the blocks that its commit puts in order. */
export interface Commit {
  readonly leader: Block;
  readonly blocks: readonly Block[];
  /** Median of what the leader's parents say the time is, and never before the commit before. */
  readonly time_ms: number;
  /** The slot that ordering goes on with. */
  readonly next: Slot;
}

/** A signature that has to be checked before execution goes on. */
export interface SignatureCheck {
  /** Names the check in the verdict. */
  readonly token: string;
  readonly publicKey: Uint8Array;
  readonly message: Uint8Array;
  readonly signature: Uint8Array;
}

export interface ExecutedCommit {
  readonly commit: Commit;
  /** Counts commits from 1, through all epochs. */
  readonly number: number;
  /** Digest over all commits up to this one, in hex. */
  readonly digest: string;
  readonly receipts: readonly Receipt[];
  /** There where this commit ends with a checkpoint, with what stands then. */
  readonly checkpoint?: Checkpoint;
  readonly after?: Executed;
}

export interface ExecutorSettings {
  readonly checkpoint_ms: number;
  readonly checkpointTransactions: number;
  readonly epoch_ms: number;
}

/** Verdicts that are kept for later: one that was forgotten is asked for again. */
const VERDICTS_MAX = 1 << 17;
/** The smallest committee that bears one fault. */
const FAULT_BEARING_MIN = 4;

/** The committee that follows a checkpoint which ended its epoch. */
export function nextCommittee(checkpoint: Checkpoint, keys: readonly Uint8Array[]): Committee {
  return committeeOf(checkpoint.chainId, checkpoint.epoch + 1, keys, checkpointDigest(checkpoint));
}

/** What the epoch after a checkpoint begins with: no block, and nobody who is proved to lie in it. */
export const beginningAfter = ({ time_ms }: Checkpoint, after: Executed): Executed => ({
  ...after,
  epochBegan_ms: time_ms,
  offenders: [],
  next: { round: 1, offset: 0 },
  recent: [],
});

/**
 * Carries out what is committed, in order, and says when a checkpoint is due; both follow from the order
 * alone. It waits where a signature of an entry has not been checked yet.
 */
export class Executor {
  readonly committee: Committee;
  readonly #settings: ExecutorSettings;
  readonly #queue: Commit[] = [];
  readonly #verdicts = new Map<string, boolean>();
  #state: ChainState;
  #seq: number;
  #commits: number;
  #commitDigest: Uint8Array;
  #checkpoint_ms: number;
  readonly #epochBegan_ms: number;
  readonly #offenders: Set<string>;
  #next: Slot;
  #recent: readonly RecentCommit[];
  #receipts: Receipt[] = [];
  /** How far the first commit of the queue is carried out. */
  #at = { entry: 0, receipts: [] as Receipt[], isAsked: false };
  #hasEnded = false;

  constructor(committee: Committee, begin: Executed, settings: ExecutorSettings) {
    this.committee = committee;
    this.#settings = settings;
    this.#state = begin.state;
    this.#seq = begin.seq;
    this.#commits = begin.commits;
    this.#commitDigest = begin.commitDigest;
    this.#checkpoint_ms = begin.checkpoint_ms;
    this.#epochBegan_ms = begin.epochBegan_ms;
    this.#offenders = new Set(begin.offenders);
    this.#next = begin.next;
    this.#recent = begin.recent;
  }

  /** What stands at this moment; the state is the one after the last commit that was carried out. */
  get executed(): Executed {
    return {
      state: this.#state,
      seq: this.#seq,
      commits: this.#commits,
      commitDigest: this.#commitDigest,
      checkpoint_ms: this.#checkpoint_ms,
      epochBegan_ms: this.#epochBegan_ms,
      offenders: [...this.#offenders].toSorted(),
      next: this.#next,
      recent: this.#recent,
    };
  }

  /** Whether a checkpoint ended the epoch: nothing of it is carried out any more. */
  get hasEnded(): boolean {
    return this.#hasEnded;
  }

  /** How many commits wait to be carried out. */
  get waiting(): number {
    return this.#queue.length;
  }

  add(commit: Commit): void {
    if (!this.#hasEnded) this.#queue.push(commit);
  }

  verdicts(verdicts: readonly { readonly token: string; readonly holds: boolean }[]): void {
    for (const { token, holds } of verdicts) this.#verdicts.set(token, holds);
    for (const oldest of this.#verdicts.keys()) {
      if (this.#verdicts.size <= VERDICTS_MAX) break;
      this.#verdicts.delete(oldest);
    }
  }

  /** The checks that a block will need, as far as the keys are known now. */
  checksOf(block: Block): readonly SignatureCheck[] {
    const checks: SignatureCheck[] = [];
    for (const bytes of block.entries) {
      const entry = this.#read(bytes);
      const check = entry === undefined ? undefined : this.#checkOf(entry);
      if (check !== undefined && !this.#verdicts.has(check.token)) checks.push(check);
    }
    for (const bytes of block.evidence)
      for (const check of this.#evidenceChecks(bytes) ?? [])
        if (!this.#verdicts.has(check.token)) checks.push(check);
    return checks;
  }

  /** Carries out what can be. @returns what was, and the checks that the rest waits for */
  run(): {
    readonly executed: readonly ExecutedCommit[];
    readonly checks: readonly SignatureCheck[];
  } {
    const executed: ExecutedCommit[] = [];
    while (!this.#hasEnded) {
      const commit = this.#queue[0];
      if (commit === undefined) break;
      const checks = this.#carryOn(commit);
      if (checks.length > 0) return { executed, checks };
      this.#queue.shift();
      executed.push(this.#finish(commit));
    }
    if (this.#hasEnded) this.#queue.length = 0;
    return { executed, checks: [] };
  }

  /** Goes on with a commit until its end, or until a verdict is missing. */
  #carryOn(commit: Commit): readonly SignatureCheck[] {
    const entries = commit.blocks.flatMap((block) => block.entries);
    for (; this.#at.entry < entries.length; this.#at.entry += 1) {
      const entry = this.#read(entries[this.#at.entry]!);
      const check = entry === undefined ? undefined : this.#checkOf(entry);
      if (entry === undefined || check === undefined) continue;
      const holds = this.#verdicts.get(check.token);
      if (holds === undefined) return [check, ...this.#restOf(commit)];
      if (holds) this.#carryOutEntry(entry, commit.time_ms);
    }
    const missing = commit.blocks
      .flatMap((block) => block.evidence.flatMap((bytes) => this.#evidenceChecks(bytes) ?? []))
      .filter(({ token }) => !this.#verdicts.has(token));
    return missing;
  }

  /** The checks that the rest of a commit will need; asked for once, not again with every verdict. */
  #restOf(commit: Commit): readonly SignatureCheck[] {
    if (this.#at.isAsked) return [];
    this.#at.isAsked = true;
    return commit.blocks.flatMap((block) => this.checksOf(block));
  }

  #carryOutEntry(entry: Entry, time_ms: number): void {
    for (const index of entry.transactions.keys()) {
      const { state, receipt } = carryOut(this.#state, entry, index, time_ms);
      this.#state = state;
      if (receipt !== undefined) this.#at.receipts.push(receipt);
    }
  }

  #finish(commit: Commit): ExecutedCommit {
    for (const block of commit.blocks) this.#takeEvidence(block);
    const { receipts } = this.#at;
    this.#at = { entry: 0, receipts: [], isAsked: false };
    for (const receipt of receipts) this.#receipts.push(receipt);
    this.#commits += 1;
    const { leader, time_ms } = commit;
    const recent = {
      leaderRound: leader.round,
      time_ms,
      refs: commit.blocks.map(({ ref }) => ref),
    };
    this.#commitDigest = digestOf('commit', this.#commitDigest, encodeRecent(recent));
    this.#next = commit.next;
    this.#recent = [
      ...this.#recent.filter(({ leaderRound }) => leaderRound >= leader.round - REACH_ROUNDS),
      recent,
    ];
    for (const block of commit.blocks) this.#forget(block);
    const isDue =
      commit.time_ms >= this.#checkpoint_ms + this.#settings.checkpoint_ms ||
      this.#receipts.length >= this.#settings.checkpointTransactions;
    const executed = {
      commit,
      number: this.#commits,
      digest: hexOf(this.#commitDigest),
      receipts,
    };
    if (!isDue) return executed;
    const checkpoint = this.#checkpoint(commit);
    return { ...executed, checkpoint, after: this.executed };
  }

  #checkpoint(commit: Commit): Checkpoint {
    const { chainId, epoch, publicKeys } = this.committee;
    const next = this.#withoutOffenders();
    const isChanged = hexOf(committeeDigest(next)) !== hexOf(committeeDigest(publicKeys));
    const isOver = commit.time_ms >= this.#epochBegan_ms + this.#settings.epoch_ms;
    const endsEpoch = isChanged || isOver;
    if (endsEpoch) this.#state = { ...this.#state, nextValidators: next };
    const checkpoint: Checkpoint = {
      chainId,
      epoch,
      seq: (this.#seq += 1),
      round: commit.leader.round,
      time_ms: (this.#checkpoint_ms = commit.time_ms),
      commits: this.#commits,
      commitDigest: this.#commitDigest,
      stateRoot: stateRoot(this.#state),
      receiptsRoot: merkleRoot(this.#receipts.map(encodeReceipt)),
      receipts: this.#receipts.length,
      supply: this.#state.supply,
      orderDigest: orderDigest(this.executed),
      validatorsNextHash: committeeDigest(endsEpoch ? this.#state.nextValidators : publicKeys),
      endsEpoch,
    };
    this.#receipts = [];
    this.#hasEnded = endsEpoch;
    return checkpoint;
  }

  /**
   * Who is proved to equivocate has no place in the next committee, unless too few would be left to bear
   * any fault: then it stays for the authority to replace.
   */
  #withoutOffenders(): readonly Uint8Array[] {
    const { nextValidators } = this.#state;
    const left = nextValidators.filter((key) => !this.#offenders.has(hexOf(key)));
    return left.length < FAULT_BEARING_MIN ? nextValidators : left;
  }

  #takeEvidence(block: Block): void {
    for (const bytes of block.evidence) {
      const checks = this.#evidenceChecks(bytes);
      if (checks === undefined || checks.some(({ token }) => this.#verdicts.get(token) !== true))
        continue;
      this.#offenders.add(hexOf(checks[0]!.publicKey));
    }
  }

  /** The two signatures that make a proof; undefined for bytes that prove nothing of this epoch. */
  #evidenceChecks(bytes: Uint8Array): readonly SignatureCheck[] | undefined {
    const evidence = this.#decode(() => decodeEvidence(this.committee.chainId, bytes));
    if (evidence === undefined || evidence.epoch !== this.committee.epoch) return undefined;
    const publicKey = this.committee.publicKeys[evidence.author];
    if (publicKey === undefined) return undefined;
    return evidence.signed.map(({ digest, signature }) => ({
      token: tokenOf(publicKey, digest, signature),
      publicKey,
      message: digest,
      signature,
    }));
  }

  #read(bytes: Uint8Array): Entry | undefined {
    return this.#decode(() => decodeEntry(this.committee.chainId, bytes));
  }

  #decode<T>(read: () => T): T | undefined {
    try {
      return read();
    } catch (error) {
      if (error instanceof Malformed) return undefined;
      throw error;
    }
  }

  /**
   * The check that an entry needs; undefined where its account has no key, so that nothing could hold, and where
   * all of it was carried out before, so that nothing could come of it.
   */
  #checkOf(entry: Entry): SignatureCheck | undefined {
    const [first] = entry.transactions;
    const account = accountIn(this.#state, entry.account);
    if (isKnown(account, entry)) return undefined;
    const known = account.publicKey;
    const brought = first?.action.kind === 'register' ? first.action.publicKey : undefined;
    const publicKey =
      known ??
      (brought !== undefined && accountOf(brought) === entry.account ? brought : undefined);
    if (publicKey === undefined) return undefined;
    const before = checks.get(entry);
    if (before?.publicKey === publicKey) return before;
    const { signed, signature } = entry;
    const token = tokenOf(publicKey, signed, signature);
    const check = { token, publicKey, message: signed, signature };
    checks.set(entry, check);
    return check;
  }

  /** Verdicts on a block that is carried out are not needed again, unless another block has the entry too. */
  #forget(block: Block): void {
    for (const bytes of block.entries) {
      const entry = this.#read(bytes);
      const check = entry === undefined ? undefined : checks.get(entry);
      if (check !== undefined) this.#verdicts.delete(check.token);
    }
  }
}

/** Whether these very transactions were carried out already. */
function isKnown(account: Account, { transactions, ids }: Entry): boolean {
  return transactions.every(({ nonce }, at) => {
    const use = nonceState(account, nonce);
    return use.kind === 'used' && use.id === ids[at];
  });
}

/** The check of an entry under the key that was asked for last. */
const checks = new WeakMap<Entry, SignatureCheck>();

const keyDigests = new WeakMap<Uint8Array, Uint8Array>();

function keyDigest(publicKey: Uint8Array): Uint8Array {
  let digest = keyDigests.get(publicKey);
  if (digest === undefined) keyDigests.set(publicKey, (digest = digestOf('key', publicKey)));
  return digest;
}

/** Names a check: nothing else has the same name. */
export const tokenOf = (
  publicKey: Uint8Array,
  message: Uint8Array,
  signature: Uint8Array,
): string => hexOf(digestOf('check', keyDigest(publicKey), message, signature));
