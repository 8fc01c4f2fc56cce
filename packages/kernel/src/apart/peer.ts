import { QError } from '@anarq/common-schemas';
import type { Sealer } from '@anarq/crypto';
import { freshId, greetingOf, Pairing } from './channel.ts';
import {
  ASK_PATH,
  GREET_PATH,
  PAIRING_HEADER,
  type Answer,
  type Followed,
  type Greeting,
  type Message,
  type Welcome,
} from './messages.ts';
import type { PeerLink } from './remote.ts';

const GREETING_TIMEOUT_MS = 5_000;

interface Paired {
  readonly pairing: Pairing;
  readonly welcome: Welcome;
}

type Body = Message extends infer M ? (M extends unknown ? Omit<M, 'remaining_ms'> : never) : never;

/** Another process of this node, as seen from here: greeted once, asked many times. */
export class Peer {
  readonly url: string;
  readonly #sealer: Sealer;
  readonly #link: PeerLink;
  readonly #boot: string;
  readonly #now_ms: () => number;
  /** Says what is wrong with a process that answered a greeting; undefined: nothing. */
  readonly #judge: (welcome: Welcome) => string | undefined;
  /** Told when it answers after it did not. */
  readonly #onBack: () => void;
  #paired: Promise<Paired> | undefined;
  #problem: string | undefined = 'it was not asked yet';

  constructor(order: {
    readonly url: string;
    readonly sealer: Sealer;
    readonly link: PeerLink;
    readonly boot: string;
    readonly now_ms: () => number;
    readonly judge: (welcome: Welcome) => string | undefined;
    readonly onBack: () => void;
  }) {
    this.url = order.url;
    this.#sealer = order.sealer;
    this.#link = order.link;
    this.#boot = order.boot;
    this.#now_ms = order.now_ms;
    this.#judge = order.judge;
    this.#onBack = order.onBack;
  }

  /** What kept the last attempt from an answer. */
  get problem(): string | undefined {
    return this.#problem;
  }

  /**
   * Asks, and asks again where no answer came; a message carries a number of its own each time, and
   * what it wants done an idempotency key.
   * @param prepare what must have happened before each attempt
   * @throws SERVICE_UNAVAILABLE: what became of it is not known
   */
  async ask(body: Body, within_ms: number, prepare: () => Promise<void>): Promise<Answer> {
    return this.#link.guarded(this.url, within_ms, async (remaining_ms) => {
      await prepare();
      return this.#attempt(body, remaining_ms);
    });
  }

  /** One attempt, also at a process that is being spared: it finds out whether it is back. */
  async probe(body: Body, within_ms: number): Promise<Answer> {
    const answer = await this.#attempt(body, within_ms);
    this.#link.recovered(this.url);
    return answer;
  }

  /** How far the process has followed the feed, as it said when it was greeted. */
  async following(): Promise<Followed | undefined> {
    return (await this.#pair()).welcome.following;
  }

  async #attempt(body: Body, remaining_ms: number): Promise<Answer> {
    try {
      const answer = await this.#exchange(body, remaining_ms);
      const isBack = this.#problem !== undefined;
      this.#problem = undefined;
      // After whoever asked has its answer, and the breaker is closed.
      if (isBack) setImmediate(this.#onBack);
      return answer;
    } catch (error) {
      this.#problem = error instanceof Error ? error.message : String(error);
      throw error;
    }
  }

  async #exchange(body: Body, remaining_ms: number): Promise<Answer> {
    const pairing = this.#pair();
    const { pairing: paired } = await pairing;
    const number = paired.next();
    const answer = await this.#post({
      url: `${this.url}${ASK_PATH}`,
      headers: { [PAIRING_HEADER]: `${paired.id}.${number}` },
      body: paired.seal(number, { ...body, remaining_ms }),
      timeout_ms: remaining_ms,
    });
    if (answer.status !== 200) {
      // It was started again since, or forgot: the next attempt greets it anew.
      if (this.#paired === pairing) this.#paired = undefined;
      throw this.#unavailable(`it answered ${answer.status}`);
    }
    const opened = paired.openAnswer(number, answer.body);
    if (opened === undefined)
      throw this.#unavailable('something else than a process of this node answered');
    return opened as Answer;
  }

  #pair(): Promise<Paired> {
    if (this.#paired !== undefined) return this.#paired;
    const pairing = this.#greet();
    this.#paired = pairing;
    pairing.catch(() => {
      if (this.#paired === pairing) this.#paired = undefined;
    });
    return pairing;
  }

  async #greet(): Promise<Paired> {
    const seal = greetingOf(this.#sealer);
    const question = freshId();
    const greeting: Greeting = { boot: this.#boot, question, at_ms: this.#now_ms() };
    const answer = await this.#post({
      url: `${this.url}${GREET_PATH}`,
      headers: {},
      body: seal.seal(greeting, 'greeting'),
      timeout_ms: GREETING_TIMEOUT_MS,
    });
    if (answer.status === 401)
      throw this.#unavailable('it is a process of another node, or its clock differs by minutes');
    if (answer.status !== 200) throw this.#unavailable(`it answered ${answer.status}`);
    const opened = seal.open(answer.body, `welcome\n${question}`);
    if (opened === undefined)
      throw this.#unavailable('something else than a process of this node answered');
    const welcome = opened as Welcome;
    const wrong = this.#judge(welcome);
    if (wrong !== undefined) throw this.#unavailable(wrong);
    const pairing = new Pairing(this.#sealer, welcome.pairing, [this.#boot, welcome.boot]);
    return { pairing, welcome };
  }

  /** @throws SERVICE_UNAVAILABLE where no whole answer came: whoever asks may ask elsewhere, or again */
  async #post(order: Parameters<PeerLink['post']>[0]): ReturnType<PeerLink['post']> {
    try {
      return await this.#link.post(order);
    } catch (error) {
      throw this.#unavailable(error instanceof Error ? error.message : String(error));
    }
  }

  #unavailable(problem: string): QError {
    return new QError(
      'SERVICE_UNAVAILABLE',
      `The process at ${this.url} cannot be asked: ${problem}.`,
      { retryAfter_ms: 1_000 },
    );
  }
}
