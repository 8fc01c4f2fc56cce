import { handler } from '@anarq/kernel';
import { chainOf } from '../chainOf.ts';
import { chain as contract } from '../contract.ts';
import { faultModelOf, instantOf } from '../views.ts';

const PEERS_MAX = 1_000;

export const peers = handler(contract.peers, (_input, ctx) => {
  const chain = chainOf(ctx);
  const connected = new Set(chain.network.connected());
  return {
    peers: chain.network
      .peers()
      .slice(0, PEERS_MAX)
      .map(({ publicKey, role, score, bannedUntil_ms, rtt_ms, ...bytes }) => ({
        publicKey,
        role,
        isConnected: connected.has(publicKey),
        score,
        ...(bannedUntil_ms === undefined ? {} : { bannedUntil: instantOf(bannedUntil_ms) }),
        queuedBytes: bytes.queued_bytes,
        sentBytes: bytes.sent_bytes,
        receivedBytes: bytes.received_bytes,
        ...(rtt_ms === undefined ? {} : { roundTrip_ms: rtt_ms }),
      })),
    faultModel: faultModelOf(chain),
  };
});
