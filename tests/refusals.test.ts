import { randomUUID } from 'node:crypto';
import {
  templateMembers,
  type AnyOperation,
  type InputOf,
  type Result,
} from '@anarq/common-schemas';
import { startTestNode, type Actor, type TestNode } from '@anarq/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

/**
 * Generated from the contracts: every operation, called by those who must not. A new operation is
 * in it by itself.
 */

/** Operations that anybody may call. Adding one is a decision, so it is written down here. */
const PUBLIC = new Set([
  'squid.verify',
  'squid.activeContext',
  'qlock.verify',
  'qerberos.checkpoint',
  'qerberos.consistency',
  'node.tools',
  'node.negotiate',
]);

const REFUSALS = [
  'QONSENT_DENIED',
  'QINDEX_NOT_FOUND',
  'QLOCK_AUTH_FAIL',
  'SQUID_IDENTITY_INVALID',
];

describe('every operation', () => {
  let node: TestNode;
  let owner: Actor;
  let foreigner: Actor;
  let underScoped: Actor;
  let operations: AnyOperation[];

  beforeAll(async () => {
    node = await startTestNode();
    operations = node.kernel.contracts.flatMap((contract) => Object.values(contract.operations));
    owner = await node.person('owner');
    foreigner = await node.person('foreigner', 'elsewhere');
    underScoped = await agentFor(node, owner);
    for (const op of operations) await own(node, op, owner.did);
  });
  afterAll(() => node.close());

  it('has an example to be called with', () => {
    expect(operations.filter((op) => op.examples.length === 0).map((op) => op.id)).toEqual([]);
  });

  it('refuses a stranger who proves nothing', async () => {
    const notRefused = await everyOperation(
      (op) =>
        node.kernel.invoke({
          operation: op.id,
          input: inputOf(op),
          surface: 'http',
          credential: { kind: 'anonymous' },
          idempotencyKey: randomUUID(),
        }),
      ['QLOCK_AUTH_FAIL'],
    );
    expect(notRefused).toEqual([]);
  });

  it('refuses an identity of another tenant that claims to act for the owner', async () => {
    const notRefused = await everyOperation(
      (op) => foreigner.result(op, inputOf(op), { subject: owner.did }),
      REFUSALS,
      false,
    );
    expect(notRefused).toEqual([]);
  });

  it('refuses an identity of another tenant the resources of this one', async () => {
    const withResource = operations.filter((op) => op.resource !== undefined);
    expect(withResource.length).toBeGreaterThan(10);
    for (const op of withResource)
      expect([op.id, codeOf(await foreigner.result(op, inputOf(op)))]).toEqual([
        op.id,
        'QINDEX_NOT_FOUND',
      ]);
  });

  it('refuses an agent whose grant names another operation', async () => {
    const notRefused = await everyOperation(
      (op) => underScoped.result(op, inputOf(op)),
      ['QONSENT_DENIED'],
    );
    expect(notRefused).toEqual([]);
  });

  async function everyOperation(
    call: (op: AnyOperation) => Promise<Result<unknown>>,
    expected: readonly string[],
    mayBePublic = true,
  ): Promise<string[]> {
    const wrong: string[] = [];
    for (const op of operations) {
      const result = await call(op);
      const code = codeOf(result);
      // Open to whoever proves itself: what it shows is decided item by item, and this shows nothing.
      const shown = await whatItOpens(result);
      const isEmpty = op.access === 'proved' && itemsOf(shown)?.length === 0;
      // Nor has a caller without a grant for it anything there that it could name.
      const isNothing = op.access === 'proved' && REFUSALS.includes(code);
      const isRefused = expected.includes(code) || isEmpty || isNothing;
      if (mayBePublic && PUBLIC.has(op.id) ? isRefused : !isRefused)
        wrong.push(`${op.id}: ${code}`);
    }
    return wrong;
  }

  /** Of a ticket, the events that it shows: it is worth as much as they are. */
  async function whatItOpens(result: Result<unknown>): Promise<Result<unknown>> {
    const { ticket } = (result.status === 'ok' ? result.data : {}) as { ticket?: unknown };
    if (typeof ticket !== 'string' || !ticket.startsWith('qet_')) return result;
    const shown = await node.kernel.showTicket(ticket, 'req_refusals');
    if (!shown.ok) return shown.failure;
    return node.kernel.invoke({
      operation: 'node.readEvents',
      input: {},
      surface: 'websocket',
      credential: { kind: 'ticket', ticket: shown.ticket },
      ...shown.ticket.names,
    });
  }
});

const codeOf = (result: Result<unknown>): string => result.code;

const itemsOf = (result: Result<unknown>): readonly unknown[] | undefined =>
  result.status === 'ok' ? (result.data as { items?: readonly unknown[] }).items : undefined;

/** The first example of the contract. */
const inputOf = (op: AnyOperation): InputOf<AnyOperation> =>
  op.examples[0]?.input as InputOf<AnyOperation>;

/** Makes the resource of the example the owner's, so that only authority decides. */
async function own(node: TestNode, op: AnyOperation, owner: string): Promise<void> {
  if (op.resource === undefined || op.resource === 'node') return;
  let resource = op.resource;
  const input = inputOf(op) as Record<string, unknown>;
  for (const member of templateMembers(resource))
    resource = resource.replace(`{${member}}`, String(input[member]));
  await node.store.commit([
    {
      sql: 'INSERT INTO kernel_resource (tenant, resource, owner) VALUES (:tenant, :resource, :owner) ON CONFLICT DO NOTHING',
      params: { tenant: node.kernel.node.tenant, resource: `${op.module}/${resource}`, owner },
    },
  ]);
}

/** An agent with a token whose grant covers one operation that does not exist. */
async function agentFor(node: TestNode, owner: Actor): Promise<Actor> {
  const { identities, grants, sessions } = node.kernel.services;
  const now_ms = Date.now();
  const { tenant } = node.kernel.node;
  const agent = identities.prepareCreate({
    tenant,
    kind: 'agent',
    name: 'under-scoped',
    controller: owner.did,
    now_ms,
  });
  await node.store.commit(agent.statements);
  await identities.get(owner.did);
  const { deriveKeys } = await import('@anarq/crypto');
  const token = grants.sign(
    {
      issuer: owner.did,
      audience: agent.did,
      subject: owner.did,
      command: '/',
      policy: [['==', '.op', 'nothing.else']],
    },
    deriveKeys(owner.seed, { index: 0 }),
  );
  const registered = await grants.prepareRegister({ token, tenant, purpose: 'test', now_ms });
  const bearer = sessions.prepareToken({
    tenant,
    agent: agent.did,
    grant: registered.grant.leaf,
    expires_ms: now_ms + 3_600_000,
    now_ms,
  });
  await node.store.commit([...registered.statements, ...bearer.statements]);
  registered.activate();
  return node.withToken(agent.did, bearer.token);
}
