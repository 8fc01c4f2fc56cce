import {
  fail,
  type AnyOperation,
  type EventSpec,
  type InputOf,
  type OutputOf,
} from '@anarq/common-schemas';
import { compileValidator, type Validator } from '@anarq/common-schemas/validator';
import { canonicalJson } from '@anarq/crypto';
import type { Statement } from '@anarq/store';
import { holdersOf } from './authorise.ts';
import { derivedId, instantOf } from './clock.ts';
import type { CallFacts, ReadContext, WriteContext } from './context.ts';
import { holdAtMost } from './guards.ts';
import { traceOf, type Invocation } from './invocation.ts';
import { readableBy, type Readable } from './readable.ts';
import { rowsOf, UnitOfWork, type RowsScope } from './rows.ts';
import type { KernelParts } from './parts.ts';
import { assertPrepared } from './prepared.ts';
import type { Table } from './table.ts';
import { viewersOf } from './viewers.ts';

/** An event that a commit will carry. */
interface PendingEvent {
  readonly topic: string;
  readonly payload: unknown;
}

/** A write context together with what the commit needs from it. */
export interface WorkContext {
  readonly ctx: WriteContext;
  readonly unit: UnitOfWork;
  readonly events: PendingEvent[];
  readonly parties: string[];
  readonly effects: (() => void)[];
  spent: string | undefined;
}

/** Asks another module's query; how depends on whether the answer is journaled. */
export type Ask = <Op extends AnyOperation>(
  op: Op,
  input: InputOf<Op>,
  as: 'caller' | 'module',
) => Promise<OutputOf<Op>>;

export function readContext(inv: Invocation, parts: KernelParts, ask: Ask): ReadContext {
  const scope = scopeOf(inv, parts);
  const base = baseContext(inv, parts, ask, scope);
  return { ...base, rows: (table) => rowsOf(table, scope) };
}

/** A context for one run of a handler; a re-run gets a new one, with the same time and ids. */
export function workContext(
  inv: Invocation,
  parts: KernelParts,
  ask: Ask,
  ids: IdSource,
): WorkContext {
  const unit = new UnitOfWork();
  const scope: RowsScope = { ...scopeOf(inv, parts), unit };
  const { op } = inv.compiled;
  const nextId = ids.restart();
  const { tenant } = inv.principal;
  const base = baseContext(inv, parts, ask, scope);
  const work: WorkContext = {
    unit,
    events: [],
    parties: [],
    effects: [],
    spent: undefined,
    ctx: {
      ...base,
      rows: <T extends Table>(table: T) => rowsOf(table, scope),
      id: nextId,
      write: (statement) => unit.add(confined(statement, tenant)),
      atMost: (limit) =>
        holdAtMost(limit, {
          module: op.module,
          tenant,
          unit,
          select: base.select,
          confined: (statement) => confined(statement, tenant),
        }),
      carry: (statements) => {
        for (const statement of statements) {
          assertPrepared(statement);
          unit.add(statement);
        }
      },
      emit: (topic, payload) => {
        if (!op.emits.includes(topic)) throw new Error(`${op.id} does not announce ${topic}`);
        work.events.push({ topic, payload });
      },
      party: (did) => void work.parties.push(did),
      spent: (amount) => {
        work.spent = amount;
      },
      afterCommit: (effect) => void work.effects.push(effect),
    },
  };
  return work;
}

/**
 * Ids that are the same when a handler runs again, also after a restart: they follow from a seed (a
 * process's own id, which is random) and from their place among the ids of the call.
 */
export class IdSource {
  readonly #now_ms: number;
  readonly #seed: string;

  constructor(now_ms: number, seed: string) {
    this.#now_ms = now_ms;
    this.#seed = seed;
  }

  restart(): (prefix: string) => string {
    let place = 0;
    return (prefix) => derivedId(prefix, this.#now_ms, `${this.#seed}\n${place++}`);
  }
}

function scopeOf(inv: Invocation, parts: KernelParts): RowsScope {
  const { op } = inv.compiled;
  let readable: Promise<Readable[]> | undefined;
  return {
    store: parts.store,
    sealer: parts.services.sealer,
    module: op.module,
    tenant: inv.principal.tenant,
    subject: inv.subject,
    now_ms: inv.now_ms,
    target: inv,
    // A step acts for one party; only a caller of its own brings further grants to a list.
    readable: () =>
      (readable ??=
        inv.capability === undefined && op.kind === 'query'
          ? readableBy(
              parts.services.grants,
              holdersOf(inv),
              op.command,
              { id: op.id, tool: op.mcp === false ? op.id : op.mcp.tool },
              inv.now_ms,
            )
          : Promise.resolve([])),
  };
}

function baseContext(
  inv: Invocation,
  parts: KernelParts,
  ask: Ask,
  scope: RowsScope,
): Omit<ReadContext, 'rows'> {
  const call: CallFacts = {
    ...inv.principal,
    requestId: inv.requestId,
    operation: inv.compiled.op.id,
    subject: inv.subject,
    grants: inv.grants,
    ...(inv.capability === undefined ? {} : { process: inv.capability.process }),
  };
  return {
    call,
    now_ms: inv.now_ms,
    now: instantOf(inv.now_ms),
    services: parts.forModules,
    ownLog: parts.ownLogs.of(inv.compiled.op.module),
    select: (sql, params = {}) => {
      const texts = typeof sql === 'string' ? { sql } : sql;
      const statement = confined({ ...texts, params }, inv.principal.tenant);
      return parts.store.read(statement, statement.params);
    },
    query: (op, input, { as = 'caller' } = {}) => ask(op, input, as),
    measure: (metric, value, labels) => parts.telemetry.modules.measure(metric, value, labels),
    readable: (noun) => scope.readable(noun),
    eventTicket: () => parts.eventTickets.issue(inv),
    allows: (command, resource) => allows(inv, parts, command, resource),
  };
}

/** Tables that no module reaches by SQL of its own: the kernel's, the log's, the schema's. */
const NOT_A_MODULES = /\b(?:kernel|log|sqlite|pg)_|\b(?:information_schema|_store_migrations)\b/i;

/** SQL of a module confines itself to the tenant, or it is not run. */
function confined(statement: Statement, tenant: string): Statement {
  for (const sql of [statement.sql, statement.postgres ?? statement.sql]) {
    if (!/:tenant\b/.test(sql)) throw new Error('SQL of a module must use :tenant');
    if (NOT_A_MODULES.test(sql)) throw new Error('SQL of a module keeps to its own tables');
  }
  return { ...statement, params: { ...statement.params, tenant } };
}

async function allows(
  inv: Invocation,
  parts: KernelParts,
  command: string,
  resource: string,
): Promise<boolean> {
  const [row] = await parts.store.read(
    'SELECT owner FROM kernel_resource WHERE tenant = :tenant AND resource = :resource',
    { tenant: inv.principal.tenant, resource },
  );
  const owner = row?.['owner'];
  if (typeof owner !== 'string') return false;
  if (owner === inv.subject) return true;
  const isWrite = inv.compiled.op.kind !== 'query';
  const candidates = await parts.services.grants.candidates(inv.subject, command, owner);
  const found = candidates.find(
    (grant) =>
      // What a budget bounds has to be asked for as the owner's: here nothing is counted.
      !(isWrite && grant.budgets.length > 0) &&
      grant.check({
        command,
        args: { resource },
        audience: inv.subject,
        subject: owner,
        now_s: Math.floor(inv.now_ms / 1000),
      }).allow,
  );
  // What a write leans on is still in force when it commits.
  if (isWrite && found !== undefined) inv.links.push(...found.chain);
  return found !== undefined;
}

const payloadValidators = new WeakMap<EventSpec, Validator>();

/** The rows of the outbox for what a handler emitted; in the same commit as the state. */
export function outboxStatements(
  inv: Invocation,
  { events, parties }: Pick<WorkContext, 'events' | 'parties'>,
  record: string,
): Statement[] {
  const specs = inv.compiled.module.contract.events;
  return events.map(({ topic, payload }, place) => {
    const spec = specs[topic] ?? fail('INTERNAL', `${topic} is not in the contract.`);
    const validator = payloadValidators.get(spec) ?? compileValidator(spec.schema);
    payloadValidators.set(spec, validator);
    const violations = validator.violations(payload);
    if (violations.length > 0)
      fail('INTERNAL', `The payload of ${topic} is not of its schema.`, { violations });
    const subject =
      spec.subject === undefined ? '' : (payload as Record<string, unknown>)[spec.subject];
    return {
      sql: `INSERT INTO kernel_outbox
              (id, tenant, module, topic, subject, data, record, at_ms, viewers, operation, resource,
                traceparent)
            VALUES (:id, :tenant, :module, :topic, :subject, :data, :record, :at_ms, :viewers,
              :operation, :resource, :traceparent)`,
      params: {
        // Never from the caller's request id: another call may carry the same.
        id: `${record}.${place}`,
        tenant: inv.principal.tenant,
        module: inv.compiled.op.module,
        topic,
        subject: String(subject),
        data: canonicalJson(payload),
        record,
        at_ms: inv.now_ms,
        viewers: JSON.stringify(viewersOf(spec, payload, inv, parties)),
        operation: inv.compiled.op.id,
        resource: inv.resource ?? null,
        traceparent: traceOf(inv).traceparent ?? null,
      },
    };
  });
}
