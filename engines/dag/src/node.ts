import { Answers } from './answers.ts';
import type { Block } from './block.ts';
import { checkpointDigest, type Certificate, type Checkpoint } from './checkpoint.ts';
import { Clock } from './clock.ts';
import type { Committee } from './committee.ts';
import { Earlier } from './earlier.ts';
import { EpochRun } from './epochRun.ts';
import {
  beginningAfter,
  nextCommittee,
  type ExecutedCommit,
  type SignatureCheck,
} from './executor.ts';
import { REACH_ROUNDS, type Executed } from './order.ts';
import type { Certified, Vote } from './finality.ts';
import { hexOf } from './hash.ts';
import { History } from './history.ts';
import { Mempool } from './mempool.ts';
import { committeeAt } from './adoption.ts';
import type { Begin, BeginState, Effect, Event, Message, Peer, Snapshot } from './messages.ts';
import {
  asksNow,
  blocksFrom,
  blocksNamed,
  groundsOf,
  isCutShort,
  silentIn,
  wantOf,
} from './serving.ts';
import { Sparing } from './sparing.ts';
import { Speaker } from './speaker.ts';
import type { NodeSettings } from './settings.ts';

const VOTES_AGAIN = 8;
/** Whoever is behind by no more than so many checkpoints comes up by carrying out the blocks. */
const ADOPT_BEHIND_MIN = 1;

/**
 * A node of the chain without clock, network, disk or keys: events go in, effects come out, and the same
 * events give the same effects.
 */
export class DagNode {
  readonly #settings: NodeSettings;
  /** What waits for a block of this node. */
  readonly mempool: Mempool;
  readonly history: History;
  #run: EpochRun;
  readonly #earlier = new Earlier();
  #speaker: Speaker;
  #written: readonly Block[];
  readonly #clock: Clock;
  readonly #asked: Sparing;
  readonly #answers: Answers;
  #said_ms = -Infinity;
  #voted_ms = 0;
  #turn = 0;
  readonly #checking = new Set<string>();
  #effects: Effect[] = [];

  constructor(settings: NodeSettings, begin: Begin, now_ms: number) {
    this.#settings = settings;
    this.mempool = new Mempool(settings.mempoolEntries_max, settings.mempoolBytes_max);
    this.#run = new EpochRun(begin.committee, begin.executed, settings);
    this.#speaker = new Speaker(settings);
    this.history = new History(begin);
    this.#clock = new Clock(now_ms);
    this.#asked = new Sparing(settings.askAgain_ms);
    this.#answers = new Answers(this.history, settings);
    this.#written = begin.blocks;
    this.#takeWritten();
  }

  get committee(): Committee {
    return this.#run.committee;
  }

  get executed(): Executed {
    return this.#run.executor.executed;
  }

  get run(): EpochRun {
    return this.#run;
  }

  /** The committee of an epoch whose messages can be checked: this one, the one before, or none. */
  committeeOf(epoch: number): Committee | undefined {
    return this.#runOf(epoch)?.committee;
  }

  /** This node's number among the validators. */
  get me(): number | undefined {
    return this.#run.numberOf(this.#settings.publicKey);
  }

  /** The first effects after a start: what was said last is said again, and others are asked what came since. */
  start(): readonly Effect[] {
    this.#effects = [];
    this.#sequence();
    const last = this.#speaker.last(this.#run);
    if (last !== undefined) this.#say(last);
    this.#broadcast(this.#want());
    return this.#effects;
  }

  step(event: Event): readonly Effect[] {
    this.#effects = [];
    switch (event.kind) {
      case 'tick':
        this.#clock.tick(event.now_ms);
        this.#remind();
        break;
      case 'message':
        this.#message(event.from, event.message);
        break;
      case 'ahead':
        if (event.epoch > this.#run.committee.epoch) this.#catchUp(event.from);
        break;
      case 'submit':
        this.mempool.add(event.entry);
        break;
      case 'sealed':
        this.#sealed(event.block);
        break;
      case 'verdicts':
        for (const { token } of event.verdicts) this.#checking.delete(token);
        this.#run.executor.verdicts(event.verdicts);
        this.#execute();
        break;
      case 'voteSigned':
        this.#broadcast({ kind: 'vote', vote: event.vote });
        this.#voted(event.vote);
        break;
    }
    this.#propose();
    return this.#effects;
  }

  /** Takes blocks of the epoch that were written before this start, and so what this node has said in it. */
  #takeWritten(): void {
    const { own, later } = this.#run.takeWritten(this.#written, this.me);
    this.#written = later;
    if (own !== undefined) this.#speaker.saidBefore(own);
  }

  #message(from: Peer, message: Message): void {
    switch (message.kind) {
      case 'block':
        return this.#receive(from, message.block);
      case 'blocks':
        return this.#receiveAll(from, message.blocks);
      case 'pull':
        return this.#answer(from, message.epoch, (run) => blocksNamed(run, message.refs));
      case 'want':
        for (const certificate of this.#answers.certificates(from, message, this.#clock.now_ms))
          this.#send(from, { kind: 'certificate', certificate });
        this.#send(from, groundsOf(this.#earlier.of(message.epoch)));
        return this.#answer(from, message.epoch, (run) => blocksFrom(run, message, this.me));
      case 'grounds':
        if (message.epoch === this.#run.committee.epoch) this.#run.named(message.refs, from);
        return this.#pull();
      case 'vote':
        this.#send(from, this.#answers.certificate(from, message.vote, this.#clock.now_ms));
        return this.#voted(message.vote);
      case 'certificate':
        return this.#certificate(message.certificate);
      case 'snapshot':
        return this.#adopt(message.snapshot);
    }
  }

  #receive(from: Peer, block: Block): void {
    const { epoch } = this.#run.committee;
    if (block.epoch > epoch) return this.#catchUp(from);
    if (block.epoch < epoch) return;
    const received = this.#run.receive(block, from);
    if (received.kind === 'malformed')
      return this.#do({ kind: 'misbehaviour', from, reason: received.reason });
    if (received.kind === 'tooFar' || received.kind === 'full') return this.#catchUp(from);
    if (received.kind === 'waiting') return this.#pull();
    if (received.kind === 'accepted') this.#accepted(received.blocks);
  }

  /** Takes blocks that were asked for; where they were as many as are sent at once, there are more. */
  #receiveAll(from: Peer, blocks: readonly Block[]): void {
    const run = this.#run;
    const { highestRound } = run.dag;
    for (const block of blocks) this.#receive(from, block);
    if (run === this.#run && run.dag.highestRound > highestRound && isCutShort(blocks))
      this.#send(from, this.#want());
  }

  #accepted(blocks: readonly Block[]): void {
    for (const block of blocks) {
      if (block.author !== this.me) this.#do({ kind: 'keep', block });
      this.#check(this.#run.executor.checksOf(block));
      const evidence = this.#run.evidence.get(block.author);
      if (evidence !== undefined && this.#run.dag.of(block.round, block.author).length > 1)
        this.#do({ kind: 'equivocation', author: block.author, evidence });
    }
    this.#sequence();
  }

  #sequence(): void {
    const run = this.#run;
    for (const commit of run.sequencer.advance()) run.executor.add(commit);
    this.#execute();
    if (run !== this.#run) return;
    this.mempool.again(run.sequencer.leaderRound - REACH_ROUNDS);
    const freed = run.prune();
    if (freed.length > 0) this.#accepted(freed);
  }

  #execute(): void {
    const run = this.#run;
    const { executed, checks } = run.executor.run();
    for (const each of executed) this.#executed(run, each);
    this.#check(checks);
  }

  #executed(run: EpochRun, executed: ExecutedCommit): void {
    this.mempool.done(executed.commit.blocks.flatMap(({ entries }) => entries));
    run.proved(executed.commit.blocks);
    this.#do({ kind: 'executed', executed });
    const { checkpoint, after } = executed;
    if (checkpoint === undefined || after === undefined) return;
    const validator = this.me;
    if (validator !== undefined) {
      const { epoch, seq } = checkpoint;
      const digest = checkpointDigest(checkpoint);
      this.#do({ kind: 'signVote', vote: { epoch, seq, digest, validator } });
    }
    const certified = run.finality.opened(checkpoint, after);
    if (checkpoint.endsEpoch) {
      this.#earlier.ended(run);
      this.#endOf(checkpoint, after);
    }
    this.#do({ kind: 'checkpoint', checkpoint, state: after, begin: this.#beginNow(after) });
    this.#settled(certified, checkpoint.seq);
  }

  /** Where a start may begin after a checkpoint: at it, or at the beginning of the epoch that it began. */
  #beginNow(after: Executed): BeginState {
    const { executed } = this;
    const from = executed.recent.length === 0 ? executed : after;
    return this.history.begin(this.committee, from, this.#earlier.isWayOpen);
  }

  /** The next epoch begins from the checkpoint that ended this one, with no block of it. */
  #endOf(checkpoint: Checkpoint, after: Executed): void {
    const committee = nextCommittee(checkpoint, after.state.nextValidators);
    this.#become(committee, beginningAfter(checkpoint, after));
    this.#broadcast(this.#want());
  }

  #become(committee: Committee, executed: Executed): void {
    const isSameEpoch = committee.epoch === this.#run.committee.epoch;
    this.#run = new EpochRun(committee, executed, this.#settings);
    this.#checking.clear();
    this.mempool.again(Infinity);
    // What was said in an epoch stays said, whatever state this node goes on from.
    if (!isSameEpoch) this.#speaker = new Speaker(this.#settings);
    this.#takeWritten();
    this.#do({
      kind: 'epoch',
      epoch: committee.epoch,
      validators: committee.publicKeys.length,
    });
  }

  #voted(vote: Vote): void {
    const run = this.#runOf(vote.epoch);
    this.#settled(run?.finality.voted(vote), vote.seq);
  }

  #certificate(certificate: Certificate): void {
    const { epoch, seq } = certificate.checkpoint;
    this.#settled(this.#runOf(epoch)?.finality.certified(certificate), seq);
  }

  #settled(certified: Certified | 'fork' | undefined, seq: number): void {
    if (certified === 'fork') this.#do({ kind: 'fork', seq });
    else if (certified !== undefined) this.#certified(certified);
  }

  #certified(certified: Certified): void {
    this.#answers.certified(this.#clock.now_ms);
    this.history.certified(certified);
    this.#do({ kind: 'certified', certificate: certified.certificate });
  }

  #runOf(epoch: number): EpochRun | undefined {
    return this.#run.committee.epoch === epoch ? this.#run : this.#earlier.of(epoch);
  }

  /** Says the own block, once it can never be another one. */
  #sealed(block: Block): void {
    // The block of an epoch that ended meanwhile is said to nobody; this epoch's is still being sealed.
    if (block.epoch !== this.#run.committee.epoch) return;
    this.#speaker.sealed(block, this.#clock.now_ms);
    this.#said_ms = this.#clock.now_ms;
    this.#say(block);
    const received = this.#run.receive(block, this.#peerOf(block.author));
    if (received.kind === 'accepted') this.#accepted(received.blocks);
  }

  #propose(): void {
    const author = this.me;
    if (author === undefined) return;
    const block = this.#speaker.next(this.#run, author, this.mempool, this.#clock);
    if (block !== undefined) this.#do({ kind: 'seal', block });
  }

  #pull(): void {
    const { epoch } = this.#run.committee;
    const asks = asksNow(this.#run, this.#clock.now_ms, this.#settings, () => this.#inTurn());
    for (const [to, refs] of asks) this.#send(to, { kind: 'pull', epoch, refs });
  }

  #inTurn(): Peer {
    this.#turn += 1;
    return this.#peerOf(this.#turn % this.#run.peers.length);
  }

  #peerOf(validator: number): Peer {
    return this.#run.peers[validator] ?? '';
  }

  #answer(from: Peer, epoch: number, find: (run: EpochRun) => readonly Block[] | undefined): void {
    if (epoch > this.#run.committee.epoch) return;
    const run = this.#runOf(epoch);
    this.#send(from, this.#answers.blocks(from, epoch, run, find, this.#clock.now_ms));
  }

  /** Goes on from a state that a quorum signed, where it is further than this node is. */
  #adopt(snapshot: Snapshot): void {
    const { certificate, executed } = snapshot;
    const { checkpoint } = certificate;
    if (checkpoint.seq <= this.#run.executor.executed.seq + ADOPT_BEHIND_MIN) return;
    this.#earlier.adopted();
    this.history.adopted(snapshot, this.#run.committee.epoch);
    if (checkpoint.endsEpoch) this.#endOf(checkpoint, executed);
    else this.#become(committeeAt(snapshot, this.#run.committee), executed);
    this.#do({ kind: 'adopted', checkpoint, begin: this.#beginNow(executed) });
    this.#broadcast(this.#want());
  }

  #want(isOwn = false): Message {
    return wantOf(this.#run, this.#earlier.oldestOpen, isOwn);
  }

  #catchUp(from: Peer): void {
    // Of each for itself: a liar that speaks of far rounds takes the turn of nobody who has them.
    if (this.#asked.allows(from, this.#clock.now_ms)) this.#send(from, this.#want());
  }

  /** What time brings: questions again, votes again. */
  #remind(): void {
    this.#pull();
    const { silence_ms } = this.#settings;
    if (this.#clock.now_ms >= this.#voted_ms + silence_ms) {
      this.#voted_ms = this.#clock.now_ms;
      const { publicKey } = this.#settings;
      const votes = [...this.#earlier.votesOf(publicKey), ...this.#run.ownVotes(publicKey)];
      for (const vote of votes.slice(0, VOTES_AGAIN)) this.#broadcast({ kind: 'vote', vote });
      // Of an epoch that is over nobody speaks any more, however much is said in this one.
      if (this.#earlier.oldestOpen !== undefined) this.#send(this.#inTurn(), this.#want());
    }
    if (this.#clock.now_ms < this.#said_ms + silence_ms) return;
    this.#said_ms = this.#clock.now_ms;
    // Whoever lost a block of this node asks for it, as this node does for those of others.
    const asked = this.#inTurn();
    this.#send(asked, this.#want());
    for (const peer of silentIn(this.#run)) if (peer !== asked) this.#send(peer, this.#want(true));
  }

  #say(block: Block): void {
    this.#answers.said(this.#run.peers, block, this.#clock.now_ms);
    this.#broadcast({ kind: 'block', block });
  }

  #check(checks: readonly SignatureCheck[]): void {
    const fresh = checks.filter(({ token }) => !this.#checking.has(token));
    for (const { token } of fresh) this.#checking.add(token);
    if (fresh.length > 0) this.#do({ kind: 'verify', checks: fresh });
  }

  #send(to: Peer, message: Message | undefined): void {
    const key = this.#settings.publicKey;
    const isOther = to !== '' && (key === undefined || to !== hexOf(key));
    if (message !== undefined && isOther) this.#do({ kind: 'send', to, message });
  }

  #broadcast(message: Message): void {
    this.#do({ kind: 'broadcast', message });
  }

  #do(effect: Effect): void {
    this.#effects.push(effect);
  }
}
