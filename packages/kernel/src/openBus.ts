import { createBus, openNatsBus, type Bus } from '@anarq/bus';
import { deriveSecret, sha256Hex, utf8, type RootKey } from '@anarq/crypto';
import type { Store } from '@anarq/store';

/** Name of a process that is the only one, or the first, of its node. */
const FIRST = 'first';

/**
 * The bus of a process: the outbox of its store; and, where a broker is named, what the other
 * processes of the node emitted, which then is in that outbox too.
 * @throws QError SERVICE_UNAVAILABLE where the broker does not answer
 */
export async function openBus(order: {
  readonly store: Store;
  /** `nats://…` */
  readonly url: string | undefined;
  readonly rootKey: RootKey;
  /** DID of the node. */
  readonly node: string;
  /** Name of this process among those of the node; empty for the first. */
  readonly process: string;
  readonly now_ms: () => number;
  readonly onError: (error: unknown) => void;
}): Promise<Bus> {
  const { store, url, rootKey, node, process, now_ms, onError } = order;
  const bus = await createBus({ store, now_ms, onError: ({ error }) => onError(error) });
  if (url === undefined) return bus;
  try {
    const nats = await openNatsBus({
      url,
      store,
      space: sha256Hex(utf8(node)).slice(0, 16),
      origin: process === '' ? FIRST : process,
      key32: deriveSecret(rootKey.seed, 'bus'),
      now_ms,
      onError,
      wake: () => bus.wake(),
    });
    return withOthers(bus, nats);
  } catch (error) {
    await bus.close();
    throw error;
  }
}

/** The bus again: who says that there are events says it to the other processes too. */
function withOthers(bus: Bus, nats: Awaited<ReturnType<typeof openNatsBus>>): Bus {
  return {
    subscribe: (options) => bus.subscribe(options),
    wake: () => {
      bus.wake();
      nats.poke();
    },
    read: (query) => bus.read(query),
    follow: (order) => bus.follow(order),
    replay: (consumer, fromSeq) => bus.replay(consumer, fromSeq),
    dead: (consumer) => bus.dead(consumer),
    prune: (before_ms, topics) => bus.prune(before_ms, topics),
    consumers: () => bus.consumers(),
    retryDead: (consumer, eventId) => bus.retryDead(consumer, eventId),
    lags: () => bus.lags(),
    forget: (consumer) => bus.forget(consumer),
    close: async () => {
      await nats.close();
      await bus.close();
    },
  };
}
