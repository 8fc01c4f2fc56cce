import {
  bytesOfHex,
  decodeMessage,
  doubtIn,
  epochOf,
  hexOf,
  isCertified,
  Malformed,
  type Block,
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
}

/** Bytes of messages whose signatures are being checked, of all peers together. */
const CHECKING_BYTES_MAX = 64 << 20;

/** Signatures that are checked before it is looked whether more are worth it: those of one committee. */
const ASKED_TOGETHER = 100;

/** A message in the order in which it came, and whether its signatures are known to hold. */
interface Waiting {
  isReady: boolean;
  event: Event | undefined;
}

/**
 * What others say, before the engine hears it: bytes that do not read and signatures that do not hold change
 * nothing, and whoever sent them is reported. Messages are handed on in the order in which they came.
 */
export class Inbound {
  readonly #options: InboundOptions;
  readonly #quotas = new Quotas();
  readonly #assembly = new Assembly();
  readonly #waiting: Waiting[] = [];
  /** Blocks whose signatures are being checked. */
  readonly #underWay = new Set<string>();
  #checking_bytes = 0;
  #isAdopting = false;

  constructor(options: InboundOptions) {
    this.#options = options;
  }

  receive(peer: string, frame: Uint8Array, via: Via): void {
    const { chainId, now_ms, onEntry, isAsking } = this.#options;
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
        if (this.#quotas.takes(from, 'question', now_ms()))
          step({ kind: 'message', from, message });
    }
  }

  /** Those that are new, with their signatures checked; one that does not hold is left out. */
  #blocks(from: string, blocks: readonly Block[], bytes: number): void {
    const { onOwn, node } = this.#options;
    const { dag, waiting } = node().run;
    // What is asked for again while it is being checked here is not checked twice.
    const fresh = blocks.filter(
      (block) =>
        !dag.has(block.ref) && !waiting.has(block.ref.digest) && !this.#underWay.has(nameOf(block)),
    );
    const named = fresh.flatMap((block) => {
      const committee = node().committeeOf(block.epoch);
      // Whoever is behind speaks of an epoch that is over: nobody's fault.
      if (committee === undefined) return [];
      const publicKey = committee.publicKeys[block.author];
      if (publicKey === undefined) this.#report(from, 'malformed');
      return publicKey === undefined ? [] : [{ block, publicKey }];
    });
    if (named.length === 0 || this.#checking_bytes + bytes > CHECKING_BYTES_MAX) return;
    for (const { block } of named) this.#underWay.add(nameOf(block));
    this.#inOrder(bytes, async () => {
      const held = await Promise.all(
        named.map(({ block, publicKey }) =>
          this.#holds({
            publicKey,
            message: bytesOfHex(block.ref.digest),
            signature: block.signature,
          }),
        ),
      );
      for (const { block } of named) this.#underWay.delete(nameOf(block));
      if (held.includes(false)) this.#report(from, 'badSignature');
      const good = named.filter((_, at) => held[at]).map(({ block }) => block);
      for (const block of good)
        if (block.epoch === node().committee.epoch && block.author === node().me) onOwn(block);
      if (good.length === 0) return undefined;
      const [first] = good;
      return good.length === 1 && first !== undefined
        ? { kind: 'message', from, message: { kind: 'block', block: first } }
        : { kind: 'message', from, message: { kind: 'blocks', blocks: good } };
    });
  }

  #vote(from: string, vote: Vote, bytes: number): void {
    const { chainId, node } = this.#options;
    const publicKey = node().committeeOf(vote.epoch)?.publicKeys[vote.validator];
    if (publicKey === undefined) return;
    this.#inOrder(bytes, async () => {
      const message = voteMessage(chainId, vote);
      const signed = { publicKey, message, signature: vote.signature };
      if (await this.#holds(signed))
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
    const { node } = this.#options;
    const { certificate } = message;
    const { epoch, seq } = certificate.checkpoint;
    const committee = node().committeeOf(epoch);
    if (committee === undefined || !isOpen(node(), epoch, seq)) return;
    this.#inOrder(bytes, async () => {
      const holds = await this.#withSignatures((verify) =>
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
    const doubt = await this.#withSignatures((verify) => doubtIn(snapshot, known, verify)).finally(
      () => (this.#isAdopting = false),
    );
    // Meanwhile this node may have come to another epoch by itself.
    if (node().committee !== known) return;
    if (doubt === undefined) step({ kind: 'message', from, message });
    else if (doubt.startsWith('no quorum')) this.#report(from, 'badSignature');
  }

  readonly #holds = (signed: Signed): Promise<boolean> => this.#options.checks.check(signed);

  /**
   * Carries out a check that asks for signatures: first to learn for which, then with the answers; a few at a time,
   * so that a long row of forged ones costs no more than its beginning.
   */
  async #withSignatures<T>(read: (verify: Verify) => T): Promise<T> {
    const known = new Map<Uint8Array, boolean>();
    for (;;) {
      const asked: Signed[] = [];
      const found = read((publicKey, message, signature) => {
        const holds = known.get(signature);
        if (holds !== undefined) return holds;
        return asked.length < ASKED_TOGETHER && asked.push({ publicKey, message, signature }) > 0;
      });
      if (asked.length === 0) return found;
      const held = await Promise.all(asked.map(this.#holds));
      for (const [at, { signature }] of asked.entries()) known.set(signature, held[at] === true);
    }
  }

  /** Hands on what a check comes to, after all that came before; there is no room for it where too much waits. */
  #inOrder(bytes: number, check: () => Promise<Event | undefined>): void {
    if (this.#checking_bytes + bytes > CHECKING_BYTES_MAX) return;
    this.#checking_bytes += bytes;
    const waiting: Waiting = { isReady: false, event: undefined };
    this.#waiting.push(waiting);
    void this.#settle(waiting, bytes, check());
  }

  async #settle(
    waiting: Waiting,
    bytes: number,
    checked: Promise<Event | undefined>,
  ): Promise<void> {
    waiting.event = await checked;
    waiting.isReady = true;
    this.#checking_bytes -= bytes;
    this.#handOn();
  }

  #handOn(): void {
    for (let [head] = this.#waiting; head?.isReady === true; [head] = this.#waiting) {
      this.#waiting.shift();
      if (head.event !== undefined) this.#options.step(head.event);
    }
  }
}

/** With the signature: a forged one must not stand in the way of the true one. */
const nameOf = ({ ref, signature }: Block): string => `${ref.digest}.${hexOf(signature)}`;

/** Whether a certificate of this number is waited for. */
function isOpen(node: DagNode, epoch: number, seq: number): boolean {
  if (epoch !== node.committee.epoch) return true;
  const oldest = node.run.finality.oldestOpen;
  return oldest !== undefined && seq >= oldest && seq <= node.executed.seq;
}
