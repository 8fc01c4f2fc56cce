import type { Bus, BusEvent, SubscribeOptions } from '@anarq/bus';
import type { Broker } from './broker.ts';
import { BRIDGE_PREFIX, type BridgeOrder } from './order.ts';

const RETRY_MIN_MS = 250;
const RETRY_MAX_MS = 30_000;
const LAST_WORD_MS = 2_000;
const NOT_YET = new Error('the broker was not reached yet');

type BridgeBus = Pick<Bus, 'subscribe' | 'consumers' | 'forget'>;

export interface BridgeState {
  readonly shown: string;
  readonly consumer: string;
  readonly isConnected: boolean;
}

export interface Bridges {
  states(): readonly BridgeState[];
  /** Ends after the event in hand; the cursors stay. */
  close(): Promise<void>;
}

/**
 * Brings events to brokers of other systems. Each bridge is a consumer of the bus with a cursor of
 * its own: an event is passed when the broker has confirmed it, so it comes at least once, in the
 * order of the outbox, and its `id` tells a second time from the first. While a broker is away its
 * events wait. What a broker refuses is set aside after some tries, as with any consumer.
 *
 * The cursor of a bridge that is no longer asked for is forgotten: it would keep every event for ever.
 */
export async function startBridges(
  orders: readonly BridgeOrder[],
  bus: BridgeBus,
  onError: (error: unknown, where: string) => void,
): Promise<Bridges> {
  const wanted = new Set(orders.map(({ consumer }) => consumer));
  for (const { consumer } of await bus.consumers())
    if (consumer.startsWith(BRIDGE_PREFIX) && !wanted.has(consumer)) await bus.forget(consumer);
  const bridges = orders
    .filter(({ consumer }, at) => orders.findIndex((o) => o.consumer === consumer) === at)
    .map((order) => new Bridge(order, bus, onError));
  await Promise.all(bridges.map((bridge) => bridge.begin()));
  return {
    states: () => bridges.map((bridge) => bridge.state()),
    close: async () => {
      await Promise.all(bridges.map((bridge) => bridge.close()));
    },
  };
}

class Bridge {
  readonly #order: BridgeOrder;
  readonly #bus: BridgeBus;
  readonly #onError: (error: unknown, where: string) => void;
  readonly #closing = Promise.withResolvers<void>();
  #running: Promise<void> = Promise.resolve();
  #isClosing = false;
  #isConnected = false;

  constructor(
    order: BridgeOrder,
    bus: BridgeBus,
    onError: (error: unknown, where: string) => void,
  ) {
    this.#order = order;
    this.#bus = bus;
    this.#onError = onError;
  }

  /**
   * Notes where it begins, and goes on by itself: also what happens before the broker is reached for
   * the first time is for it.
   */
  async begin(): Promise<void> {
    await this.#bus.subscribe(this.#subscriptionOf(() => Promise.reject(NOT_YET))).close();
    this.#running = this.#run();
  }

  state(): BridgeState {
    const { shown, consumer } = this.#order;
    return { shown, consumer, isConnected: this.#isConnected };
  }

  async close(): Promise<void> {
    this.#isClosing = true;
    this.#closing.resolve();
    await this.#running;
  }

  async #run(): Promise<void> {
    for (let failures = 0; !this.#isClosing;) {
      try {
        const broker = await this.#reach();
        if (broker === undefined) return;
        failures = 0;
        await this.#serve(broker);
      } catch (error) {
        failures += 1;
        this.#onError(error, this.#order.consumer);
      }
      const pause_ms = Math.min(RETRY_MAX_MS, RETRY_MIN_MS * 2 ** Math.min(failures, 10));
      if (!this.#isClosing) await this.#pause(pause_ms);
    }
  }

  /** @returns undefined where the node closes meanwhile: it does not wait for a broker */
  async #reach(): Promise<Broker | undefined> {
    const { kind, url, place } = this.#order;
    const reached = kind.connect(url, place);
    const broker = await Promise.race([reached, this.#closing.promise]);
    if (broker === undefined) reached.then((late) => late.close()).catch(() => undefined);
    return broker ?? undefined;
  }

  #subscriptionOf(handle: (event: BusEvent) => Promise<void>): SubscribeOptions {
    const { consumer, topics, tenant, from } = this.#order;
    return { consumer, topics, from, ...(tenant === undefined ? {} : { tenant }), handle };
  }

  /** Subscribed only while the broker is there: an event that waits for it has not failed. */
  async #serve(broker: Broker): Promise<void> {
    try {
      const subscription = this.#bus.subscribe(
        this.#subscriptionOf((event) => broker.publish(event)),
      );
      this.#isConnected = true;
      await Promise.race([broker.lost, this.#closing.promise]);
      this.#isConnected = false;
      // A broker that says nothing to the event in hand has it taken back: it comes again.
      const hurry = setTimeout(() => void broker.close(), LAST_WORD_MS);
      await subscription.close();
      clearTimeout(hurry);
    } finally {
      this.#isConnected = false;
      await broker.close();
    }
  }

  async #pause(delay_ms: number): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const timer = setTimeout(resolve, delay_ms);
    await Promise.race([promise, this.#closing.promise]);
    clearTimeout(timer);
  }
}
