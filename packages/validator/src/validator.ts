import { fail } from '@anarq/common-schemas';
import {
  accountIn,
  hexOf,
  NOBODY,
  stateRoot,
  tokenOf,
  type Certificate,
  type ChainState,
  type Entry,
  type ExecutedCommit,
} from '@anarq/dag';
import { checkRoughly, keyFor, readEntry } from './admission.ts';
import { accountsIn, changesOf, dataOf } from './changes.ts';
import type { Driver, Observer } from './driver.ts';
import { Finals } from './finals.ts';
import { entryFrame } from './frames.ts';
import type { PeerNetwork } from './network.ts';
import type { SignatureChecks } from './signatures.ts';
import { Statuses } from './statuses.ts';
import type {
  AccountStatus,
  Archive,
  ChainEvent,
  ChainStatus,
  FaultModel,
  TransactionStatus,
  Validator,
  ValidatorSettings,
} from './types.ts';

export interface RunningOptions {
  readonly chainId: Uint8Array;
  /** With which the chain began. */
  readonly validators: readonly Uint8Array[];
  readonly publicKey: Uint8Array | undefined;
  readonly network: PeerNetwork;
  readonly settings: ValidatorSettings;
  readonly checks: SignatureChecks;
  readonly archive: Archive | undefined;
  readonly now_ms: () => number;
  /** Closes what the driver writes to. */
  readonly release: () => Promise<void>;
}

/** Entries that are being looked at, of all who hand in together. */
const CHECKING_MAX = 10_000;
/** Accounts of which it is remembered how far their nonces are under way. */
const AHEAD_MAX = 50_000;

/** A validator, or a follower, that is up: answers from what its driver tells. */
export class RunningValidator implements Validator {
  readonly chainId: string;
  readonly publicKey: string | undefined;
  readonly observer: Observer;
  readonly #options: RunningOptions;
  readonly #statuses: Statuses;
  readonly #finals: Finals;
  readonly #listeners = new Set<(event: ChainEvent) => void>();
  /** The highest nonce that was handed in here, by account. */
  readonly #ahead = new Map<string, bigint>();
  #driver: Driver | undefined;
  #state: ChainState | undefined;
  #touched = new Set<string>();
  #archived: Promise<void> = Promise.resolve();
  #checking = 0;
  #turn = 0;
  #closing: Promise<void> | undefined;

  constructor(options: RunningOptions) {
    this.#options = options;
    const { chainId, publicKey, settings, now_ms } = options;
    this.chainId = hexOf(chainId);
    this.publicKey = publicKey === undefined ? undefined : hexOf(publicKey);
    this.#finals = new Finals(settings.provableCheckpoints_max, options.validators);
    this.#statuses = new Statuses({
      chainId,
      statuses_max: settings.statuses_max,
      now_ms,
      onState: (id, state) => this.#tell({ kind: 'state', id, state }),
    });
    this.observer = this.#observer();
  }

  /** Resolves once the archive has all that was executed so far. */
  archived(): Promise<void> {
    return this.#archived;
  }

  begin(driver: Driver): void {
    this.#driver = driver;
    this.#state = driver.node.executed.state;
    driver.start();
  }

  async submit(bytes: Uint8Array): Promise<readonly string[]> {
    const { chainId, checks, now_ms, settings } = this.#options;
    const node = this.#running().node;
    const entry = readEntry(chainId, bytes);
    // Handed in again after its end: the answer is known, and it must not act twice.
    if (entry.ids.every((id) => this.#statuses.isSettled(id))) return entry.ids;
    const { state } = node.executed;
    checkRoughly(state, entry, this.#ahead.get(entry.account) ?? 0n, now_ms());
    if (this.#checking >= CHECKING_MAX || checks.ordered >= settings.orderedChecks_max)
      fail('RATE_LIMIT_EXCEEDED', 'more waits to be checked here than can be checked soon', {
        retryAfter_ms: 1_000,
      });
    const publicKey = keyFor(state, entry);
    this.#checking += 1;
    const holds = await checks
      .checkEntry(
        { publicKey, message: entry.signed, signature: entry.signature },
        tokenOf(publicKey, entry.signed, entry.signature),
        false,
      )
      .finally(() => (this.#checking -= 1));
    if (!holds)
      fail('SIGNATURE_INVALID', 'the signature is not one of the account over these transactions');
    this.#take(bytes, entry);
    return entry.ids;
  }

  status(id: string): TransactionStatus | undefined {
    return this.#statuses.get(id);
  }

  account(id: string): AccountStatus | undefined {
    const account = accountIn(this.#node().executed.state, id);
    if (account === NOBODY) return undefined;
    const { balance, usedUpTo: nonce, publicKey } = account;
    return { balance, nonce, ...(publicKey === undefined ? {} : { publicKey: hexOf(publicKey) }) };
  }

  receiptProof(id: string): Uint8Array | undefined {
    return this.#finals.receiptProof(id, this.#node().history.trail);
  }

  accountProof(id: string): Uint8Array | undefined {
    const { latest, trail } = this.#node().history;
    if (latest === undefined) return undefined;
    return this.#finals.accountProof(latest.certificate, latest.executed.state, id, trail);
  }

  certificate(seq?: number): Uint8Array | undefined {
    return this.#finals.certificate(seq, this.#node().history.trail);
  }

  chain(): ChainStatus {
    const node = this.#node();
    const { committee, executed } = node;
    const final = this.#finals.latest?.checkpoint;
    const stopped = this.#driver?.stopped;
    return {
      chainId: this.chainId,
      epoch: committee.epoch,
      round: node.run.dag.highestRound,
      seq: executed.seq,
      commits: executed.commits,
      validators: node.run.peers,
      stateRoot: hexOf(stateRoot(executed.state)),
      supply: executed.state.supply,
      feeMin: executed.state.fee_min,
      treasury: executed.state.treasury,
      finalized: {
        seq: final?.seq ?? 0,
        stateRoot: final === undefined ? '' : hexOf(final.stateRoot),
        time_ms: final?.time_ms ?? 0,
      },
      mempool: node.mempool.size,
      isValidator: node.me !== undefined,
      faultModel: faultModelOf(committee.publicKeys.length, committee.faults_max),
      ...(stopped === undefined ? {} : { stopped }),
    };
  }

  on(listener: (event: ChainEvent) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    await this.#driver?.close();
    await this.#options.release();
  }

  #node(): Driver['node'] {
    if (this.#driver === undefined) throw new RangeError('this validator has not begun');
    return this.#driver.node;
  }

  #running(): Driver {
    const driver = this.#driver;
    if (driver === undefined || driver.stopped !== undefined)
      return fail('SERVICE_UNAVAILABLE', `this validator has stopped: ${driver?.stopped ?? ''}`);
    return driver;
  }

  /** Puts an entry where it waits for a block: here, or at a validator. */
  #take(bytes: Uint8Array, entry: Entry): void {
    const driver = this.#running();
    const { node } = driver;
    if (node.me === undefined) this.#handOn(bytes);
    else if (!node.mempool.hasRoomFor(bytes.length))
      fail('RATE_LIMIT_EXCEEDED', 'too much waits for a block here', { retryAfter_ms: 1_000 });
    this.#remember(entry);
    this.#statuses.handedIn(entry);
    if (node.me !== undefined) driver.step({ kind: 'submit', entry: bytes });
  }

  #handOn(bytes: Uint8Array): void {
    const { network } = this.#options;
    const validators = new Set(this.#node().run.peers);
    const reachable = network.connected().filter((peer) => validators.has(peer));
    const frame = entryFrame(bytes);
    for (let tries = 0; tries < reachable.length; tries += 1) {
      this.#turn += 1;
      const to = reachable[this.#turn % reachable.length];
      if (to !== undefined && network.send(to, frame)) return;
    }
    fail('SERVICE_UNAVAILABLE', 'no validator can be reached');
  }

  #remember({ account, transactions }: Entry): void {
    const before = this.#ahead.get(account) ?? 0n;
    const last = transactions.reduce((most, { nonce }) => (nonce > most ? nonce : most), before);
    this.#ahead.delete(account);
    this.#ahead.set(account, last);
    if (this.#ahead.size <= AHEAD_MAX) return;
    const [oldest] = this.#ahead.keys();
    if (oldest !== undefined) this.#ahead.delete(oldest);
  }

  #observer(): Observer {
    return {
      accepted: (block) => this.#statuses.accepted(block, this.#node().committee.quorum),
      said: (block) => this.#statuses.said(block),
      executed: (executed) => this.#executed(executed),
      certified: (certificate) => this.#certified(certificate),
      epoch: (epoch, validators) => {
        this.#statuses.epochEnded();
        this.#tell({ kind: 'epoch', epoch, validators });
      },
      adopted: (commits, seq) => {
        this.#finals.adopted();
        this.#ahead.clear();
        this.#tell({ kind: 'adopted', commits, seq });
      },
      equivocation: (validator, evidence) =>
        this.#tell({ kind: 'equivocation', validator, evidence }),
      fork: (seq) => this.#tell({ kind: 'fork', seq }),
      settled: () => this.#settled(),
      stopped: (reason) => this.#tell({ kind: 'stopped', reason }),
      entry: (from, entry) => this.#entryFrom(from, entry),
    };
  }

  #executed(executed: ExecutedCommit): void {
    const { chainId, archive } = this.#options;
    const { commit, number, receipts } = executed;
    this.#finals.executed(executed);
    this.#statuses.executed(number, commit.time_ms, commit.blocks, receipts);
    this.#archive(() => archive?.keep(executed));
    if (this.#listeners.size === 0) return;
    const data = dataOf(chainId, executed);
    this.#tell({ kind: 'executed', commit: number, time_ms: commit.time_ms, receipts, data });
    for (const account of accountsIn(chainId, executed)) this.#touched.add(account);
  }

  #certified(certificate: Certificate): void {
    const { archive } = this.#options;
    const { checkpoint } = certificate;
    this.#statuses.finalized(this.#finals.certified(certificate), checkpoint.seq);
    this.#archive(() => archive?.certified?.(certificate));
    this.#tell({ kind: 'finalized', checkpoint });
  }

  /** One after another; where the archive fails, nothing more is forgotten here, and it stops. */
  #archive(keep: () => void | Promise<void> | undefined): void {
    if (this.#options.archive === undefined) return;
    this.#archived = this.#archived.then(keep);
    this.#archived.catch((error: unknown) =>
      this.#driver?.stop(`the archive failed: ${String(error)}`),
    );
  }

  #settled(): void {
    const before = this.#state;
    const after = this.#driver?.node.executed.state;
    if (after === undefined || after === before) return;
    this.#state = after;
    const touched = this.#touched;
    if (before === undefined || touched.size === 0) return;
    this.#touched = new Set();
    touched.add(after.treasury);
    for (const { account, balance } of changesOf(touched, before, after))
      this.#tell({ kind: 'balance', account, balance });
  }

  /** What a follower hands on is looked at as if it were handed in here. */
  #entryFrom(from: string, bytes: Uint8Array): void {
    this.submit(bytes).catch((error: unknown) => {
      const code = error instanceof Error && 'code' in error ? error.code : undefined;
      if (code === 'SIGNATURE_INVALID') this.#options.network.report(from, 'badSignature');
      else if (code === 'INPUT_TOO_LARGE' || code === undefined)
        this.#options.network.report(from, 'malformed');
    });
  }

  #tell(event: ChainEvent): void {
    for (const listener of this.#listeners) listener(event);
  }
}

const faultModelOf = (validators: number, faults_max: number): FaultModel => ({
  name: 'dag-bft',
  validators,
  faults_max,
  description:
    faults_max === 0
      ? `${validators} validators: none of them may be faulty`
      : `final whatever ${faults_max} of ${validators} validators do, and whatever the network does`,
});
