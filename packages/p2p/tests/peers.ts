import { createHash } from 'node:crypto';
import { onTestFinished } from 'vitest';
import { startPeerNetwork } from '../src/index.ts';
import type { OwnPeerNetwork, PeerNetworkOptions } from '../src/index.ts';

export const CHAIN = 'c4'.repeat(32);

/** A seed by its name, the same in each run. */
export const seedOf = (name: string): Uint8Array =>
  new Uint8Array(createHash('sha256').update(name).digest());

/** Starts a network on a free port, which ends with the test. */
export async function peer(
  name: string,
  options: Partial<PeerNetworkOptions> = {},
): Promise<OwnPeerNetwork> {
  const network = await startPeerNetwork({
    seed: seedOf(name),
    chainId: CHAIN,
    listen: '127.0.0.1:0',
    peers: [],
    ...options,
  });
  onTestFinished(() => network.close());
  return network;
}

export const at = ({ publicKey, address }: OwnPeerNetwork) => ({ publicKey, address });

/** Everything a network hears, as it comes. */
export function heardBy(
  network: OwnPeerNetwork,
): { from: string; frame: Uint8Array; via: string }[] {
  const heard: { from: string; frame: Uint8Array; via: string }[] = [];
  network.onFrame((from, frame, via) => heard.push({ from, frame, via }));
  return heard;
}

/** Bytes that do not shrink, the same in each run. */
export function noise(bytes: number, seed = 1): Uint8Array {
  const made = new Uint8Array(bytes);
  for (let from = 0; from < bytes; from += 32) {
    const block = createHash('sha256').update(`${seed} ${from}`).digest();
    made.set(block.subarray(0, Math.min(32, bytes - from)), from);
  }
  return made;
}
