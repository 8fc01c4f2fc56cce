import { QError, type AnyContract, type Result } from '@anarq/common-schemas';
import type { Sealer } from '@anarq/crypto';
import type { ReceiptBranch } from '@anarq/log';
import { failed } from '../commands.ts';
import { freshId, greetingOf, Pairing } from './channel.ts';
import type { Follower } from './follower.ts';
import {
  contractDigest,
  type Answer,
  type CallMessage,
  type Greeting,
  type Message,
  type RecordsMessage,
  type StepMessage,
  type Welcome,
} from './messages.ts';

/** Processes that may be paired with this one at a time; the oldest has to greet again. */
const PAIRINGS_MAX = 256;
const GREETING_AGE_MAX_MS = 300_000;

/** What the kernel does for another process of the node. */
export interface PeerWork {
  readonly step: (step: StepMessage) => Promise<Result<unknown>>;
  readonly call: (call: CallMessage['call']) => Promise<Result<unknown>>;
  readonly records: (asked: RecordsMessage) => Promise<ReceiptBranch | undefined>;
}

/** Where other processes of this node are answered. It knows them by the root key that they share. */
export class PeerDesk {
  readonly boot = freshId();
  readonly #sealer: Sealer;
  readonly #process: string;
  readonly #contracts: readonly AnyContract[];
  readonly #work: PeerWork;
  readonly #follower: Follower | undefined;
  readonly #now_ms: () => number;
  readonly #pairings = new Map<string, Pairing>();

  constructor(order: {
    readonly sealer: Sealer;
    readonly process: string;
    readonly contracts: readonly AnyContract[];
    readonly work: PeerWork;
    readonly follower: Follower | undefined;
    readonly now_ms: () => number;
  }) {
    this.#sealer = order.sealer;
    this.#process = order.process;
    this.#contracts = order.contracts;
    this.#work = order.work;
    this.#follower = order.follower;
    this.#now_ms = order.now_ms;
  }

  /** @returns undefined where the greeting is not of this node, or of long ago */
  greet(bytes: Uint8Array): Uint8Array | undefined {
    const seal = greetingOf(this.#sealer);
    const greeting = seal.open(bytes, 'greeting') as Greeting | undefined;
    if (greeting === undefined) return undefined;
    if (Math.abs(this.#now_ms() - greeting.at_ms) > GREETING_AGE_MAX_MS) return undefined;
    const id = freshId();
    if (this.#pairings.size >= PAIRINGS_MAX) {
      const [oldest] = this.#pairings.keys();
      if (oldest !== undefined) this.#pairings.delete(oldest);
    }
    this.#pairings.set(id, new Pairing(this.#sealer, id, [greeting.boot, this.boot]));
    const following = this.#follower?.followed();
    const welcome: Welcome = {
      boot: this.boot,
      pairing: id,
      process: this.#process,
      modules: this.#contracts.map((contract) => ({
        name: contract.name,
        digest: contractDigest(contract),
      })),
      ...(following === undefined ? {} : { following }),
    };
    return seal.seal(welcome, `welcome\n${greeting.question}`);
  }

  /** Whether there is a pairing of this id; asked before a body is read. */
  knows(pairing: string): boolean {
    return this.#pairings.has(pairing);
  }

  /** @returns undefined where the message is of no pairing, was changed, or was here before */
  async answer(
    pairing: string,
    number: number,
    bytes: Uint8Array,
  ): Promise<Uint8Array | undefined> {
    const paired = this.#pairings.get(pairing);
    const opened = paired?.open(number, bytes);
    if (paired === undefined || opened === undefined) return undefined;
    return paired.sealAnswer(number, await this.#do(opened.value as Message));
  }

  async #do(message: Message): Promise<Answer> {
    const call = { requestId: `req_${freshId()}`, now_ms: this.#now_ms() };
    if (message.kind === 'feed') {
      if (this.#follower === undefined)
        return {
          result: failed(call, new QError('STATE_CONFLICT', 'This process follows no feed.')),
        };
      return { following: await this.#follower.follow(message) };
    }
    if (message.kind === 'records') {
      const { of, party } = message;
      const branch = await this.#work.records({ kind: 'records', of, party });
      return { branch: branch ?? null };
    }
    const late = new QError('TIMEOUT_ERROR', 'The caller waits no longer.', {
      remaining_ms: message.remaining_ms,
    });
    if (message.remaining_ms <= 0) return { result: failed(call, late) };
    const work = message.kind === 'step' ? this.#work.step(message) : this.#work.call(message.call);
    return { result: await within(message.remaining_ms, work, () => failed(call, late)) };
  }
}

/** What takes longer goes on, and is found under its key. */
async function within<T>(limit_ms: number, work: Promise<T>, otherwise: () => T): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<T>((resolve) => {
    timer = setTimeout(() => resolve(otherwise()), limit_ms);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}
