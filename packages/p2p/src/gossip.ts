import { gossipsub, StrictNoSign, TopicValidatorResult } from '@libp2p/gossipsub';
import type { GossipSub, GossipSubComponents } from '@libp2p/gossipsub';
import type { Connection } from '@libp2p/interface';
import { sha256 } from '@anarq/crypto';
import { TokenBucket } from './bucket.ts';
import type { Limits } from './limits.ts';

/** Names, and what a protocol says of itself, around an announced frame. */
const AROUND_BYTES = 1_024;

/**
 * Gossipsub without signatures of its own: what is announced is signed by the application. Its
 * scores are off: they would punish peers for living at one address, or for passing on what others
 * made. What a peer may cost is limited by its connection.
 */
export function announcementService(
  topic: string,
  limits: Limits,
  greeted: (connection: Connection) => Promise<void>,
) {
  const service = gossipsub({
    globalSignaturePolicy: StrictNoSign,
    allowedTopics: [topic],
    allowPublishToZeroTopicPeers: true,
    ignoreDuplicatePublishError: true,
    doPX: false,
    emitSelf: false,
    fallbackToFloodsub: false,
    floodPublish: true,
    msgIdFn: (message) => sha256(message.data),
    maxInboundDataLength: limits.announce_bytes_max + AROUND_BYTES,
    maxOutboundBufferSize: 4 * 1024 * 1024,
    maxTopicBytesPerPeer: 8 * 1024,
    decodeRpcLimits: {
      maxSubscriptions: 4,
      maxMessages: 256,
      maxIhaveMessageIDs: 1_024,
      maxIwantMessageIDs: 1_024,
      maxIdontwantMessageIDs: 512,
      maxControlMessages: 64,
      maxPeerInfos: 0,
    },
    scoreParams: { IPColocationFactorWeight: 0, behaviourPenaltyWeight: 0 },
  });
  return (components: GossipSubComponents) =>
    service({
      privateKey: components.privateKey,
      peerId: components.peerId,
      peerStore: components.peerStore,
      registrar: afterHello(components.registrar, greeted),
      connectionManager: components.connectionManager,
      logger: components.logger,
    });
}

/**
 * A registrar whose inbound streams wait for the hello. Gossipsub remembers what it has seen before it
 * asks whether it is wanted: a stranger who says something first would keep it from being heard.
 * (libp2p's own middleware calls a handler once more for each stream that was there before.)
 */
function afterHello(
  registrar: GossipSubComponents['registrar'],
  greeted: (connection: Connection) => Promise<void>,
): GossipSubComponents['registrar'] {
  const handle: typeof registrar.handle = (protocol, handler, options) =>
    registrar.handle(
      protocol,
      async (stream, connection) => {
        await greeted(connection);
        await handler(stream, connection);
      },
      options,
    );
  return new Proxy(registrar, {
    get: (target, name) => {
      if (name === 'handle') return handle;
      const value: unknown = Reflect.get(target, name);
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });
}

export interface AnnouncementTask {
  readonly service: GossipSub;
  readonly topic: string;
  readonly limits: Limits;
  /** The key of a peer whose hello is done. */
  readonly keyOf: (peerId: string) => string | undefined;
  readonly mayAnnounce: (frame: Uint8Array) => boolean;
  readonly onAnnounced: (from: string, frame: Uint8Array) => void;
}

/** Announcements on the topic of a chain. */
export class Announcements {
  readonly #task: AnnouncementTask;
  readonly #buckets = new Map<string, TokenBucket>();

  constructor(task: AnnouncementTask) {
    this.#task = task;
    const { service, topic } = task;
    service.topicValidators.set(topic, (peer, message) =>
      this.#isWorthIt(peer.toString(), message.data)
        ? TopicValidatorResult.Accept
        : // Not passed on, and not held against who passed it on.
          TopicValidatorResult.Ignore,
    );
    service.addEventListener('gossipsub:message', ({ detail }) => {
      const from = task.keyOf(detail.propagationSource.toString());
      if (from !== undefined) task.onAnnounced(from, detail.msg.data);
    });
  }

  /** Listens, from the start of its service on. */
  subscribe(): void {
    this.#task.service.subscribe(this.#task.topic);
  }

  announce(frame: Uint8Array): void {
    // It may be lost by contract: also when nobody listens yet.
    this.#task.service.publish(this.#task.topic, frame).catch(() => undefined);
  }

  forget(peerId: string): void {
    this.#buckets.delete(peerId);
  }

  #isWorthIt(peerId: string, frame: Uint8Array): boolean {
    const { limits, keyOf, mayAnnounce } = this.#task;
    if (frame.byteLength > limits.announce_bytes_max || keyOf(peerId) === undefined) return false;
    const now_ms = performance.now();
    let bucket = this.#buckets.get(peerId);
    if (bucket === undefined) {
      bucket = new TokenBucket(limits.announced_frames_per_s, now_ms);
      this.#buckets.set(peerId, bucket);
    }
    return bucket.tryTake(1, now_ms) && mayAnnounce(frame);
  }
}
