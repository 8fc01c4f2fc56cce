import { defaultLimits, startPeerNetwork } from '@anarq/p2p';
import { answerOrders, argumentOf } from '../measuring/child.ts';

/** Who measures, and how the receiver is limited. */
export interface ReceiverArgument {
  readonly seed: string;
  readonly chainId: string;
  /** Whether peers may send as fast as it reads. */
  readonly unlimited: boolean;
  readonly validators: readonly string[];
}

type ReceiverOrder =
  | { readonly kind: 'where' }
  /** Bytes and frames of each peer so far, and when that was. */
  | { readonly kind: 'heard' };

export interface Heard {
  readonly at_ms: number;
  readonly peers: Readonly<Record<string, { readonly bytes: number; readonly frames: number }>>;
}

const { seed, chainId, unlimited, validators } = argumentOf<ReceiverArgument>();
const heard = new Map<string, { bytes: number; frames: number }>();
const network = await startPeerNetwork({
  seed: new Uint8Array(Buffer.from(seed, 'hex')),
  chainId,
  listen: '127.0.0.1:0',
  peers: [],
  discover: false,
  ...(unlimited && {
    limits: {
      validator: {
        ...defaultLimits.validator,
        inbound_bytes_per_s: 1e10,
        inbound_frames_per_s: 1e8,
      },
    },
  }),
});
network.setValidators(validators);
network.onFrame((from, frame) => {
  const of = heard.get(from) ?? { bytes: 0, frames: 0 };
  of.bytes += frame.byteLength;
  of.frames += 1;
  heard.set(from, of);
});

answerOrders<ReceiverOrder>(
  ({ kind }) => {
    if (kind === 'where') {
      return Promise.resolve({ publicKey: network.publicKey, address: network.address });
    }
    return Promise.resolve({ at_ms: performance.now(), peers: Object.fromEntries(heard) });
  },
  () => network.close(),
);
