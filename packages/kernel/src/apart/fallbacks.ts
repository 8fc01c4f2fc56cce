import {
  fail,
  JobStarted,
  QError,
  type AnyContract,
  type AnyOperation,
  type Result,
} from '@anarq/common-schemas';
import { compileValidator } from '@anarq/common-schemas/validator';
import type { Call } from '../call.ts';
import type { CallLimits } from '../callLimits.ts';
import { failed } from '../commands.ts';
import type { ProcessContext } from '../context.ts';
import type { Admission } from '../eventStreams.ts';
import type { CompiledOperation, Step } from '../invocation.ts';
import type { ModuleDefinition } from '../module.ts';
import type { KernelParts } from '../parts.ts';
import { compilePipeline } from '../pipeline.ts';
import type { RemoteAnswer } from './remote.ts';
import { StaleAnswers } from './staleAnswers.ts';

/** Calls that are kept for other processes at a time, of everybody together. */
const KEPT_MAX = 10_000;

/** An operation, and the steps that a call of it goes through. */
export interface Prepared {
  readonly compiled: CompiledOperation;
  readonly steps: readonly Step[];
}

interface Order {
  readonly parts: KernelParts;
  /** The modules that run here: what was kept is made wherever its module runs by now. */
  readonly modules: readonly ModuleDefinition[];
  readonly limits: CallLimits;
  /** Takes a call through every step but its handler. */
  readonly admit: (prepared: Prepared, call: Call) => Promise<Admission>;
  readonly answer: (prepared: Prepared, call: Call) => Promise<Result<unknown>>;
  readonly now_ms: () => number;
}

/**
 * What becomes of a call whose module cannot be reached, as its contract says: an answer of before that
 * is marked as stale, a job that makes the call later, or the refusal that it is.
 */
export class Fallbacks {
  readonly #order: Order;
  readonly #answers: StaleAnswers;
  /** What is done here for operations that run elsewhere, by their ids. */
  readonly #standIns = new Map<string, Prepared>();
  readonly #kept = new Map<string, CompiledOperation>();
  readonly #counts = new Map<string, number>();

  constructor(order: Order) {
    const { parts, modules, limits } = order;
    this.#order = order;
    this.#answers = new StaleAnswers(parts.services, parts.store);
    const remote = parts.remote?.contracts ?? [];
    for (const contract of [...modules.map((module) => module.contract), ...remote])
      for (const op of Object.values(contract.operations)) {
        const compiled = compileStandIn(contract, op);
        if (compiled === undefined) continue;
        if (compiled.keptAs !== undefined) this.#kept.set(compiled.keptAs, compiled);
        if (!remote.includes(contract)) continue;
        this.#counts.set(op.id, 0);
        this.#standIns.set(op.id, { compiled, steps: compilePipeline(compiled.op, parts, limits) });
      }
    parts.telemetry.gauges.counter(
      {
        name: 'q_fallbacks_total',
        help: 'Calls of modules that could not be reached, answered as their contracts say.',
        labels: ['operation'],
      },
      () => [...this.#counts].map(([operation, value]) => ({ labels: { operation }, value })),
    );
  }

  /** What a job runs that makes a call later. */
  find(keptAs: string): CompiledOperation | undefined {
    return this.#kept.get(keptAs);
  }

  /** The answer for the caller. Never throws. */
  async after(
    op: AnyOperation,
    call: Call,
    { result, isReached }: RemoteAnswer,
  ): Promise<Result<unknown>> {
    const { fallback } = op;
    const standIn = this.#standIns.get(op.id);
    try {
      if (standIn === undefined) return result;
      if (fallback.strategy === 'QUEUE')
        return isReached ? result : await this.#keep(standIn, call, result);
      if (fallback.strategy !== 'CACHE') return result;
      if (!isReached) return await this.#lastAnswer(standIn, call, result, fallback.age_ms);
      if (result.status === 'ok')
        await this.#answers.keep(op, call, result.data, this.#order.now_ms());
      return result;
    } catch (error) {
      this.#order.parts.onError(error, `fallback of ${op.id}`);
      return result;
    }
  }

  async #lastAnswer(
    standIn: Prepared,
    call: Call,
    refusal: Result<unknown>,
    age_ms: number,
  ): Promise<Result<unknown>> {
    const { op } = standIn.compiled;
    const admitted = await this.#order.admit(standIn, call);
    if (!admitted.ok) return admitted.failure;
    const now_ms = this.#order.now_ms();
    const known = await this.#answers.find(op, call, now_ms, age_ms);
    if (known === undefined) return refusal;
    this.#count(op);
    const age = Math.max(0, now_ms - known.at_ms);
    return {
      status: 'ok',
      code: 'SUCCESS',
      message: `${op.module} cannot be reached; this is what it answered ${Math.ceil(age / 1_000)} s ago.`,
      data: known.data,
      stale: { since: new Date(known.at_ms).toISOString(), age_ms: age },
    };
  }

  async #keep(standIn: Prepared, call: Call, refusal: Result<unknown>): Promise<Result<unknown>> {
    const { parts, now_ms } = this.#order;
    const { op } = standIn.compiled;
    const keptAs = keptAsOf(op);
    const [row] = await parts.store.read(
      `SELECT COUNT(*) AS count FROM kernel_process WHERE state = 'RUNNING' AND operation = :keptAs`,
      { keptAs },
    );
    if (Number(row?.['count']) >= KEPT_MAX) return refusal;
    const started = await this.#order.answer(standIn, call);
    if (started.status === 'error') return started;
    const { jobId } = started.data as { readonly jobId: string };
    if (started.replayed !== true) this.#count(op);
    const requestId = call.requestId ?? '';
    return {
      ...failed(
        { requestId, now_ms: now_ms() },
        new QError('CALL_QUEUED', undefined, { jobId, module: op.module }),
      ),
      ...(started.cid === undefined ? {} : { cid: started.cid }),
      ...(started.replayed === true ? { replayed: true as const } : {}),
    };
  }

  #count({ id }: AnyOperation): void {
    this.#counts.set(id, (this.#counts.get(id) ?? 0) + 1);
  }
}

type Writing = AnyOperation & { readonly kind: 'command' };

const keptAsOf = (op: AnyOperation): string => `${op.id}:queued`;

/**
 * What this process does of an operation that runs elsewhere: it proves the caller and its authority;
 * who owns what the call is about is known, and judged, only there.
 */
function compileStandIn(contract: AnyContract, op: AnyOperation): CompiledOperation | undefined {
  switch (op.fallback.strategy) {
    case 'REJECT':
      return undefined;
    case 'CACHE':
      return {
        op: { ...op, resource: undefined },
        module: { contract, handlers: {}, migrations: [] },
        handler: () => fail('SERVICE_UNAVAILABLE'),
        input: compileValidator(op.input),
        output: compileValidator(op.output),
      };
    case 'QUEUE':
      return compileLater(contract, op, op.fallback.within_ms);
  }
}

/** The operation as a job that makes the one call. */
function compileLater(
  contract: AnyContract,
  op: AnyOperation,
  within_ms: number,
): CompiledOperation {
  return {
    op: {
      ...op,
      kind: 'process',
      resource: undefined,
      uses: [op.id],
      emits: [],
      output: JobStarted,
      job: { deadline_ms: within_ms, result: op.output },
    },
    keptAs: keptAsOf(op),
    module: { contract, handlers: {}, migrations: [] },
    // The context of a process has steps; the handler of an unknown operation is typed without.
    handler: (input, ctx) =>
      (ctx as ProcessContext).step('send', op as Writing, input as never) as Promise<never>,
    input: compileValidator(op.input),
    output: compileValidator(op.output),
  };
}
