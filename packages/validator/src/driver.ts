import {
  blockBytes,
  DagNode,
  digestOfBlock,
  encodeMessage,
  hexOf,
  sealedBlock,
  type Begin,
  type Block,
  type Certificate,
  type Effect,
  type Event,
  type ExecutedCommit,
  type Message,
  type NodeSettings,
  type SignatureCheck,
  type UnsealedBlock,
  type Vote,
  voteMessage,
} from '@anarq/dag';
import { setTimeout } from 'node:timers/promises';
import type { BeginKeeper } from './beginKeeper.ts';
import type { BlockLog } from './blockLog.ts';
import { Inbound } from './inbound.ts';
import { LostCertificates } from './lostCertificates.ts';
import { ANNOUNCEMENT_BYTES_MAX, type PeerNetwork } from './network.ts';
import { Outbound } from './outbound.ts';
import { OwnBlocks } from './ownBlocks.ts';
import type { SignatureChecks, Signer } from './signatures.ts';
import type { Archive } from './types.ts';

/** What a driver tells: all of it within the step that brought it. */
export interface Observer {
  /** A block is here with all that it builds on. */
  accepted(block: Block): void;
  said(block: Block): void;
  executed(executed: ExecutedCommit): void;
  certified(certificate: Certificate): void;
  epoch(epoch: number, validators: number): void;
  adopted(commits: number, seq: number): void;
  equivocation(author: string, evidence: Uint8Array): void;
  fork(seq: number): void;
  /** After a step, once all of the above was told. */
  settled(): void;
  stopped(reason: string): void;
  entry(from: string, entry: Uint8Array): void;
}

export interface DriverOptions {
  readonly settings: NodeSettings & { readonly listenFirst_ms: number };
  readonly begin: Begin;
  /** Those blocks in the log that were made here. */
  readonly own: readonly Block[];
  readonly network: PeerNetwork;
  readonly signer: Signer | undefined;
  readonly checks: SignatureChecks;
  readonly log: BlockLog;
  readonly keeper: BeginKeeper;
  readonly observer: Observer;
  readonly archive: Archive | undefined;
  /** The validators with which the chain began. */
  readonly validators: readonly Uint8Array[];
  readonly now_ms: () => number;
}

const TICK_MS = 20;
/** Checks whose answers are told together: few enough that the first commit need not wait long. */
const CHECKS_TOGETHER = 32;
/** A state from others is of use so long after a question. */
const ASKING_ms = 20_000;
/** Where so much waits for the disk, nothing more is taken from others. */
const DISK_BYTES_MAX = 128 << 20;

/** Does what the engine wants to be done: signs, writes, sends and checks, and tells it what came of it. */
export class Driver {
  readonly node: DagNode;
  readonly #options: DriverOptions;
  readonly #outbound: Outbound;
  readonly #inbound: Inbound;
  readonly #own: OwnBlocks;
  readonly #lost: LostCertificates | undefined;
  #asked_ms = -Infinity;
  #timer: NodeJS.Timeout | undefined;
  #stopped: string | undefined;
  readonly #ending = Promise.withResolvers<void>();
  /** Whoever has said nothing yet, as far as its folder tells, listens first. */
  readonly #listened: Promise<unknown>;
  /** What is under way and ends in the log. */
  readonly #sealing = new Set<Promise<void>>();

  constructor(options: DriverOptions) {
    this.#options = options;
    const { begin, settings, network, checks, observer, now_ms } = options;
    this.node = new DagNode(settings, begin, now_ms());
    this.#own = new OwnBlocks(options.own);
    const listens = options.own.length === 0 && settings.listenFirst_ms > 0;
    const delay = listens
      ? setTimeout(settings.listenFirst_ms, undefined, { ref: false })
      : undefined;
    this.#listened = Promise.race([delay, this.#ending.promise]);
    this.#outbound = new Outbound(network);
    this.#inbound = new Inbound({
      chainId: begin.committee.chainId,
      network,
      checks,
      now_ms,
      node: () => this.node,
      step: (event) => this.step(event),
      isAsking: () => now_ms() < this.#asked_ms + ASKING_ms,
      onOwn: (block) => {
        if (this.#own.isOfAnother(block))
          this.stop('this key speaks elsewhere too, or this folder is older than what it said');
      },
      onEntry: (from, entry) => observer.entry(from, entry),
      onLost: (from, seqs) => this.#beside(this.#lost?.answer(from, seqs)),
      onOther: (from, certificate) => this.#beside(this.#lost?.receive(from, certificate)),
    });
    const { archive, validators } = options;
    if (archive !== undefined)
      this.#lost = new LostCertificates({
        archive,
        network,
        chainId: begin.committee.chainId,
        validators,
        node: () => this.node,
        withSignatures: (from, read) => this.#inbound.withSignatures(from, read),
        onFork: (seq) => this.#forked(seq),
      });
  }

  get stopped(): string | undefined {
    return this.#stopped;
  }

  start(): void {
    const { network, now_ms } = this.#options;
    network.setValidators(this.#validators());
    network.onFrame((from, frame, via) => {
      if (this.#stopped !== undefined) return;
      if (this.#options.log.pending_bytes > DISK_BYTES_MAX) return;
      this.#inbound.receive(from, frame, via);
    });
    this.#guarded(() => this.node.start());
    this.#timer = setInterval(() => {
      this.step({ kind: 'tick', now_ms: now_ms() });
      this.#outbound.tick(now_ms());
      this.#lost?.tick(now_ms());
    }, TICK_MS);
  }

  step(event: Event): void {
    this.#guarded(() => this.node.step(event));
  }

  /** Says nothing any more. What is in the log stays; what was not said never will be. */
  stop(reason: string): void {
    if (this.#stopped !== undefined) return;
    this.#stopped = reason;
    this.#ending.resolve();
    clearInterval(this.#timer);
    this.#options.observer.stopped(reason);
  }

  /** Ends in good order: what is being written is written. */
  async close(): Promise<void> {
    clearInterval(this.#timer);
    this.#stopped ??= 'it was closed';
    this.#ending.resolve();
    await Promise.allSettled(this.#sealing);
  }

  #guarded(effects: () => readonly Effect[]): void {
    if (this.#stopped !== undefined) return;
    try {
      for (const effect of effects()) if (this.#stopped === undefined) this.#do(effect);
      this.#options.observer.settled();
    } catch (error) {
      // Whatever the engine did not expect: going on could contradict what was said.
      this.stop(`the engine failed: ${error instanceof Error ? error.stack : String(error)}`);
    }
  }

  #do(effect: Effect): void {
    const { log, keeper, network, observer } = this.#options;
    switch (effect.kind) {
      case 'seal':
        return this.#track(this.#seal(effect.block), 'a block could not be made safe');
      case 'keep':
        log.keep(effect.block);
        keeper.grew(blockBytes(effect.block).length);
        return observer.accepted(effect.block);
      case 'send':
        return this.#send(effect.to, effect.message);
      case 'broadcast':
        return this.#broadcast(effect.message);
      case 'verify':
        return this.#verify(effect.checks);
      case 'executed':
        return observer.executed(effect.executed);
      case 'signVote':
        return this.#track(this.#vote(effect.vote), 'a vote could not be signed');
      case 'checkpoint':
        return keeper.offer(effect.begin, effect.checkpoint.endsEpoch);
      case 'certified':
        this.#announce(effect.certificate);
        return observer.certified(effect.certificate);
      case 'adopted':
        keeper.offer(effect.begin, true);
        return observer.adopted(effect.checkpoint.commits, effect.checkpoint.seq);
      case 'epoch':
        network.setValidators(this.#validators());
        return observer.epoch(effect.epoch, effect.validators);
      case 'equivocation':
        return this.#equivocation(effect.author, effect.evidence);
      case 'misbehaviour':
        return network.report(effect.from, 'misbehaviour');
      case 'fork':
        return this.#forked(effect.seq);
    }
  }

  #forked(seq: number): void {
    this.#options.observer.fork(seq);
    this.stop(`more validators than may be faulty signed another checkpoint ${seq}`);
  }

  /** What the chain goes on without: where it fails, it is asked for again. */
  #beside(work: Promise<void> | undefined): void {
    work?.catch(() => undefined);
  }

  #validators(): readonly string[] {
    return this.node.run.peers;
  }

  #send(to: string, said: Message): void {
    this.#asks(said);
    const message = this.#inbound.unasked(said);
    if (message === undefined) return;
    const bytes = this.#outbound.send(to, message, this.#options.now_ms());
    if (message.kind === 'blocks' || message.kind === 'certificate')
      this.#inbound.answered(to, bytes);
  }

  #broadcast(said: Message): void {
    this.#asks(said);
    const message = this.#inbound.unasked(said);
    if (message !== undefined) this.#outbound.broadcast(this.#validators(), message);
  }

  /**
   * One validator in turn tells everybody of a certificate. From 29 validators on it is larger than what is told so:
   * then followers ask for it, as they do for each that they missed.
   */
  #announce(certificate: Certificate): void {
    const { seq } = certificate.checkpoint;
    if (seq % this.#validators().length !== this.node.me) return;
    const frame = encodeMessage({ kind: 'certificate', certificate });
    if (frame.length <= ANNOUNCEMENT_BYTES_MAX) this.#options.network.announce(frame);
  }

  #asks({ kind }: Message): void {
    if (kind === 'want' || kind === 'pull') this.#asked_ms = this.#options.now_ms();
  }

  /** Signs an own block, makes it safe, and only then lets it be said. */
  async #seal(unsealed: UnsealedBlock): Promise<void> {
    const { signer, log, keeper, observer } = this.#options;
    const { chainId } = this.node.committee;
    if (signer === undefined) throw new RangeError('a node without a key makes no block');
    await this.#listened;
    const signature = await signer.sign(digestOfBlock(chainId, unsealed));
    if (this.#stopped !== undefined) return;
    const block = sealedBlock(chainId, unsealed, signature);
    this.#own.made(block);
    keeper.grew(blockBytes(block).length);
    await log.seal(block);
    if (this.#stopped !== undefined) return;
    observer.said(block);
    if (block.epoch === this.node.committee.epoch) observer.accepted(block);
    this.step({ kind: 'sealed', block });
  }

  async #vote(vote: Omit<Vote, 'signature'>): Promise<void> {
    const { signer } = this.#options;
    if (signer === undefined) throw new RangeError('a node without a key does not vote');
    const signature = await signer.sign(voteMessage(this.node.committee.chainId, vote));
    this.step({ kind: 'voteSigned', vote: { ...vote, signature } });
  }

  #track(promise: Promise<void>, what: string): void {
    const tracked = promise
      .catch((error: unknown) => this.stop(`${what}: ${String(error)}`))
      .finally(() => this.#sealing.delete(tracked));
    this.#sealing.add(tracked);
  }

  #verify(checks: readonly SignatureCheck[]): void {
    for (let at = 0; at < checks.length; at += CHECKS_TOGETHER)
      void this.#verifyTogether(checks.slice(at, at + CHECKS_TOGETHER));
  }

  async #verifyTogether(checks: readonly SignatureCheck[]): Promise<void> {
    const held = await Promise.all(
      checks.map((each) => this.#options.checks.checkEntry(each, each.token, true)),
    );
    const verdicts = checks.map(({ token }, at) => ({ token, holds: held[at] === true }));
    this.step({ kind: 'verdicts', verdicts });
  }

  #equivocation(author: number, evidence: Uint8Array): void {
    const { network, observer } = this.#options;
    const key = this.node.committee.publicKeys[author];
    if (key === undefined) return;
    network.report(hexOf(key), 'misbehaviour');
    observer.equivocation(hexOf(key), evidence);
  }
}
