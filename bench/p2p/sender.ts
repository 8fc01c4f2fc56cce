import { randomBytes } from 'node:crypto';
import { defaultLimits, startPeerNetwork } from '@anarq/p2p';
import type { Peer } from '@anarq/p2p';
import { answerOrders, argumentOf } from '../measuring/child.ts';

export interface SenderArgument {
  readonly seed: string;
  readonly chainId: string;
  readonly peer: Peer;
  /** Whether frames that wait are joined. */
  readonly joined: boolean;
}

type SenderOrder =
  /** Resolves when the peer is connected. */
  | { readonly kind: 'connect' }
  /** From now on frames of so many bytes are sent, as many as are taken; 0: none. */
  | { readonly kind: 'send'; readonly frame_bytes: number };

const { seed, chainId, peer, joined } = argumentOf<SenderArgument>();
const network = await startPeerNetwork({
  seed: new Uint8Array(Buffer.from(seed, 'hex')),
  chainId,
  listen: '127.0.0.1:0',
  peers: [],
  discover: false,
  limits: {
    ...(!joined && { coalesced_bytes: 1 }),
    validator: { ...defaultLimits.validator, queued_bytes_max: 8 * 1024 * 1024 },
  },
});

let frame = new Uint8Array();

/** Fills the queue, and waits a little: it does not empty in that time. */
function go(): void {
  while (frame.byteLength > 0 && network.send(peer.publicKey, frame)) {
    // Each its own bytes, as frames of an application are.
    frame = new Uint8Array(frame);
  }
  if (frame.byteLength > 0) setTimeout(go, 3);
}

answerOrders<SenderOrder>(
  async (order) => {
    if (order.kind === 'connect') {
      network.addPeer(peer);
      while (network.connected().length === 0) {
        await new Promise((resolve) => setTimeout(resolve, 10));
      }
      return undefined;
    }
    const wasIdle = frame.byteLength === 0;
    frame = new Uint8Array(randomBytes(order.frame_bytes));
    if (wasIdle) go();
    return undefined;
  },
  () => network.close(),
);
