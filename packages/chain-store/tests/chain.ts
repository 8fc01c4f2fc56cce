import {
  accountOf,
  beginningOf,
  carryOut,
  checkpointMessage,
  committeeDigest,
  decodeEntry,
  encodeEntry,
  encodeReceipt,
  merkleRoot,
  signedBytes,
  stateRoot,
  transactionId,
  type Action,
  type Block,
  type Certificate,
  type Checkpoint,
  type ExecutedCommit,
  type Receipt,
  type Transaction,
} from '@anarq/dag';
import { IdealKeys } from '@anarq/dag/testing';

const TIME_MS = 1_800_000_000_000;
export const keys = new IdealKeys();
const personOf = (name: string) => {
  const publicKey = keys.make(name);
  return { name, publicKey, id: accountOf(publicKey) };
};
export type Person = ReturnType<typeof personOf>;
export const people = [personOf('ana'), personOf('ben'), personOf('cem'), personOf('dua')] as const;
export const validators = [0, 1, 2, 3].map((at) => keys.make(`validator ${at}`));
const laterValidators = [1, 2, 3, 4].map((at) => keys.make(`validator ${at}`));

const genesis = {
  name: 'history',
  time_ms: TIME_MS,
  validators,
  authority: accountOf(keys.make('authority')),
  treasury: accountOf(keys.make('treasury')),
  fee_min: 1n,
  accounts: people.map(({ id, publicKey }) => ({ id, publicKey, balance: 1_000_000_000n })),
};
const beginning = beginningOf(genesis);
export const { chainId } = beginning.committee;
const EPOCH_CHECKPOINTS = 7;

/** A chain as its archive sees it: commits that are carried out by the engine's own rules, and certificates. */
export class TestChain {
  readonly #later: readonly Uint8Array[];
  #state = beginning.executed.state;
  #commits = 0;
  #seq = 0;
  #epoch = 0;
  #keys: readonly Uint8Array[] = validators;
  #time_ms = TIME_MS;
  readonly #nonces = new Map<string, bigint>();
  #receipts: Receipt[] = [];
  /** All receipts there ever were, by checkpoint. */
  readonly receipts = new Map<number, readonly Receipt[]>();

  /** @param later the validators of every second epoch */
  constructor(later: readonly Uint8Array[] = laterValidators) {
    this.#later = later;
  }

  /** Bytes of an entry of one person, each transaction with its next nonce. */
  entry(who: Person, ...actions: readonly Action[]): Uint8Array {
    return this.signed(
      who,
      actions.map((action) => {
        const nonce = (this.#nonces.get(who.id) ?? 0n) + 1n;
        this.#nonces.set(who.id, nonce);
        const notAfter_ms = this.#time_ms + 60_000;
        return { account: who.id, nonce, fee: 1n, notAfter_ms, action };
      }),
    );
  }

  signed(who: Person, transactions: readonly Transaction[]): Uint8Array {
    const ids = transactions.map((each) => transactionId(chainId, each));
    return encodeEntry(transactions, keys.sign(who.publicKey, signedBytes(chainId, who.id, ids)));
  }

  /** Another payment with the nonce of one that is there. */
  rival(who: Person, of: Uint8Array): Uint8Array {
    const [transaction] = decodeEntry(chainId, of).transactions;
    if (transaction === undefined) throw new RangeError('an entry has a transaction');
    return this.signed(who, [{ ...transaction, fee: transaction.fee + 1n }]);
  }

  pay(who: Person, to: Person, amount = 5n): Uint8Array {
    return this.entry(who, { kind: 'transfer', to: to.id, amount, memo: new Uint8Array() });
  }

  /** A commit of these entries; `isDue`: it ends with a checkpoint. */
  commit(entries: readonly Uint8Array[], isDue = false): ExecutedCommit {
    this.#time_ms += 100;
    this.#commits += 1;
    const receipts: Receipt[] = [];
    for (const bytes of entries) {
      const entry = decodeEntry(chainId, bytes);
      for (const at of entry.transactions.keys()) {
        const { state, receipt } = carryOut(this.#state, entry, at, this.#time_ms);
        this.#state = state;
        if (receipt !== undefined) receipts.push(receipt);
      }
    }
    this.#receipts.push(...receipts);
    const leader: Block = {
      epoch: this.#epoch,
      round: 2 * this.#commits,
      author: 0,
      parents: [],
      weakParents: [],
      entries,
      evidence: [],
      time_ms: this.#time_ms,
      ref: { round: 2 * this.#commits, author: 0, digest: '00'.repeat(32) },
      signature: new Uint8Array(),
      size: 0,
    };
    const next = { round: 2 * this.#commits + 1, offset: 0 };
    const commit = { leader, blocks: [leader], time_ms: this.#time_ms, next };
    const executed = { commit, number: this.#commits, digest: 'ab'.repeat(32), receipts };
    if (!isDue) return executed;
    const checkpoint = this.#checkpoint();
    return {
      ...executed,
      checkpoint,
      after: {
        ...beginning.executed,
        state: { ...this.#state, nextValidators: this.#keys },
        seq: this.#seq,
        commits: this.#commits,
      },
    };
  }

  #checkpoint(): Checkpoint {
    this.#seq += 1;
    const endsEpoch = this.#seq % EPOCH_CHECKPOINTS === 0;
    const epoch = this.#epoch;
    this.receipts.set(this.#seq, this.#receipts);
    if (endsEpoch) {
      this.#epoch += 1;
      this.#keys = this.#keys === validators ? this.#later : validators;
    }
    const checkpoint = {
      chainId,
      epoch,
      seq: this.#seq,
      round: 2 * this.#commits,
      time_ms: this.#time_ms,
      commits: this.#commits,
      commitDigest: new Uint8Array(32).fill(7),
      stateRoot: stateRoot(this.#state),
      receiptsRoot: merkleRoot(this.#receipts.map(encodeReceipt)),
      receipts: this.#receipts.length,
      supply: this.#state.supply,
      orderDigest: new Uint8Array(32).fill(8),
      validatorsNextHash: committeeDigest(this.#keys),
      endsEpoch,
    };
    this.#receipts = [];
    return checkpoint;
  }

  /** What a quorum of the checkpoint's epoch signs. */
  certificate(checkpoint: Checkpoint): Certificate {
    const by = checkpoint.epoch % 2 === 0 ? validators : this.#later;
    return {
      checkpoint,
      signatures: [0, 1, 3].map((validator) => ({
        validator,
        signature: keys.sign(by[validator] ?? new Uint8Array(), checkpointMessage(checkpoint)),
      })),
    };
  }

  /** The clock of the chain goes on. */
  wait(time_ms: number): void {
    this.#time_ms += time_ms;
  }
}

export const idOf = (entry: Uint8Array, at = 0): string =>
  decodeEntry(chainId, entry).ids[at] ?? '';
