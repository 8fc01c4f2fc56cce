import { randomUUID } from 'node:crypto';
import { API_VERSION, type Result } from '@anarq/common-schemas';
import { canonicalJson, sha256Hex, signCall, utf8, type IdentityKeys } from '@anarq/crypto';
import type { Call, Services } from '@anarq/kernel';
import { qdrive } from './contract.ts';

/** A start sweeps at most this often, 1,000 blocks each; the rest waits for later calls. */
const ROUNDS_MAX = 100;

/**
 * Sweeps in the background what an earlier run left, in the tenant of the node. Each round is an
 * ordinary call that the module signs as itself; the node does not wait for it to start.
 */
export async function sweepAtStart(env: {
  readonly services: Services;
  readonly invoke: (call: Call) => Promise<unknown>;
}): Promise<void> {
  const { node, identities } = env.services;
  const identity = node.modules[qdrive.name];
  if (identity === undefined) return;
  const keys = await identities.custodyKeys(identity);
  const rounds = async () => {
    for (let round = 0; round < ROUNDS_MAX; round += 1) {
      const call = signedSweep(node.did, identity, keys);
      // What `sweep` answers is in its contract.
      const result = (await env.invoke(call)) as Result<{ more: boolean }>;
      if (result.status === 'error' || !result.data.more) return;
    }
  };
  // A refusal is recorded by the kernel, and ends the rounds; nothing else can reject here.
  rounds().catch(() => undefined);
}

function signedSweep(node: string, identity: string, keys: IdentityKeys): Call {
  const input = {};
  const ts = new Date().toISOString();
  const idempotencyKey = randomUUID();
  const signature = signCall(keys, {
    node,
    identity,
    operation: qdrive.sweep.id,
    version: API_VERSION,
    idempotencyKey,
    ts,
    inputDigest: sha256Hex(utf8(canonicalJson(input))),
  });
  return {
    operation: qdrive.sweep.id,
    input,
    surface: 'process',
    credential: { kind: 'signature', identity, ts, signature },
    idempotencyKey,
  };
}
