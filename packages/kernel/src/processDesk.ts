import { fail, type JsonValue, type Result } from '@anarq/common-schemas';
import type { Row, Statement } from '@anarq/store';
import { openAdmission } from './admission.ts';
import type { Authorities } from './authorities.ts';
import { Journal } from './journal.ts';
import { nodeEvent } from './nodeEvents.ts';
import type { KernelParts } from './parts.ts';
import { prepared } from './prepared.ts';
import type { Processes } from './processes.ts';
import { stopStatement } from './runControl.ts';
import type {
  Approval,
  AuthorityView,
  JobWatcher,
  OpenWait,
  PageOrder,
  Place,
  Prepared,
  ProcessAdmin,
  ProcessKind,
  ProcessState,
  ProcessSummary,
  ProcessView,
  Progress,
  StepView,
} from './processViews.ts';
import { checkSignal } from './waits.ts';

/** Rows of one look at all open processes. */
const WINDOW = 500;

/** The kernel behind the desk, which is made after its services. */
interface Behind {
  readonly parts: KernelParts;
  readonly invoker: { readonly processes: Processes; readonly authorities: Authorities };
}

/** What the module `node` shows and does of processes, jobs and approvals. */
export class ProcessDesk implements ProcessAdmin {
  readonly #behind: () => Behind;
  readonly #now_ms: () => number;

  constructor(behind: () => Behind, now_ms: () => number) {
    this.#behind = behind;
    this.#now_ms = now_ms;
  }

  get #parts(): KernelParts {
    return this.#behind().parts;
  }

  get #processes(): Processes {
    return this.#behind().invoker.processes;
  }

  async require(id: string): Promise<ProcessView> {
    const [row] = await this.#parts.store.read('SELECT * FROM kernel_process WHERE id = :id', {
      id,
    });
    if (row === undefined)
      return fail('QINDEX_NOT_FOUND', `There is no process ${id.slice(0, 80)}.`);
    return this.#view(row);
  }

  async open(page: PageOrder & { readonly onlyAttention: boolean }): Promise<ProcessView[]> {
    const states = page.onlyAttention ? `('NEEDS_ATTENTION')` : `('RUNNING', 'NEEDS_ATTENTION')`;
    const rows = await this.#parts.store.read(
      `SELECT * FROM kernel_process WHERE state IN ${states} AND ${BEFORE}
       ORDER BY created_ms DESC, id DESC LIMIT :limit`,
      { limit: page.limit, ...beforeOf(page.before) },
    );
    return Promise.all(rows.map((row) => this.#view(row)));
  }

  async openBehind(dids: ReadonlySet<string>): Promise<ProcessView[]> {
    const found: string[] = [];
    for (let after = ''; ;) {
      const rows = await this.#parts.store.read(
        `SELECT id, admission_sealed FROM kernel_process
         WHERE state IN ('RUNNING', 'NEEDS_ATTENTION') AND id > :after ORDER BY id LIMIT :limit`,
        { after, limit: WINDOW },
      );
      for (const row of rows) if (await this.#isBehind(row, dids)) found.push(row['id'] as string);
      const last = rows.at(-1);
      if (rows.length < WINDOW || last === undefined) break;
      after = last['id'] as string;
    }
    return Promise.all(found.map((id) => this.require(id)));
  }

  /** Whether the authority that a process was admitted with comes from or through one of these. */
  async #isBehind(row: Row, dids: ReadonlySet<string>): Promise<boolean> {
    const { sealer, grants } = this.#parts.services;
    const { capability } = openAdmission(
      sealer,
      row['id'] as string,
      row['admission_sealed'],
    ).sealed;
    const { actor, root } = capability.principal;
    if ([actor, root, capability.subject].some((did) => dids.has(did))) return true;
    for (const cid of capability.links)
      if ((await grants.active(cid))?.links.some(({ iss }) => dids.has(iss))) return true;
    return false;
  }

  async jobs(tenant: string, subject: string, page: PageOrder): Promise<ProcessView[]> {
    const rows = await this.#parts.store.read(
      `SELECT * FROM kernel_process WHERE kind = 'job' AND tenant = :tenant AND subject = :subject
         AND ${BEFORE} ORDER BY created_ms DESC, id DESC LIMIT :limit`,
      { tenant, subject, limit: page.limit, ...beforeOf(page.before) },
    );
    return Promise.all(rows.map((row) => this.#view(row)));
  }

  async steps(id: string): Promise<StepView[]> {
    const rows = await this.#parts.store.read(
      'SELECT name, operation FROM kernel_step WHERE process = :id ORDER BY place, name',
      { id },
    );
    const operations = new Map(rows.map((row) => [row['name'], row['operation'] as string]));
    const { store, services } = this.#parts;
    const { steps, undone } = await new Journal(store, services.sealer, this.#now_ms).read(id);
    return [...steps].map(([name, { result, undo }]) => ({
      name,
      operation: operations.get(name) ?? '',
      code: result.code,
      undo: undo?.operation,
      isUndone: undone.has(name),
    }));
  }

  async summary(): Promise<ProcessSummary> {
    const rows = await this.#parts.store.read(
      `SELECT operation, version, state, COUNT(*) AS count FROM kernel_process
       WHERE state IN ('RUNNING', 'NEEDS_ATTENTION') GROUP BY operation, version, state`,
    );
    const sum = (of: (row: Row) => boolean) =>
      rows.filter(of).reduce((total, row) => total + Number(row['count']), 0);
    const isRunning = (row: Row) => row['state'] === 'RUNNING';
    return {
      open: sum(isRunning),
      needAttention: sum((row) => !isRunning(row)),
      blocked: sum((row) => isRunning(row) && !this.#isKnown(row)),
    };
  }

  watch(jobId: string, watcher: JobWatcher): () => void {
    return this.#processes.jobs.watch(jobId, watcher);
  }

  async prepareStop(id: string, code: 'CANCELLED' | 'ABANDONED'): Promise<Prepared> {
    const { state, operation } = await this.require(id);
    const isParked = state === 'NEEDS_ATTENTION';
    const isOpen = ['RUNNING', 'WAITING', 'STOPPING', 'BLOCKED'].includes(state);
    if (!isOpen && !(isParked && code === 'ABANDONED'))
      fail('STATE_CONFLICT', `It is ${state} already.`, { state, process: id });
    if (code === 'ABANDONED' && !this.#processes.versions.has(operation))
      fail(
        'DEPENDENCY_MISSING',
        `${operation} is not running here, and alone knows the way back.`,
        {
          operation,
        },
      );
    const statements =
      code === 'CANCELLED'
        ? [stopStatement(id, code)]
        : [...(isParked ? [reopen(id, await this.#replayOf(id))].flat() : []), giveUp(id)];
    return { statements: prepared(statements), activate: () => this.#processes.stop(id, code) };
  }

  prepareStopAll(ids: readonly string[]): Prepared {
    return {
      statements: prepared(ids.map((id) => stopStatement(id, 'STOPPED'))),
      activate: () => {
        for (const id of ids) this.#processes.stop(id, 'STOPPED');
      },
    };
  }

  async prepareRetry(id: string): Promise<Prepared> {
    const { state } = await this.require(id);
    if (!['NEEDS_ATTENTION', 'RUNNING', 'WAITING', 'STOPPING'].includes(state))
      fail('STATE_CONFLICT', `It is ${state}.`, { state, process: id });
    const statements =
      state === 'NEEDS_ATTENTION'
        ? reopen(id, await this.#replayOf(id))
        : [
            {
              sql: 'UPDATE kernel_process SET attempts = 0, wakes = wakes + 1 WHERE id = :id',
              params: { id },
            },
          ];
    return { statements: prepared(statements), activate: () => this.#processes.wake(id) };
  }

  async prepareSignal(id: string, name: string, payload: unknown): Promise<Prepared> {
    const wait = await this.#processes.waits.find(id, name);
    if (wait?.kind !== 'signal') {
      const open = (await this.#processes.waits.of(id)).map((one) => one.name);
      const what = open.length === 0 ? 'nothing' : open.join(', ');
      return fail('STATE_CONFLICT', `It does not wait for ${name}; it waits for ${what}.`, {
        process: id,
        waitsFor: open,
      });
    }
    checkSignal(wait, payload);
    return {
      statements: prepared(this.#processes.waits.end(wait, { payload })),
      activate: () => this.#processes.wake(id),
    };
  }

  async approvals(tenant: string, approver: string, page: PageOrder): Promise<OpenWait[]> {
    const rows = await this.#parts.store.read(
      `SELECT * FROM kernel_wait WHERE tenant = :tenant AND approver = :approver AND ${BEFORE}
       ORDER BY created_ms DESC, id DESC LIMIT :limit`,
      { tenant, approver, limit: page.limit, ...beforeOf(page.before) },
    );
    return rows.map((row) => this.#processes.waits.read(row));
  }

  async prepareAnswer(
    approvalId: string,
    answer: Approval & { readonly answer: 'APPROVED' | 'REFUSED' },
  ): Promise<
    Prepared & { readonly asked: { readonly process: string; readonly subject: string } }
  > {
    const wait = await this.#processes.waits.byId(approvalId);
    const isOver = wait?.due_ms !== undefined && wait.due_ms <= this.#now_ms();
    if (wait?.kind !== 'approval' || isOver)
      return fail('STATE_CONFLICT', 'It was answered already, or its time is over.', {
        approvalId,
      });
    const { process } = wait;
    return {
      statements: prepared([
        ...this.#processes.waits.end(wait, answer),
        ...nodeEvent(this.#parts, {
          topic: 'q.node.approval.answered.v1',
          tenant: wait.tenant,
          subject: wait.approver ?? '',
          record: (await this.require(process)).record,
          id: `${approvalId}.answered`,
          at_ms: this.#now_ms(),
          data: {
            approvalId,
            processId: process,
            operation: wait.asked.operation,
            approver: wait.approver ?? '',
            answer: answer.answer,
          },
        }),
      ]),
      activate: () => this.#processes.wake(process),
      asked: { process, subject: wait.asked.subject },
    };
  }

  authorities(): AuthorityView[] {
    return this.#behind().invoker.authorities.list();
  }

  async prepareAuthority(module: string, change: 'give' | 'end'): Promise<Prepared> {
    const { authorities } = this.#behind().invoker;
    return change === 'give' ? authorities.prepareGive(module) : authorities.prepareEnd(module);
  }

  async #view(row: Row): Promise<ProcessView> {
    const id = row['id'] as string;
    const isOpen = row['state'] === 'RUNNING';
    const waits = isOpen ? await this.#processes.waits.of(id) : [];
    const progress =
      this.#processes.jobs.latest(id) ?? (this.#opened(row, 'progress') as Progress | undefined);
    return {
      id,
      tenant: row['tenant'] as string,
      operation: row['operation'] as string,
      version: row['version'] as string,
      kind: row['kind'] as ProcessKind,
      ...this.#parties(row),
      state: isOpen ? this.#openState(row, waits) : (row['state'] as ProcessState),
      problem: (row['problem'] as string | null) ?? undefined,
      record: row['record'] as string,
      attempts: Number(row['attempts']),
      waits,
      created_ms: Number(row['created_ms']),
      updated_ms: Number(row['updated_ms']),
      deadline_ms: (row['deadline_ms'] as number | null) ?? undefined,
      progress,
      outcome: this.#opened(row, 'outcome') as Result<unknown> | undefined,
    };
  }

  #openState(row: Row, waits: readonly OpenWait[]): ProcessState {
    if (row['stop_code'] !== null) return 'STOPPING';
    if (!this.#isKnown(row)) return 'BLOCKED';
    return waits.length > 0 ? 'WAITING' : 'RUNNING';
  }

  #isKnown(row: Row): boolean {
    return this.#processes.versions.knows(row['operation'] as string, row['version'] as string);
  }

  /** A row of before these columns has its parties in its admission only. */
  #parties(row: Row): { subject: string; actor: string } {
    const [subject, actor] = [row['subject'] as string, row['actor'] as string];
    if (subject !== '' || actor !== '') return { subject, actor };
    const { sealer } = this.#parts.services;
    const { capability } = openAdmission(
      sealer,
      row['id'] as string,
      row['admission_sealed'],
    ).sealed;
    return { subject: capability.subject, actor: capability.principal.actor };
  }

  #opened(row: Row, purpose: 'progress' | 'outcome'): JsonValue | undefined {
    const sealed = row[`${purpose}_sealed`];
    if (!(sealed instanceof Uint8Array)) return undefined;
    const plain = this.#parts.services.sealer.open(purpose, row['id'] as string, sealed);
    return JSON.parse(new TextDecoder().decode(plain)) as JsonValue;
  }

  async #replayOf(id: string): Promise<Statement[]> {
    const [row] = await this.#parts.store.read(
      'SELECT admission_sealed FROM kernel_process WHERE id = :id',
      { id },
    );
    const { replayKey } = openAdmission(this.#parts.services.sealer, id, row?.['admission_sealed']);
    return replayKey === undefined ? [] : [this.#parts.replay.reopen(replayKey)];
  }
}

const BEFORE = '(created_ms < :before_ms OR (created_ms = :before_ms AND id < :before_id))';
const beforeOf = (place: Place | undefined) => ({
  before_ms: place?.created_ms ?? Number.MAX_SAFE_INTEGER,
  before_id: place?.id ?? '',
});

/** A process that was parked runs again; an undo that was refused is then asked for anew. */
const reopen = (id: string, replay: readonly Statement[]): Statement[] => [
  {
    name: `process ${id}`,
    sql: `UPDATE kernel_process SET state = 'RUNNING', problem = NULL, attempts = 0,
            retries = retries + 1, wakes = wakes + 1 WHERE id = :id AND state = 'NEEDS_ATTENTION'`,
    params: { id },
    expect: { changes: 1 },
  },
  ...replay,
];

const giveUp = (id: string): Statement => ({
  name: `process ${id}`,
  sql: `UPDATE kernel_process SET stop_code = 'ABANDONED', wakes = wakes + 1
        WHERE id = :id AND state = 'RUNNING'`,
  params: { id },
  expect: { changes: 1 },
});
