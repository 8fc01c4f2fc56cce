import { API_VERSION } from '@anarq/common-schemas';
import {
  canonicalJson,
  deriveKeys,
  randomBytes,
  sha256Hex,
  signCall,
  toBase64url,
  utf8,
} from '@anarq/crypto';

/** Who opens a connection to the ledger of a node, and whom it acts for. */
export interface OpeningOrder {
  /** DID of the node: a signature for one is none for another. */
  readonly node: string;
  /** DID of the identity. */
  readonly identity: string;
  /** DID of the sub-identity that acts; the seed is then its own. */
  readonly subId?: string;
  /** Seed of its keys, 64 bytes. */
  readonly seed: Uint8Array;
  readonly subject?: string;
  /** CID of the grant to use; absent: the node finds one. */
  readonly grant?: string;
}

/** What OPEN carries of one with keys of its own: a full signature, which opens one connection. */
export function openingWith({ seed, node, ...named }: OpeningOrder): Record<string, string> {
  const stated = {
    ...named,
    ts: new Date().toISOString(),
    idempotencyKey: toBase64url(randomBytes(16)),
  };
  const signature = signCall(deriveKeys(seed), {
    ...stated,
    node,
    operation: 'ledger.openConnection',
    version: API_VERSION,
    inputDigest: sha256Hex(utf8(canonicalJson({}))),
  });
  return { ...stated, signature };
}
