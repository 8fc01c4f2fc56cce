import { fail } from '@anarq/common-schemas';
import { hkdfSha256, utf8 } from '@anarq/crypto';
import { multiaddrOf, readAddress } from './address.ts';
import { defaultLimits } from './limits.ts';
import type { OwnPeerNetwork, PeerNetworkOptions } from './types.ts';

const SEED_BYTES = 32;
const CHAIN_ID = /^[0-9a-f]{64}$/;

/**
 * Listens, and connects to the peers named, for as long as it is not closed. libp2p is loaded here,
 * and not before. Fails with `INPUT_INVALID` on what is no seed, chain, key or address, with
 * `INPUT_TOO_LARGE` where a frame is, and with `PORT_TAKEN` where it cannot listen.
 */
export async function startPeerNetwork(options: PeerNetworkOptions): Promise<OwnPeerNetwork> {
  if (options.seed.byteLength !== SEED_BYTES) {
    fail('INPUT_INVALID', `expected a seed of ${SEED_BYTES} bytes`);
  }
  if (!CHAIN_ID.test(options.chainId))
    fail('INPUT_INVALID', 'expected a chain id of 64 hex digits');
  const limits = { ...defaultLimits, ...options.limits };
  const listen = multiaddrOf(readAddress(options.listen));
  const [{ openHost }, { Network }] = await Promise.all([
    import('./host.ts'),
    import('./network.ts'),
  ]);
  const network = new Network(options, limits);
  const host = await openHost({
    seed: hkdfSha256(options.seed, utf8('q.p2p.peer-id.v1'), utf8(''), SEED_BYTES),
    listen,
    topic: `/q/${options.chainId}/announcements/1`,
    limits,
    greeted: (connection) => network.greeter.greeted(connection),
    onConnection: (connection) => network.greeter.meet(connection),
    // A refusal was told to the other side; there is nobody here to tell.
    onStream: (stream, connection) =>
      void network.greeter
        .greet(stream, connection, 'listener', undefined, (peer) => network.take(peer))
        .catch(() => undefined),
    keyOf: (peerId) => network.keyOf(peerId),
    mayAnnounce: options.mayAnnounce ?? (() => true),
    onAnnounced: (from, frame) => network.deliver(from, frame, 'gossip'),
  });
  network.begin(host);
  return network;
}
