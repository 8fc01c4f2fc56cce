import {
  bytesOfHex,
  decodeMessage,
  doubtIn,
  epochOf,
  isCertified,
  Malformed,
  type Block,
  type Certificate,
  type DagNode,
  type Event,
  type Message,
  type Verify,
  type Vote,
  voteMessage,
} from '@anarq/dag';
import { Assembly, readFrame } from './frames.ts';
import { Quotas } from './quotas.ts';
import type { Offence, PeerNetwork, Via } from './network.ts';
import type { SignatureChecks, Signed } from './signatures.ts';
import { UnderWay } from './underWay.ts';

export interface InboundOptions {
  readonly chainId: Uint8Array;
  readonly network: PeerNetwork;
  readonly checks: SignatureChecks;
  readonly now_ms: () => number;
  readonly node: () => DagNode;
  readonly step: (event: Event) => void;
  /** Whether a state from others would be of use: this node asked not long ago. */
  readonly isAsking: () => boolean;
  /** A block under this node's own key that others have. */
  readonly onOwn: (block: Block) => void;
  readonly onEntry: (from: string, entry: Uint8Array) => void;
  /** Somebody asks for the certificates of these checkpoints. */
  readonly onLost: (from: string, seqs: readonly number[]) => void;
  /** A certificate that the engine does not wait for, unchecked. */
  readonly onOther: (from: string, certificate: Certificate) => void;
}

/** Bytes of messages whose signatures are being checked: of one peer, and of all together. */
const PEER_BYTES_MAX = 8 << 20;
const CHECKING_BYTES_MAX = 128 << 20;

/** Signatures that are checked before it is looked whether more are worth it: those of one committee. */
const ASKED_TOGETHER = 100;

/** A message in the order in which it came, and whether its signatures are known to hold. */
interface Waiting {
  readonly bytes: number;
  isReady: boolean;
  event: Event | undefined;
  /** Told once it was handed on, or came to nothing. */
  readonly ended: () => void;
}

/** What one peer said. */
interface Queue {
  readonly waiting: Waiting[];
  bytes: number;
}

/**
 * What others say, before the engine hears it: bytes that do not read and signatures that do not hold change
 * nothing, and whoever sent them is reported. Messages of one peer are handed on in the order in which they
 * came.
 */
export class Inbound {
  readonly #options: InboundOptions;
  readonly #quotas = new Quotas();
  readonly #assembly = new Assembly();
  readonly #waiting = new Map<string, Queue>();
  readonly #underWay = new UnderWay();
  #checking_bytes = 0;
  #isAdopting = false;

  constructor(options: InboundOptions) {
    this.#options = options;
  }

  /** A peer was sent so many bytes because it asked. */
  answered(peer: string, bytes: number): void {
    this.#quotas.takes(peer, 'answer', this.#options.now_ms(), bytes);
  }

  /** What of a message is still worth saying: what is here and being checked is not asked for. */
  unasked(message: Message): Message | undefined {
    return this.#underWay.withoutThese(message);
  }

  receive(peer: string, frame: Uint8Array, via: Via): void {
    const { chainId, now_ms, onEntry, onLost, isAsking } = this.#options;
    // Whoever hands on an announcement has not looked into it: nobody is blamed, and nobody answered.
    const from = via === 'gossip' ? '' : peer;
    try {
      const read = readFrame(frame);
      if (read.kind === 'message') return this.#message(from, decodeMessage(chainId, frame), frame);
      if (via === 'gossip') throw new Malformed('only messages are announced');
      if (read.kind === 'entry') {
        if (this.#quotas.takes(from, 'entry', now_ms())) onEntry(from, read.entry);
        return;
      }
      if (read.kind === 'lost') {
        if (this.#quotas.takes(from, 'lost', now_ms())) onLost(from, read.seqs);
        return;
      }
      const whole = isAsking() ? this.#assembly.add(from, read, now_ms()) : undefined;
      if (whole !== undefined) this.#message(from, decodeMessage(chainId, whole), whole);
    } catch (error) {
      if (!(error instanceof Malformed)) throw error;
      this.#report(from, 'malformed');
    }
  }

  #report(from: string, offence: Offence): void {
    if (from !== '') this.#options.network.report(from, offence);
  }

  #message(from: string, message: Message, bytes: Uint8Array): void {
    const { node, step, now_ms, isAsking } = this.#options;
    const isAhead = epochOf(message) > node().committee.epoch;
    if (isAhead && message.kind !== 'snapshot')
      return step({ kind: 'ahead', from, epoch: epochOf(message) });
    switch (message.kind) {
      case 'block':
        return this.#blocks(from, [message.block], bytes.length);
      case 'blocks':
        return this.#blocks(from, message.blocks, bytes.length);
      case 'vote':
        return this.#vote(from, message.vote, bytes.length);
      case 'certificate':
        return this.#certificate(from, message, bytes.length);
      case 'snapshot':
        if (isAsking()) void this.#snapshot(from, message);
        return;
      default:
        if (
          this.#quotas.takes(from, 'question', now_ms()) &&
          this.#quotas.takes(from, 'answer', now_ms(), 0)
        )
          step({ kind: 'message', from, message });
    }
  }

  /** Those that are new, with their signatures checked; one that does not hold is left out. */
  #blocks(from: string, blocks: readonly Block[], bytes: number): void {
    const { onOwn, node } = this.#options;
    const { dag, waiting, peers } = node().run;
    // What is asked for again while it is being checked here is not checked twice.
    const fresh = blocks.filter(
      (block) =>
        !dag.has(block.ref) &&
        !waiting.has(block.ref.digest) &&
        !this.#underWay.has(block, from, from === peers[block.author]),
    );
    const named = fresh.flatMap((block) => {
      const committee = node().committeeOf(block.epoch);
      // Whoever is behind speaks of an epoch that is over: nobody's fault.
      if (committee === undefined) return [];
      const publicKey = committee.publicKeys[block.author];
      if (publicKey === undefined) this.#report(from, 'malformed');
      return publicKey === undefined ? [] : [{ block, publicKey }];
    });
    if (named.length === 0 || !this.#hasRoom(from, bytes)) return;
    for (const { block } of named) this.#underWay.begins(block, from);
    const check = async (): Promise<Event | undefined> => {
      const held = await Promise.all(
        named.map(({ block, publicKey }) =>
          this.#options.checks.check(
            {
              publicKey,
              message: bytesOfHex(block.ref.digest),
              signature: block.signature,
            },
            from,
          ),
        ),
      );
      if (held.includes(false)) this.#report(from, 'badSignature');
      for (const [at, { block }] of named.entries()) if (!held[at]) this.#underWay.forged(block);
      const good = named.filter((_, at) => held[at]).map(({ block }) => block);
      for (const block of good)
        if (block.epoch === node().committee.epoch && block.author === node().me) onOwn(block);
      if (good.length === 0) return undefined;
      const [first] = good;
      return good.length === 1 && first !== undefined
        ? { kind: 'message', from, message: { kind: 'block', block: first } }
        : { kind: 'message', from, message: { kind: 'blocks', blocks: good } };
    };
    this.#inOrder(from, bytes, check, () => {
      for (const { block } of named) this.#underWay.ended(block, from);
    });
  }

  #vote(from: string, vote: Vote, bytes: number): void {
    const { chainId, node } = this.#options;
    const publicKey = node().committeeOf(vote.epoch)?.publicKeys[vote.validator];
    if (publicKey === undefined) return;
    this.#inOrder(from, bytes, async () => {
      const message = voteMessage(chainId, vote);
      const signed = { publicKey, message, signature: vote.signature };
      if (await this.#options.checks.check(signed, from))
        return { kind: 'message', from, message: { kind: 'vote', vote } };
      this.#report(from, 'badSignature');
      return undefined;
    });
  }

  #certificate(
    from: string,
    message: Message & { readonly kind: 'certificate' },
    bytes: number,
  ): void {
    const { node, onOther } = this.#options;
    const { certificate } = message;
    const { epoch, seq } = certificate.checkpoint;
    const committee = node().committeeOf(epoch);
    if (committee === undefined || !isOpen(node(), epoch, seq)) return onOther(from, certificate);
    this.#inOrder(from, bytes, async () => {
      const holds = await this.withSignatures(from, (verify) =>
        isCertified(certificate, committee.publicKeys, verify),
      );
      if (holds) return { kind: 'message', from, message };
      this.#report(from, 'badSignature');
      return undefined;
    });
  }

  /** One at a time, beside all else: what it brings may be large. */
  async #snapshot(from: string, message: Message & { readonly kind: 'snapshot' }): Promise<void> {
    const { node, step } = this.#options;
    const { snapshot } = message;
    if (this.#isAdopting || snapshot.executed.seq <= node().executed.seq + 1) return;
    this.#isAdopting = true;
    const known = node().committee;
    const doubt = await this.withSignatures(from, (verify) =>
      doubtIn(snapshot, known, verify),
    ).finally(() => (this.#isAdopting = false));
    // Meanwhile this node may have come to another epoch by itself.
    if (node().committee !== known) return;
    if (doubt === undefined) step({ kind: 'message', from, message });
    else if (doubt.startsWith('no quorum')) this.#report(from, 'badSignature');
  }

  /**
   * Carries out a check that asks for signatures: first to learn for which, then with the answers; a few at a time,
   * so that a long row of forged ones costs no more than its beginning.
   */
  async withSignatures<T>(from: string, read: (verify: Verify) => T): Promise<T> {
    const known = new Map<Uint8Array, boolean>();
    for (;;) {
      const asked: Signed[] = [];
      const found = read((publicKey, message, signature) => {
        const holds = known.get(signature);
        if (holds !== undefined) return holds;
        return asked.length < ASKED_TOGETHER && asked.push({ publicKey, message, signature }) > 0;
      });
      if (asked.length === 0) return found;
      const held = await Promise.all(
        asked.map((signed) => this.#options.checks.check(signed, from)),
      );
      for (const [at, { signature }] of asked.entries()) known.set(signature, held[at] === true);
    }
  }

  #hasRoom(from: string, bytes: number): boolean {
    const of = this.#waiting.get(from)?.bytes ?? 0;
    return of + bytes <= PEER_BYTES_MAX && this.#checking_bytes + bytes <= CHECKING_BYTES_MAX;
  }

  /**
   * Hands on what a check comes to, after all that the same peer said before; there is no room for it where too much
   * of that peer waits.
   */
  #inOrder(
    from: string,
    bytes: number,
    check: () => Promise<Event | undefined>,
    ended = () => {},
  ): void {
    if (!this.#hasRoom(from, bytes)) return;
    const queue = this.#waiting.get(from) ?? { waiting: [], bytes: 0 };
    this.#waiting.set(from, queue);
    this.#checking_bytes += bytes;
    queue.bytes += bytes;
    const waiting: Waiting = { bytes, isReady: false, event: undefined, ended };
    queue.waiting.push(waiting);
    void this.#settle(from, queue, waiting, check());
  }

  async #settle(
    from: string,
    queue: Queue,
    settled: Waiting,
    checked: Promise<Event | undefined>,
  ): Promise<void> {
    settled.event = await checked;
    settled.isReady = true;
    const { waiting } = queue;
    for (let [head] = waiting; head?.isReady === true; [head] = waiting) {
      waiting.shift();
      this.#checking_bytes -= head.bytes;
      queue.bytes -= head.bytes;
      if (head.event !== undefined) this.#options.step(head.event);
      head.ended();
    }
    if (waiting.length === 0 && this.#waiting.get(from) === queue) this.#waiting.delete(from);
  }
}

/** Whether a certificate of this number is waited for. */
function isOpen(node: DagNode, epoch: number, seq: number): boolean {
  if (epoch !== node.committee.epoch) return true;
  const oldest = node.run.finality.oldestOpen;
  return oldest !== undefined && seq >= oldest && seq <= node.executed.seq;
}
