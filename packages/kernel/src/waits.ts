import { fail, QError, type JsonValue, type Result, type TSchema } from '@anarq/common-schemas';
import { compileValidator } from '@anarq/common-schemas/validator';
import { utf8 } from '@anarq/crypto';
import type { Row, Statement } from '@anarq/store';
import { processResource } from './admission.ts';
import type { Capability } from './capability.ts';
import { timeOrderedId } from './clock.ts';
import { failed, isConflict } from './commands.ts';
import type { Invocation } from './invocation.ts';
import type { Journal } from './journal.ts';
import { nodeEvent } from './nodeEvents.ts';
import type { KernelParts } from './parts.ts';
import type { Approval, OpenWait, WaitAsked } from './processViews.ts';
import { removeTimer, setTimer, takeTimer, type Timer, type Timers } from './timers.ts';

/** What a process waits for. */
export type WaitOrder =
  | { readonly kind: 'sleep'; readonly until_ms: number }
  | {
      readonly kind: 'signal';
      readonly schema: TSchema | undefined;
      readonly timeout_ms: number | undefined;
    }
  | {
      readonly kind: 'approval';
      readonly question: string;
      readonly approver: string;
      readonly expires_ms: number;
    };

/** Ends a run of a handler: the process goes on when what it waits for is there. */
export class Suspended extends Error {
  readonly waitingFor: string;

  constructor(waitingFor: string) {
    super(`waits for ${waitingFor}`);
    this.waitingFor = waitingFor;
  }
}

const WAIT_MAX_MS = 5 * 365 * 86_400_000;

/** What waiting processes wait for: rows, and the statements that end a wait exactly once. */
export class Waits {
  readonly #parts: KernelParts;
  readonly #journal: Journal;
  readonly #timers: Timers;
  readonly #now_ms: () => number;

  constructor(parts: KernelParts, journal: Journal, timers: Timers, now_ms: () => number) {
    this.#parts = parts;
    this.#journal = journal;
    this.#timers = timers;
    this.#now_ms = now_ms;
  }

  /**
   * Begins to wait, or finds that the process waits already.
   * @param wakes how often the process had been woken when its run read the journal
   * @throws PROCESS_DIVERGED where it waits for something else under this name
   */
  async begin(
    capability: Capability,
    at: { readonly name: string; readonly place: number; readonly digest: string },
    order: WaitOrder,
    wakes: number,
  ): Promise<void> {
    const { process } = capability;
    const known = await this.find(process, at.name);
    if (known !== undefined && known.digest !== at.digest)
      fail('PROCESS_DIVERGED', `${at.name} waits for something else than before.`, { process });
    const due_ms = dueOf(order, this.#now_ms());
    if (due_ms !== undefined && due_ms > this.#now_ms() + WAIT_MAX_MS)
      fail('LIMIT_EXCEEDED', 'A process waits five years at most.', { limit: 'wait' });
    try {
      await this.#parts.store.commit([
        ...(known === undefined ? await this.#insert(capability, at, order, due_ms) : []),
        {
          sql: 'UPDATE kernel_process SET slept = :wakes WHERE id = :process',
          params: { process, wakes },
        },
      ]);
    } catch (error) {
      // It was answered since the run read its journal; then the process was woken, too.
      if (!isConflict(error)) throw error;
    }
    if (due_ms !== undefined) this.#timers.arm(due_ms);
    this.#parts.wake();
    this.#parts.probe(`after-wait ${capability.operation} ${at.name}`);
  }

  async #insert(
    capability: Capability,
    {
      name,
      place,
      digest,
    }: { readonly name: string; readonly place: number; readonly digest: string },
    order: WaitOrder,
    due_ms: number | undefined,
  ): Promise<Statement[]> {
    const { process, operation, subject } = capability;
    const now_ms = this.#now_ms();
    const id = timeOrderedId('approval', now_ms);
    const isApproval = order.kind === 'approval';
    // Whoever is asked finds it in its own tenant.
    const tenant = isApproval
      ? (await this.#parts.services.identities.require(order.approver)).tenant
      : capability.principal.tenant;
    const asked: WaitAsked = {
      operation,
      subject,
      ...(isApproval ? { question: order.question } : {}),
      ...(order.kind === 'signal' && order.schema !== undefined
        ? { schema: JSON.parse(JSON.stringify(order.schema)) as JsonValue }
        : {}),
    };
    return [
      {
        name: `answer of ${name}`,
        sql: 'SELECT name FROM kernel_step WHERE process = :process AND name = :name',
        params: { process, name },
        expect: { rows: 0 },
      },
      {
        name: `wait ${name}`,
        sql: `INSERT INTO kernel_wait (process, name, id, kind, place, input_digest, due_ms, approver, tenant, asked_sealed, created_ms)
              VALUES (:process, :name, :id, :kind, :place, :digest, :due_ms, :approver, :tenant, :asked, :now_ms)`,
        params: {
          process,
          name,
          id,
          kind: order.kind,
          place,
          digest,
          due_ms: due_ms ?? null,
          approver: isApproval ? order.approver : null,
          tenant,
          asked: this.#parts.services.sealer.seal('wait', id, utf8(JSON.stringify(asked))),
          now_ms,
        },
      },
      own(capability.principal.tenant, processResource(process), subject),
      ...(due_ms === undefined ? [] : [setTimer('wait', id, due_ms)]),
      ...(isApproval ? this.#asking(capability, { id, tenant, now_ms }, order) : []),
    ];
  }

  /** Whoever is asked owns the question, and is told of it. */
  #asking(
    { process, operation, record }: Capability,
    at: { readonly id: string; readonly tenant: string; readonly now_ms: number },
    { approver, expires_ms }: Extract<WaitOrder, { kind: 'approval' }>,
  ): Statement[] {
    const { id, tenant, now_ms } = at;
    return [
      own(tenant, `node/approval/${id}`, approver),
      ...nodeEvent(this.#parts, {
        topic: 'q.node.approval.asked.v1',
        tenant,
        subject: approver,
        record,
        id: `${id}.asked`,
        at_ms: now_ms,
        data: {
          approvalId: id,
          processId: process,
          operation,
          approver,
          expiresAt: new Date(expires_ms).toISOString(),
        },
      }),
    ];
  }

  async find(process: string, name: string): Promise<OpenWait | undefined> {
    const [row] = await this.#parts.store.read(
      'SELECT * FROM kernel_wait WHERE process = :process AND name = :name',
      { process, name },
    );
    return row === undefined ? undefined : this.read(row);
  }

  async byId(id: string): Promise<OpenWait | undefined> {
    const [row] = await this.#parts.store.read('SELECT * FROM kernel_wait WHERE id = :id', { id });
    return row === undefined ? undefined : this.read(row);
  }

  async of(process: string): Promise<OpenWait[]> {
    const rows = await this.#parts.store.read(
      'SELECT * FROM kernel_wait WHERE process = :process ORDER BY place, name',
      { process },
    );
    return rows.map((row) => this.read(row));
  }

  read(row: Row): OpenWait {
    const id = row['id'] as string;
    const plain = this.#parts.services.sealer.open('wait', id, row['asked_sealed'] as Uint8Array);
    return {
      id,
      process: row['process'] as string,
      name: row['name'] as string,
      kind: row['kind'] as OpenWait['kind'],
      place: row['place'] as number,
      digest: row['input_digest'] as string,
      due_ms: (row['due_ms'] as number | null) ?? undefined,
      approver: (row['approver'] as string | null) ?? undefined,
      tenant: row['tenant'] as string,
      created_ms: row['created_ms'] as number,
      asked: JSON.parse(new TextDecoder().decode(plain)) as WaitAsked,
    };
  }

  /** The statements that end a wait with its answer; whoever is second finds a conflict. */
  end(wait: OpenWait, answer: unknown): Statement[] {
    const result: Result<unknown> = {
      status: 'ok',
      code: 'SUCCESS',
      message: `${wait.name} ended.`,
      data: answer,
    };
    return [
      {
        name: `wait ${wait.name}`,
        sql: 'DELETE FROM kernel_wait WHERE id = :id',
        params: { id: wait.id },
        expect: { changes: 1 },
      },
      {
        name: `process ${wait.process}`,
        sql: `UPDATE kernel_process SET wakes = wakes + 1 WHERE id = :process AND state = 'RUNNING'`,
        params: { process: wait.process },
        expect: { changes: 1 },
      },
      this.#journal.entry(wait.process, wait.name, wait.place, `wait.${wait.kind}`, {
        digest: wait.digest,
        result,
      }),
      ...(wait.due_ms === undefined ? [] : [removeTimer('wait', wait.id)]),
    ];
  }

  /** Ends a wait whose time has come. @returns the process that may go on */
  async due(timer: Timer): Promise<string | undefined> {
    const wait = await this.byId(timer.ref);
    const statements = wait === undefined ? [] : this.end(wait, this.#overdue(wait));
    try {
      // The timer first: it is taken by one only.
      await this.#parts.store.commit([takeTimer(timer), ...statements.filter(isNoTimer)]);
    } catch (error) {
      if (!isConflict(error)) throw error;
      // Answered meanwhile, or its process has ended: then the timer is all that is left.
      await this.#parts.store.commit([removeTimer('wait', timer.ref)]);
      return undefined;
    }
    return wait?.process;
  }

  #overdue(wait: OpenWait): unknown {
    const at = new Date(this.#now_ms()).toISOString();
    if (wait.kind === 'approval') return { answer: 'EXPIRED', at } satisfies Approval;
    return wait.kind === 'signal' ? { isTimeout: true } : { at };
  }
}

/** @throws INPUT_INVALID where a payload is not what the process waits for */
export function checkSignal(wait: OpenWait, payload: unknown): void {
  const { schema } = wait.asked;
  if (schema === undefined) return;
  const violations = compileValidator(schema as TSchema).violations(payload);
  if (violations.length > 0)
    throw new QError('INPUT_INVALID', `The payload is not what ${wait.name} waits for.`, {
      violations,
    });
}

function dueOf(order: WaitOrder, now_ms: number): number | undefined {
  switch (order.kind) {
    case 'sleep':
      return order.until_ms;
    case 'approval':
      return order.expires_ms;
    case 'signal':
      return order.timeout_ms === undefined ? undefined : now_ms + order.timeout_ms;
  }
}

const isNoTimer = ({ name }: Statement): boolean => name !== 'timer wait';

/** Like `ownResource`, where the resource may be known from an earlier wait. */
const own = (tenant: string, resource: string, owner: string): Statement => ({
  name: `resource ${resource}`,
  sql: `INSERT INTO kernel_resource (tenant, resource, owner) VALUES (:tenant, :resource, :owner)
        ON CONFLICT (tenant, resource) DO NOTHING`,
  params: { tenant, resource, owner },
});

/** A caller who waits for a process that waits itself learns what for, and asks again later. */
export const waiting = (inv: Invocation, process: string, waitingFor: string): Result<unknown> =>
  failed(
    inv,
    new QError('CALL_IN_PROGRESS', `The call is admitted; it waits for ${waitingFor}.`, {
      process,
      waitingFor,
      retryAfter_ms: 5_000,
    }),
  );
