import {
  checkpointDigest,
  isCertified,
  type Certificate,
  type Checkpoint,
  type Verify,
} from '../../checkpoint.ts';
import { committeeDigest, type Committee } from '../../committee.ts';
import type { ExecutedCommit } from '../../executor.ts';
import type { Executed } from '../../order.ts';
import { hexOf } from '../../hash.ts';
import { valuesOf } from '../../trie.ts';

/** What must never be, over all honest nodes of one run, whatever crashed in between. */
export class Checker {
  readonly violations: string[] = [];
  /** Digest of the first so many commits, as the first node that had them told. */
  readonly #commits = new Map<number, string>();
  readonly #checkpoints = new Map<number, string>();
  /** By account and nonce: the transaction that succeeded. */
  readonly #succeeded = new Map<string, string>();
  readonly #receipts = new Map<string, string>();
  /** Blocks that honest validators said, by epoch, round and author. */
  readonly #said = new Map<string, string>();
  /** Digests of checkpoints that honest validators voted for, by validator and number. */
  readonly #voted = new Map<string, string>();
  /** Digests of checkpoints, as the first honest node that came to each told. */
  readonly #reached = new Map<number, string>();
  readonly #submitted = new Set<string>();
  readonly #verify: Verify;
  readonly #supply: bigint;
  readonly #honest: ReadonlySet<string>;
  committed = 0;

  /** @param honest keys of the validators that do not lie */
  constructor(verify: Verify, supply: bigint, honest: ReadonlySet<string>) {
    this.#honest = honest;
    this.#verify = verify;
    this.#supply = supply;
  }

  #violated(sentence: string): void {
    if (this.violations.length < 100) this.violations.push(sentence);
  }

  /** A transaction that its owner signed. */
  submitted(id: string): void {
    this.#submitted.add(id);
  }

  receiptOf(id: string): string | undefined {
    return this.#receipts.get(id);
  }

  /** An honest validator said a block. */
  said(node: string, epoch: number, round: number, digest: string): void {
    const key = `${epoch}.${round}.${node}`;
    const before = this.#said.get(key);
    if (before !== undefined && before !== digest)
      this.#violated(`an honest validator made two blocks for round ${round} of epoch ${epoch}`);
    this.#said.set(key, digest);
  }

  /** An honest validator signed the digest of a checkpoint. */
  voted(node: string, seq: number, digest: Uint8Array): void {
    const key = `${seq}.${node}`;
    const before = this.#voted.get(key);
    if (before !== undefined && before !== hexOf(digest))
      this.#violated(`an honest validator voted for two checkpoints ${seq}`);
    this.#voted.set(key, hexOf(digest));
  }

  executed(node: number, { number, digest, receipts, commit }: ExecutedCommit): void {
    const known = this.#commits.get(number);
    if (known !== undefined && known !== digest)
      this.#violated(`node ${node} has another commit ${number}, at round ${commit.leader.round}`);
    this.#commits.set(number, digest);
    this.committed = Math.max(this.committed, number);
    for (const { id, account, nonce, code } of receipts) {
      if (!this.#submitted.has(id) && code === 'OK')
        this.#violated(`a transaction was carried out that its owner never signed: ${id}`);
      const before = this.#receipts.get(id);
      if (before === 'OK' && code === 'OK' && known === undefined)
        this.#violated(`transaction ${id} was carried out twice`);
      if (before !== undefined && (before === 'OK') !== (code === 'OK'))
        this.#violated(`transaction ${id} has receipts that say ${before} and ${code}`);
      this.#receipts.set(id, code);
      if (code !== 'OK') continue;
      const key = `${account}.${nonce}`;
      const other = this.#succeeded.get(key);
      if (other !== undefined && other !== id)
        this.#violated(`two transactions of account ${account} with nonce ${nonce} succeeded`);
      this.#succeeded.set(key, id);
    }
  }

  /** @param between times that honest clocks show at this moment */
  checkpoint(
    node: number,
    checkpoint: Checkpoint,
    after: Executed,
    [from_ms, to_ms]: readonly [number, number],
  ): void {
    const { seq, time_ms } = checkpoint;
    const digest = hexOf(checkpointDigest(checkpoint));
    const known = this.#reached.get(seq);
    if (known !== undefined && known !== digest)
      this.#violated(`node ${node} has another checkpoint ${seq}`);
    this.#reached.set(seq, digest);
    if (known === undefined && !(time_ms >= from_ms && time_ms <= to_ms))
      this.#violated(`checkpoint ${seq} is of ${time_ms}, a time that no honest clock showed`);
    for (const key of after.offenders)
      if (this.#honest.has(key))
        this.#violated(`at checkpoint ${seq} node ${node} holds an honest validator for a liar`);
    this.#state(node, after);
  }

  #state(node: number, { state, seq }: Executed): void {
    let sum = 0n;
    for (const [, { balance }] of valuesOf(state.accounts)) {
      if (balance < 0n) this.#violated(`node ${node} has a negative balance at checkpoint ${seq}`);
      sum += balance;
    }
    if (sum !== state.supply || sum !== this.#supply)
      this.#violated(`at checkpoint ${seq} node ${node} has ${sum} of a supply of ${this.#supply}`);
  }

  certified(node: number, certificate: Certificate, committee: Committee): void {
    const { checkpoint } = certificate;
    if (!isCertified(certificate, committee.publicKeys, this.#verify))
      this.#violated(`node ${node} has a certificate that does not hold, ${checkpoint.seq}`);
    const digest = [
      hexOf(checkpoint.commitDigest),
      hexOf(checkpoint.stateRoot),
      hexOf(checkpoint.receiptsRoot),
      hexOf(checkpoint.validatorsNextHash),
      String(checkpoint.supply),
    ].join();
    const known = this.#checkpoints.get(checkpoint.seq);
    if (known !== undefined && known !== digest)
      this.#violated(`node ${node} has another certificate for checkpoint ${checkpoint.seq}`);
    this.#checkpoints.set(checkpoint.seq, digest);
    if (!checkpoint.endsEpoch) {
      const same = hexOf(committeeDigest(committee.publicKeys));
      if (same !== hexOf(checkpoint.validatorsNextHash))
        this.#violated(`checkpoint ${checkpoint.seq} names another committee within its epoch`);
    }
  }

  /** What a node shows to those who know the first validators alone. */
  shown(node: number, doubt: string | undefined): void {
    if (doubt !== undefined) this.#violated(`node ${node} cannot show its state: ${doubt}`);
  }

  forked(node: number, seq: number): void {
    this.#violated(`node ${node} saw a fork at checkpoint ${seq}`);
  }
}
