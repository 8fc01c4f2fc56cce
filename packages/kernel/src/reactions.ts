import type { Bus, BusEvent, Subscription } from '@anarq/bus';
import { t, type AnyOperation } from '@anarq/common-schemas';
import { compileValidator } from '@anarq/common-schemas/validator';
import { canonicalJson, sha256Hex, toBase64url, utf8, sha256 } from '@anarq/crypto';
import type { Statement } from '@anarq/store';
import { admit } from './admission.ts';
import type { Authorities } from './authorities.ts';
import { isConflict } from './commands.ts';
import type { ProcessContext } from './context.ts';
import type { CompiledOperation, Invocation } from './invocation.ts';
import type { ModuleDefinition } from './module.ts';
import type { ConsumedEvent } from './ownWork.ts';
import type { KernelParts } from './parts.ts';
import type { Processes } from './processes.ts';
import type { ProcessKind } from './processViews.ts';
import { moveTimer, setTimer, type Timer } from './timers.ts';

/** How long the next event of a consumer waits for the one before it to come to its end. */
const IN_ORDER_MS = 20_000;

/**
 * What modules do without being called: a process for each event that they consume, and for each
 * instant of a schedule. Its id follows from the event or the instant, so it is admitted once
 * whatever happens; from there on it is a process like any other.
 */
export class Reactions {
  readonly #parts: KernelParts;
  readonly #modules: readonly ModuleDefinition[];
  readonly #compiled: ReadonlyMap<string, CompiledOperation>;
  readonly #now_ms: () => number;
  readonly #subscriptions = new Map<string, Subscription>();
  #behind:
    | { readonly processes: Processes; readonly authorities: Authorities; readonly bus: Bus }
    | undefined;

  constructor(parts: KernelParts, modules: readonly ModuleDefinition[], now_ms: () => number) {
    this.#parts = parts;
    this.#modules = modules.filter(({ contract }) => contract.ownWork !== undefined);
    this.#now_ms = now_ms;
    this.#compiled = new Map(
      this.#modules.flatMap(compileAll).map((compiled) => [compiled.op.id, compiled]),
    );
  }

  /** What a process runs that no call began. */
  find(id: string): CompiledOperation | undefined {
    return this.#compiled.get(id);
  }

  /** Begins to listen, and sets the schedules that are not set yet. */
  async start(behind: {
    readonly processes: Processes;
    readonly authorities: Authorities;
    readonly bus: Bus;
  }): Promise<void> {
    this.#behind = behind;
    const { timers } = behind.processes;
    timers.on('schedule', (timer) => this.#due(timer));
    timers.onSetBack = () => this.#setSchedules();
    behind.authorities.onChange = (module) => this.#listen(module);
    for (const { contract } of this.#modules) this.#listen(contract.name);
    await this.#setSchedules();
    await this.#forgetGoneSchedules();
  }

  /** Ends listening. The events that come meanwhile are there at the next start. */
  async close(): Promise<void> {
    await Promise.all([...this.#subscriptions.values()].map((one) => one.close()));
  }

  /**
   * Sets the schedules that are not set, and those that a clock which was ahead moved too far. What
   * was done for an instant is not done for it again.
   */
  async #setSchedules(): Promise<void> {
    const now_ms = this.#now_ms();
    for (const { contract } of this.#modules)
      for (const [name, { every_ms }] of Object.entries(contract.ownWork?.schedules ?? {}))
        await this.#parts.store.commit([
          setUnlessSooner(`${contract.name}.${name}`, nextOf(now_ms, every_ms)),
        ]);
  }

  /** Consumes while the operator lets it; else events wait where the cursor stands. */
  #listen(name: string): void {
    const consumer = `module/${name}`;
    const known = this.#subscriptions.get(name);
    const module = this.#modules.find(({ contract }) => contract.name === name);
    const topics = module?.contract.ownWork?.consumes ?? [];
    const { bus, authorities } = this.#started();
    const may = authorities.grantOf(name) !== undefined;
    if (module === undefined || topics.length === 0) return;
    if (!may && known !== undefined) {
      this.#subscriptions.delete(name);
      void known.close().then(() => this.#listen(name));
      return;
    }
    if (!may || known !== undefined) return;
    try {
      const handle = (event: BusEvent) => this.#consume(module, event);
      this.#subscriptions.set(name, bus.subscribe({ consumer, topics, from: 'now', handle }));
    } catch (error) {
      // The one before has not closed yet; it looks again when it has.
      this.#parts.onError(error, `events of ${name}`);
    }
  }

  async #consume(module: ModuleDefinition, event: BusEvent): Promise<void> {
    const consumed: ConsumedEvent = {
      id: event.id,
      topic: event.type,
      ...(event.subject === undefined ? {} : { subject: event.subject }),
      time: event.time,
      data: event.data,
      ...(event.record === undefined ? {} : { record: event.record }),
    };
    if (this.#started().authorities.grantOf(module.contract.name) === undefined) {
      // Ended meanwhile: the event stays before the cursor, and nothing more is asked for.
      this.#listen(module.contract.name);
      throw new Error(`${module.contract.name} may not act by itself: see node.authorities`);
    }
    const begun = await this.#begin({
      module,
      operation: eventOperation(module.contract.name, event.type),
      kind: 'event',
      input: { event: consumed },
      tenant: event.qtenant,
      at_ms: Date.parse(event.time),
      seed: event.id,
      with: [],
    });
    if (begun === undefined) return;
    // The next event of this module comes after this one, unless this one takes long or fails.
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise((resolve) => {
      timer = setTimeout(resolve, IN_ORDER_MS).unref();
    });
    await Promise.race([begun(), late]);
    clearTimeout(timer);
  }

  /** One instant of a schedule: missed ones are made up for by one run, and the grid stays. */
  async #due(timer: Timer): Promise<void> {
    const [name = '', schedule = ''] = timer.ref.split('.');
    const module = this.#modules.find(({ contract }) => contract.name === name);
    const every_ms = module?.contract.ownWork?.schedules[schedule]?.every_ms;
    if (module === undefined || every_ms === undefined) return;
    const { processes, authorities } = this.#started();
    const next_ms = nextOf(this.#now_ms(), every_ms);
    const due_ms = next_ms - every_ms;
    const moved = moveTimer(timer, next_ms);
    const dueAt = new Date(due_ms).toISOString();
    // What the operator does not let it do is left out, and not made up for.
    const begun =
      authorities.grantOf(name) === undefined
        ? await this.#parts.store.commit([moved]).then(() => undefined)
        : await this.#begin({
            module,
            operation: scheduleOperation(name, schedule),
            kind: 'schedule',
            input: { due: { schedule, dueAt } },
            tenant: this.#parts.services.node.tenant,
            at_ms: due_ms,
            seed: dueAt,
            with: [moved],
          });
    processes.timers.arm(next_ms);
    void begun?.();
  }

  /**
   * Admits the process of an event or instant, unless it was admitted before.
   * @returns what runs it; undefined where it has ended, or is under way
   */
  async #begin(order: {
    readonly module: ModuleDefinition;
    readonly operation: string;
    readonly kind: ProcessKind;
    readonly input: unknown;
    readonly tenant: string;
    readonly at_ms: number;
    readonly seed: string;
    readonly with: readonly Statement[];
  }): Promise<(() => Promise<unknown>) | undefined> {
    const { module, operation, kind } = order;
    const { processes, authorities } = this.#started();
    const name = module.contract.name;
    const grant = authorities.grantOf(name);
    const compiled = this.find(operation);
    if (grant === undefined || compiled === undefined)
      throw new Error(`${name} may not act by itself: see node.authorities`);
    const inv = this.#invocation(order, compiled, grant);
    const id = `${kind}_${sha256Hex(utf8(`${operation}\n${order.seed}`)).slice(0, 32)}`;
    const { capability, commit } = admit(inv, this.#parts, { kind, id, from_ms: this.#now_ms() });
    this.#parts.probe(`before-admission ${operation}`);
    try {
      await this.#parts.store.commit([...order.with, ...commit]);
    } catch (error) {
      if (!isConflict(error)) throw error;
      const [known] = await this.#parts.store.read(
        'SELECT state FROM kernel_process WHERE id = :id',
        { id },
      );
      // Admitted before: by a delivery whose cursor did not move, or by somebody faster.
      if (known === undefined) throw error;
      if (order.with.length > 0) await this.#parts.store.commit(order.with);
      if (known['state'] === 'RUNNING') processes.wake(id);
      return undefined;
    }
    this.#parts.wake();
    this.#parts.probe(`after-admission ${operation}`);
    return () => processes.drive({ inv, capability }, true);
  }

  #invocation(
    order: {
      readonly module: ModuleDefinition;
      readonly input: unknown;
      readonly tenant: string;
      readonly at_ms: number;
    },
    compiled: CompiledOperation,
    grant: { readonly leaf: string; readonly chain: readonly string[] },
  ): Invocation {
    const name = order.module.contract.name;
    const did = this.#parts.services.node.modules[name] ?? '';
    return {
      call: {
        operation: compiled.op.id,
        input: order.input,
        surface: 'process',
        credential: { kind: 'anonymous' },
      },
      compiled,
      requestId: `req_${toBase64url(sha256(utf8(`${compiled.op.id}\n${canonicalJson(order.input)}`)).subarray(0, 12))}`,
      // The instant of the event or schedule, so that a run after a crash has the same.
      now_ms: order.at_ms,
      trace: undefined,
      principal: {
        actor: did,
        root: did,
        tenant: order.tenant,
        kind: 'module',
        signedBy: 'capability',
      },
      inputDigest: sha256Hex(utf8(canonicalJson(order.input))),
      subject: did,
      grants: [grant.leaf],
      links: [...grant.chain],
      why: { grant: grant.leaf, rule: `the operator lets ${name} act by itself` },
      reservations: [],
      release: [],
    };
  }

  async #forgetGoneSchedules(): Promise<void> {
    const rows = await this.#parts.store.read(
      `SELECT ref FROM kernel_timer WHERE kind = 'schedule'`,
    );
    const here = new Set(
      this.#modules.flatMap(({ contract }) =>
        Object.keys(contract.ownWork?.schedules ?? {}).map((name) => `${contract.name}.${name}`),
      ),
    );
    const gone = rows.map((row) => row['ref'] as string).filter((ref) => !here.has(ref));
    for (const ref of gone)
      await this.#parts.store.commit([
        { sql: `DELETE FROM kernel_timer WHERE kind = 'schedule' AND ref = :ref`, params: { ref } },
      ]);
  }

  #started() {
    if (this.#behind === undefined) throw new Error('reactions are not started');
    return this.#behind;
  }
}

/** The first instant after now on the grid of a schedule, which is counted from 1970. */
const nextOf = (now_ms: number, every_ms: number): number =>
  (Math.floor(now_ms / every_ms) + 1) * every_ms;

/** Where it stands sooner, it stays. */
const setUnlessSooner = (ref: string, due_ms: number): Statement => ({
  ...setTimer('schedule', ref, due_ms),
  sql: `INSERT INTO kernel_timer (id, kind, ref, due_ms) VALUES (:id, :kind, :ref, :due_ms)
        ON CONFLICT (id) DO UPDATE SET due_ms = :due_ms WHERE kernel_timer.due_ms > :due_ms`,
});

const eventOperation = (module: string, topic: string): string => `${module}.on:${topic}`;
const scheduleOperation = (module: string, schedule: string): string =>
  `${module}.every:${schedule}`;

function compileAll(module: ModuleDefinition): CompiledOperation[] {
  const { contract } = module;
  const { consumes = [], schedules = {} } = contract.ownWork ?? {};
  return [
    ...consumes.map((topic) => {
      const reaction = module.on?.[topic];
      if (reaction === undefined) throw new Error(`${contract.name} has no handler for ${topic}`);
      return compile(module, eventOperation(contract.name, topic), (input, ctx) =>
        reaction((input as { event: ConsumedEvent }).event, ctx),
      );
    }),
    ...Object.keys(schedules).map((name) => {
      const work = module.every?.[name];
      if (work === undefined) throw new Error(`${contract.name} has no handler for ${name}`);
      return compile(module, scheduleOperation(contract.name, name), (input, ctx) =>
        work((input as { due: { schedule: string; dueAt: string } }).due, ctx),
      );
    }),
  ];
}

/** What a module does by itself as an operation that nobody can call. */
function compile(
  module: ModuleDefinition,
  id: string,
  work: (input: unknown, ctx: ProcessContext) => Promise<void> | void,
): CompiledOperation {
  const { contract } = module;
  const input = t.object({});
  const output = t.object({});
  const op: AnyOperation = {
    kind: 'process',
    module: contract.name,
    name: id.slice(contract.name.length + 1),
    id,
    version: contract.version,
    summary: 'Done.',
    http: { method: 'POST', path: '/' },
    mcp: false,
    access: 'granted',
    resource: undefined,
    command: `/node/act/${contract.name}`,
    signature: 'session',
    authorises: undefined,
    uses: contract.ownWork?.uses ?? [],
    input,
    output,
    errors: [],
    emits: contract.ownWork?.emits ?? [],
    examples: [],
    essential: true,
    personal: false,
    limits: { perMinute: 1, bodyBytes: 1, timeout_ms: 1 },
    slo: { latency_ms_p50: 1, latency_ms_p95: 1, latency_ms_p99: 1 },
    sunset: undefined,
    deprecated: undefined,
    replacement: undefined,
    job: undefined,
    fallback: { strategy: 'REJECT' },
  };
  return {
    op,
    module,
    handler: async (given, ctx) => {
      await work(given, ctx as ProcessContext);
      return {};
    },
    input: compileValidator(input),
    output: compileValidator(output),
  };
}
