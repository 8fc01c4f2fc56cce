import { doubtIn } from '../../adoption.ts';
import { sealedBlock, type Block } from '../../block.ts';
import { isCertified, voteMessage } from '../../checkpoint.ts';
import type { Committee } from '../../committee.ts';
import { bytesOfHex, hexOf } from '../../hash.ts';
import {
  epochOf,
  type BeginState,
  type Effect,
  type Event,
  type Message,
  type Peer,
} from '../../messages.ts';
import { DagNode } from '../../node.ts';
import type { NodeSettings } from '../../settings.ts';
import { blocksOf, saidTo, type Liar } from './byzantine.ts';
import type { Checker } from './checker.ts';
import type { SimKeys } from './keys.ts';
import type { SimQueue } from './queue.ts';
import type { SimRandom } from './random.ts';

/** What a machine has around it. */
export interface Surroundings {
  readonly queue: SimQueue;
  readonly random: SimRandom;
  readonly keys: SimKeys;
  readonly settings: NodeSettings;
  readonly chainId: Uint8Array;
  readonly checker: Checker;
  /** Time at which the simulation begins, in milliseconds since 1970. */
  readonly epoch_ms: number;
  readonly latencies_ms: number[];
  /** Leaders that an honest node committed, by digest. */
  readonly committed: Set<string>;
  readonly counts: Counts;
  /** Times that honest clocks may have shown by now, the earliest and the latest. */
  shownTimes_ms(): readonly [number, number];
  send(sender: SimNode, to: Peer, message: Message): void;
}

/** What is counted while nodes run. */
interface Counts {
  refused: number;
  lostWrites: number;
  tornWrites: number;
  adopted: number;
  equivocations: number;
  misbehaviour: number;
  certificates: number;
  epochs: number;
}

interface Written {
  readonly block: Block;
  isSynced: boolean;
}

const TICK_MS = 20;

/** One machine of a simulation: its node, its disk and its clock. */
export class SimNode {
  readonly peer: Peer;
  readonly index: number;
  readonly publicKey: Uint8Array;
  readonly liar: Liar | undefined;
  /** Which half of the world hears this node, where twins cut it into two. */
  readonly side: 0 | 1;
  node: DagNode | undefined;
  /** When own blocks were made, for their latency. */
  readonly made = new Map<string, number>();
  /** How far its clock is ahead. */
  clock_ms = 0;
  readonly #world: Surroundings;
  readonly #settings: NodeSettings;
  #written: Written[] = [];
  #kept: BeginState;
  /** Counts starts: what was under way before a crash does not come back after it. */
  #life = 0;

  constructor(
    world: Surroundings,
    index: number,
    publicKey: Uint8Array,
    begin: BeginState,
    side: 0 | 1,
    liar?: Liar,
  ) {
    this.side = side;
    this.#world = world;
    this.index = index;
    this.publicKey = publicKey;
    this.peer = hexOf(publicKey);
    this.liar = liar;
    this.#kept = begin;
    this.#settings = { ...world.settings, publicKey };
  }

  get isHonest(): boolean {
    return this.liar === undefined;
  }

  now_ms(): number {
    return Math.round(this.#world.queue.now_ms + this.clock_ms + this.#world.epoch_ms);
  }

  start(): void {
    const life = (this.#life += 1);
    const blocks = this.#written.map(({ block }) => block);
    this.node = new DagNode(this.#settings, { ...this.#kept, blocks }, this.now_ms());
    this.#perform(this.node.start());
    const tick = (): void => {
      if (life !== this.#life) return;
      this.#step({ kind: 'tick', now_ms: this.now_ms() });
      this.#world.queue.after(TICK_MS, tick);
    };
    this.#world.queue.after(this.#world.random.between(0, TICK_MS), tick);
  }

  /**
   * The power goes. Of what was not synced, either each write is there or is not, as a disk pleases that reorders;
   * or one is torn, and with it goes all behind it.
   */
  crash(): void {
    this.#life += 1;
    this.node = undefined;
    const { random, counts } = this.#world;
    const synced = this.#written.filter(({ isSynced }) => isSynced);
    const loose = this.#written.filter(({ isSynced }) => !isSynced);
    const isTorn = random.chance(0.5);
    const tornAt = random.below(loose.length + 1);
    const left = loose.filter((_, at) => (isTorn ? at < tornAt : random.chance(0.5)));
    if (isTorn && left.length < loose.length) counts.tornWrites += 1;
    counts.lostWrites += loose.length - left.length;
    const kept = new Set([...synced, ...left]);
    this.#written = this.#written.filter((written) => kept.has(written));
  }

  submit(entry: Uint8Array): void {
    this.liar?.seen.push(entry);
    this.#step({ kind: 'submit', entry });
  }

  /** What arrives has its signatures checked, as every driver of a node does. */
  receive(from: Peer, message: Message): void {
    const { node } = this;
    if (node === undefined) return;
    if (message.kind === 'vote') this.liar?.heard.push(message.vote);
    const epoch = epochOf(message);
    if (epoch > node.committee.epoch && message.kind !== 'snapshot')
      return this.#step({ kind: 'ahead', from, epoch });
    const checked = this.#checked(node, message);
    if (checked === undefined) this.#world.counts.refused += 1;
    else this.#step({ kind: 'message', from, message: checked });
  }

  #checked(node: DagNode, message: Message): Message | undefined {
    const { verify } = this.#world.keys;
    switch (message.kind) {
      case 'block':
        return this.#holds(node, message.block) ? message : undefined;
      case 'blocks':
        return {
          kind: 'blocks',
          blocks: message.blocks.filter((block) => this.#holds(node, block)),
        };
      case 'vote': {
        const key = node.committeeOf(message.vote.epoch)?.publicKeys[message.vote.validator];
        const signed = voteMessage(node.committee.chainId, message.vote);
        return key !== undefined && verify(key, signed, message.vote.signature)
          ? message
          : undefined;
      }
      case 'certificate': {
        const committee = node.committeeOf(message.certificate.checkpoint.epoch);
        return committee !== undefined &&
          isCertified(message.certificate, committee.publicKeys, verify)
          ? message
          : undefined;
      }
      case 'snapshot':
        return doubtIn(message.snapshot, node.committee, verify) === undefined
          ? message
          : undefined;
      default:
        return message;
    }
  }

  #holds(node: DagNode, block: Block): boolean {
    const key = node.committeeOf(block.epoch)?.publicKeys[block.author];
    const { verify } = this.#world.keys;
    return key !== undefined && verify(key, bytesOfHex(block.ref.digest), block.signature);
  }

  #step(event: Event): void {
    if (this.node !== undefined) this.#perform(this.node.step(event));
  }

  #later(delay_ms: number, event: () => Event): void {
    const life = this.#life;
    this.#world.queue.after(delay_ms, () => {
      if (life === this.#life) this.#step(event());
    });
  }

  #perform(effects: readonly Effect[]): void {
    for (const effect of effects) this.#do(effect);
  }

  #do(effect: Effect): void {
    const world = this.#world;
    switch (effect.kind) {
      case 'seal':
        return this.#seal(effect.block);
      case 'keep':
        this.#written.push({ block: effect.block, isSynced: false });
        return;
      case 'send':
        return this.#say(effect.to, effect.message);
      case 'broadcast':
        return this.#broadcast(effect.message);
      case 'verify':
        for (const { token, publicKey, message, signature } of effect.checks)
          this.#later(world.random.between(0.1, 3), () => ({
            kind: 'verdicts',
            verdicts: [{ token, holds: world.keys.verify(publicKey, message, signature) }],
          }));
        return;
      case 'signVote': {
        if (this.isHonest) world.checker.voted(this.peer, effect.vote.seq, effect.vote.digest);
        const signed = voteMessage(world.chainId, effect.vote);
        const signature = world.keys.sign(this.publicKey, signed);
        this.#later(1, () => ({ kind: 'voteSigned', vote: { ...effect.vote, signature } }));
        return;
      }
      case 'executed':
        for (const { ref } of effect.executed.commit.blocks) this.#measured(ref.digest);
        if (!this.isHonest) return;
        world.committed.add(effect.executed.commit.leader.ref.digest);
        world.checker.executed(this.index, effect.executed);
        return;
      case 'checkpoint':
        if (this.isHonest)
          world.checker.checkpoint(
            this.index,
            effect.checkpoint,
            effect.state,
            world.shownTimes_ms(),
          );
        return this.#keep(effect.begin);
      case 'certified':
        return this.#certified(effect.certificate);
      case 'adopted':
        world.counts.adopted += 1;
        return this.#keep(effect.begin);
      case 'fork':
        if (this.isHonest) world.checker.forked(this.index, effect.seq);
        return;
      case 'equivocation':
        world.counts.equivocations += 1;
        return;
      case 'misbehaviour':
        world.counts.misbehaviour += 1;
        return;
      case 'epoch':
        world.counts.epochs = Math.max(world.counts.epochs, effect.epoch);
    }
  }

  #seal(block: Parameters<typeof sealedBlock>[1]): void {
    const world = this.#world;
    const { node } = this;
    if (node === undefined) return;
    const { committee } = node;
    if (this.liar !== undefined) {
      const made = blocksOf(this.liar, committee, block);
      this.#said.clear();
      for (const each of made) this.#said.set(each.ref.digest, made);
      const [own, ...others] = made;
      if (own !== undefined) this.#later(2, () => ({ kind: 'sealed', block: own }));
      if (this.liar.strategy === 'phantom') return;
      for (const other of others)
        this.#later(3, () => ({
          kind: 'message',
          from: this.peer,
          message: { kind: 'block', block: other },
        }));
      return;
    }
    const unsigned = sealedBlock(committee.chainId, block, new Uint8Array());
    const signature = world.keys.sign(this.publicKey, bytesOfHex(unsigned.ref.digest));
    const sealed = { ...unsigned, signature };
    const life = this.#life;
    this.#written.push({ block: sealed, isSynced: false });
    const at = this.#written.length;
    world.queue.after(world.random.between(1, 6), () => {
      if (life !== this.#life) return;
      for (const written of this.#written.slice(0, at)) written.isSynced = true;
      world.checker.said(this.peer, sealed.epoch, sealed.round, sealed.ref.digest);
      this.made.set(sealed.ref.digest, world.queue.now_ms);
      this.#step({ kind: 'sealed', block: sealed });
    });
  }

  /** All blocks that a liar made for its last round, by the digest of each. */
  readonly #said = new Map<string, readonly Block[]>();

  #broadcast(message: Message): void {
    const peers = this.node?.committee.publicKeys.map(hexOf) ?? [];
    const made = message.kind === 'block' ? this.#said.get(message.block.ref.digest) : undefined;
    for (const [at, to] of peers.entries()) {
      if (to === this.peer) continue;
      // One block to each, so that everybody knows another one; of blocks that nobody can take, all to everybody.
      const said = this.liar?.strategy === 'phantom' ? made : made && [made[at % made.length]!];
      if (said === undefined) this.#say(to, message);
      for (const block of said ?? []) this.#say(to, { kind: 'block', block });
    }
  }

  #say(to: Peer, message: Message): void {
    const { liar, node } = this;
    if (liar === undefined || node === undefined) return this.#world.send(this, to, message);
    for (const { message: said, late_ms } of saidTo(liar, to, message, node.committee))
      this.#world.queue.after(late_ms, () => this.#world.send(this, to, said));
  }

  #measured(digest: string): void {
    const made_ms = this.made.get(digest);
    if (made_ms === undefined) return;
    this.made.delete(digest);
    this.#world.latencies_ms.push(this.#world.queue.now_ms - made_ms);
  }

  /** Writes where a start may begin; it is there a little later. */
  #keep(begin: BeginState): void {
    const life = this.#life;
    this.#world.queue.after(this.#world.random.between(5, 80), () => {
      if (life === this.#life) this.#kept = begin;
    });
  }

  /** Why those who know the first validators would not believe what this node shows; undefined where they would. */
  doubtOf(first: Committee): string | undefined {
    const snapshot = this.node?.history.snapshotFrom(0);
    return snapshot === undefined ? undefined : doubtIn(snapshot, first, this.#world.keys.verify);
  }

  #certified(certificate: Parameters<typeof isCertified>[0]): void {
    const committee = this.node?.committeeOf(certificate.checkpoint.epoch);
    if (committee !== undefined && this.isHonest)
      this.#world.checker.certified(this.index, certificate, committee);
    if (this.liar !== undefined) this.liar.known = this.node?.history.snapshotFrom(0);
    this.#world.counts.certificates += 1;
  }
}
