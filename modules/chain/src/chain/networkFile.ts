import { readFile } from 'node:fs/promises';
import { fail } from '@anarq/common-schemas';

/** How a node of a chain reaches the others, as it stands in `network.json`. */
export interface NetworkFile {
  /** Where it listens: `host:port` or a multiaddr; port 0 takes a free one. */
  readonly listen: string;
  readonly peers: readonly { readonly publicKey: string; readonly address: string }[];
}

const PEERS_MAX = 1_000;

/** @returns undefined where there is no file @throws QError INPUT_INVALID */
export async function readNetworkFile(path: string): Promise<NetworkFile | undefined> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
  const json = parsed(text);
  if (!isNetwork(json))
    return fail(
      'INPUT_INVALID',
      `${path}: expected { "listen": "host:port", "peers": [{ "publicKey": hex, "address": … }] }, at most ${PEERS_MAX} peers.`,
    );
  return json;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function isNetwork(json: unknown): json is NetworkFile {
  if (typeof json !== 'object' || json === null) return false;
  if (!('listen' in json) || typeof json.listen !== 'string' || !('peers' in json)) return false;
  return Array.isArray(json.peers) && json.peers.length <= PEERS_MAX && json.peers.every(isPeer);
}

const isPeer = (peer: unknown): boolean =>
  typeof peer === 'object' &&
  peer !== null &&
  'publicKey' in peer &&
  typeof peer.publicKey === 'string' &&
  /^([0-9a-f]{2})+$/.test(peer.publicKey) &&
  'address' in peer &&
  typeof peer.address === 'string';
