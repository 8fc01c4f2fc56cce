import { randomUUID } from 'node:crypto';
import {
  API_VERSION,
  type AnyOperation,
  type InputOf,
  type OutputOf,
  type Result,
} from '@anarq/common-schemas';
import { canonicalJson, deriveKeys, sha256Hex, signCall, utf8 } from '@anarq/crypto';
import type { Actor, TestNode } from '@anarq/testing';
import type { Call, DelegationOrder, IdentityKind } from '../src/index.ts';

/** What a test may change in a call: what is signed, what is sent, or both. */
export interface Twist {
  /** Fields of the call as sent; one that is undefined is left out. */
  readonly sent?: { readonly [K in keyof Call]?: Call[K] | undefined };
  /** Fields as signed, where they differ from what is sent. */
  readonly signed?: Record<string, string | undefined>;
  readonly credential?: Call['credential'];
  readonly ts?: string;
}

/** Calls with a signature of which a test decides every field. */
export async function send<Op extends AnyOperation>(
  node: TestNode,
  who: Pick<Actor, 'did' | 'seed'>,
  op: Op,
  input: InputOf<Op>,
  twist: Twist = {},
): Promise<Result<OutputOf<Op>>> {
  const ts = twist.ts ?? new Date().toISOString();
  const given = {
    ...(op.kind === 'query' ? {} : { idempotencyKey: randomUUID() }),
    ...twist.sent,
  };
  // Every member that is left has the type of the call's own.
  const sent = Object.fromEntries(
    Object.entries(given).filter(([, value]) => value !== undefined),
  ) as Partial<Call>;
  const { subject, grant: named, idempotencyKey } = sent;
  const signature = signCall(deriveKeys(who.seed, { index: 0 }), {
    node: node.kernel.node.did,
    identity: who.did,
    operation: op.id,
    version: API_VERSION,
    ts,
    inputDigest: sha256Hex(utf8(canonicalJson(input))),
    ...(subject === undefined ? {} : { subject }),
    ...(named === undefined ? {} : { grant: named }),
    ...(idempotencyKey === undefined ? {} : { idempotencyKey }),
    ...twist.signed,
  });
  const answer = await node.kernel.invoke({
    operation: op.id,
    input,
    surface: 'http',
    credential: twist.credential ?? { kind: 'signature', identity: who.did, ts, signature },
    ...sent,
  });
  // The kernel validated the output against the schema that the type is read from.
  return answer as Result<OutputOf<Op>>;
}

export type Order = Partial<DelegationOrder> & {
  readonly proof?: string;
  readonly now_ms?: number;
};

/** Signs and registers a delegation from one to another; for everything, unless it says less. */
export async function grant(
  node: TestNode,
  from: Pick<Actor, 'did' | 'seed'>,
  to: string,
  { proof, now_ms = Date.now(), ...order }: Order = {},
): Promise<string> {
  const { grants } = node.kernel.services;
  const signed = grants.sign(
    { issuer: from.did, audience: to, subject: from.did, command: '/', policy: [], ...order },
    deriveKeys(from.seed, { index: 0 }),
  );
  const { tenant } = node.kernel.node;
  const facts = { token: signed, proof, tenant, purpose: 'a test', now_ms };
  const made = await grants.prepareRegister(facts);
  await node.store.commit(made.statements);
  made.activate();
  return made.grant.leaf;
}

/** Revokes a delegation as a commit of its own, as the module that administers them does. */
export async function revoke(node: TestNode, cid: string): Promise<void> {
  const { statements, activate } = node.kernel.services.grants.prepareRevoke(cid, Date.now());
  await node.store.commit(statements);
  activate();
}

/** An identity whose keys the node keeps. */
export async function custodial(
  node: TestNode,
  name: string,
  facts: { kind?: IdentityKind; parent?: string; controller?: string } = {},
): Promise<string> {
  const made = node.kernel.services.identities.prepareCreate({
    tenant: node.kernel.node.tenant,
    kind: 'agent',
    name,
    controller: node.operator.did,
    now_ms: Date.now(),
    ...facts,
  });
  await node.store.commit(made.statements);
  return made.did;
}

/** A bearer token of an agent for a grant. */
export async function token(
  node: TestNode,
  agent: string,
  cid: string,
  expires_ms = Date.now() + 3_600_000,
): Promise<string> {
  const made = node.kernel.services.sessions.prepareToken({
    tenant: node.kernel.node.tenant,
    agent,
    grant: cid,
    expires_ms,
    now_ms: Date.now(),
  });
  await node.store.commit(made.statements);
  return made.token;
}

/** An agent of the operator with a token for a grant that somebody gives it. */
export async function agentOf(
  node: TestNode,
  from: Pick<Actor, 'did' | 'seed'>,
  order: Order = {},
): Promise<Actor & { readonly grant: string; readonly token: string }> {
  const did = await custodial(node, `agent ${randomUUID()}`);
  const cid = await grant(node, from, did, order);
  const text = await token(node, did, cid);
  return { ...node.withToken(did, text), grant: cid, token: text };
}

export async function setStatus(
  node: TestNode,
  did: string,
  status: 'active' | 'suspended',
): Promise<void> {
  const { statements, activate } = node.kernel.services.identities.prepareStatus(did, status);
  await node.store.commit(statements);
  activate();
}

/** The code of an answer, 'SUCCESS' for one that is no refusal. */
export const codeOf = (result: Result<unknown>): string => result.code;

/** How often each code came. */
export function countCodes(results: readonly Result<unknown>[]): Record<string, number> {
  const counted: Record<string, number> = {};
  for (const { code } of results) counted[code] = (counted[code] ?? 0) + 1;
  return counted;
}

/** What everybody paid in the lab of the operator's tenant, in hundredths. */
export async function totalPaid(node: TestNode): Promise<bigint> {
  const [row] = await node.store.read('SELECT total_minor FROM lab_total');
  return (row?.['total_minor'] as bigint | undefined) ?? 0n;
}

/** Calls again as long as the answer says that a retry may help. */
export async function insist<T>(work: () => Promise<Result<T>>, tries = 60): Promise<Result<T>> {
  for (let i = 0; ; i++) {
    const result = await work();
    if (result.status === 'ok' || !result.retryable || i >= tries) return result;
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
}
