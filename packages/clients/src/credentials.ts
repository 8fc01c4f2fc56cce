import { API_VERSION, type AnyOperation } from '@anarq/common-schemas';
import {
  canonicalJson,
  deriveKeys,
  macCall,
  sha256Hex,
  signCall,
  utf8,
  type CallFields,
  type IdentityKeys,
} from '@anarq/crypto';
import { CallError } from './callError.ts';
import { createSessionOpener } from './session.ts';
import type { Credentials, Proof, UnprovedCall } from './transport.ts';

/** Nobody: only what a contract marks public. */
export const anonymous = (): Credentials => ({
  prove: async () => ({ kind: 'anonymous' }),
  renew: () => false,
});

/** The token of an agent whose keys the node keeps. */
export const bearer = (token: string): Credentials => ({
  prove: async () => ({ kind: 'bearer', token }),
  renew: () => false,
});

export interface KeysOrder {
  /** DID of the identity. */
  readonly did: string;
  /** DID of the node that is called: a signature for one node is none for another. */
  readonly nodeDid: string;
  /** DID of the sub-identity that acts; the keys are then its own. */
  readonly subId?: string;
  /** The 64-byte seed of the keys, or the keys. */
  readonly seed?: Uint8Array;
  readonly keys?: IdentityKeys;
  /** Milliseconds since 1970; for tests. */
  readonly now_ms?: () => number;
}

/** squid.openSession; without its contract every call carries a full signature instead. */
const OPEN_SESSION = 'squid.openSession';
const NO_ROOM = 'QDRIVE_STORAGE_FULL';

/**
 * Keys of one's own. Money, consent and keys are signed in full, Ed25519 and ML-DSA-65 together;
 * everything else under a session that is opened at the first call and again when it ends.
 * @throws TypeError without seed and keys
 */
export function keys(order: KeysOrder): Credentials {
  const own = order.keys ?? (order.seed === undefined ? undefined : deriveKeys(order.seed));
  if (own === undefined) throw new TypeError('keys() needs a seed or the keys');
  const now_ms = order.now_ms ?? Date.now;
  const signed = (call: UnprovedCall, sign: (fields: CallFields) => string): Proof => {
    const fields = fieldsOf(order, call, now_ms());
    return {
      kind: 'signature',
      identity: order.did,
      ts: fields.ts,
      signature: sign(fields),
      ...(order.subId === undefined ? {} : { subId: order.subId }),
    };
  };
  const inFull = (call: UnprovedCall) => signed(call, (fields) => signCall(own, fields));
  const sessions = createSessionOpener(inFull, now_ms);
  return {
    async prove(call, context) {
      const open: AnyOperation | undefined = context.operation(OPEN_SESSION);
      if (call.op.signature === 'full' || open === undefined) return inFull(call);
      const session = await sessions.current(open, context).catch((error: unknown) => {
        // A session is a row: a node whose disk is full opens none, and can still be read.
        if (call.op.kind === 'query' && error instanceof CallError && error.code === NO_ROOM)
          return undefined;
        throw error;
      });
      if (session === undefined) return inFull(call);
      return signed(call, (fields) => macCall(session.key, session.id, fields));
    },
    renew: () => sessions.forget(),
  };
}

function fieldsOf(order: KeysOrder, call: UnprovedCall, now_ms: number): CallFields {
  return {
    node: order.nodeDid,
    identity: order.did,
    subId: order.subId,
    operation: call.op.id,
    version: API_VERSION,
    subject: call.subject,
    grant: call.grant,
    idempotencyKey: call.idempotencyKey,
    ts: new Date(now_ms).toISOString(),
    inputDigest: sha256Hex(utf8(canonicalJson(call.input))),
  };
}
