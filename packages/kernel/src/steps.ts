import {
  QError,
  type AnyOperation,
  type InputOf,
  type OutputOf,
  type Result,
} from '@anarq/common-schemas';
import type { Statement } from '@anarq/store';
import { ceilingOf } from './budget.ts';
import { minorOf } from './budgetCounters.ts';
import { namedIn, type OwnCall } from './call.ts';
import type { Capability } from './capability.ts';
import { checkOutput } from './commands.ts';
import type { Planned, ProcessContext, StepOptions } from './context.ts';
import { workContext, type Ask, type IdSource, type WorkContext } from './contexts.ts';
import type { Invocation } from './invocation.ts';
import { digestOf, digestOfWait, type Asked, type Entry, type Journal } from './journal.ts';
import type { KernelParts } from './parts.ts';
import type { Approval } from './processViews.ts';
import { stoppedBy, type RunControl } from './runControl.ts';
import { Suspended, type WaitOrder } from './waits.ts';

/** Calls an operation under a capability; given by the kernel, which owns the pipeline. */
export type InvokeStep = (step: {
  readonly op: AnyOperation;
  readonly input: unknown;
  readonly capability: Capability;
  readonly idempotencyKey?: string;
  /** The caller's own call, made later: its key as it was, and whom and what it named. */
  readonly own?: OwnCall;
  readonly journal?: (answer: Result<unknown>) => readonly Statement[];
}) => Promise<Result<unknown>>;

const STEPS_MAX = 64;
const STEP_NAME = /^[A-Za-z0-9][^\p{Cc}]{0,99}$/u;

/** One step as its handler asked for it. */
interface Order {
  readonly name: string;
  readonly op: AnyOperation;
  readonly input: unknown;
  readonly as: 'caller' | 'module';
  readonly undo?: ((output: never) => Planned) | undefined;
}

/** One run of the handler of a process: its steps are answered from the journal, or made. */
export class ProcessRun {
  readonly #parts: KernelParts;
  readonly #invokeStep: InvokeStep;
  readonly #journal: Journal;
  readonly #capability: Capability;
  readonly #asked: Asked;
  readonly #control: RunControl;
  readonly #names = new Set<string>();
  readonly #underWay = new Set<Promise<unknown>>();
  /** Ceilings of the steps that spend for the caller, together, in the unit that it signed. */
  #spent_minor = 0n;
  /** A step whose end is not known, or is another than before: the run counts for nothing. */
  #stop: unknown;
  #isOver = false;
  #own: OwnCall | undefined;
  /** The handler was told that it is to stop. */
  #knowsOfStop = false;

  constructor(
    parts: KernelParts,
    invokeStep: InvokeStep,
    journal: Journal,
    capability: Capability,
    asked: Asked,
    control: RunControl,
  ) {
    this.#parts = parts;
    this.#invokeStep = invokeStep;
    this.#journal = journal;
    this.#capability = capability;
    this.#asked = asked;
    this.#control = control;
  }

  /** Runs the handler to its end, and every step that it began. */
  async handle(inv: Invocation, ids: IdSource): Promise<{ work: WorkContext; output: unknown }> {
    this.#own = ownCallOf(inv);
    const { work, ctx } = await this.#context(inv, ids);
    let ended: { readonly output: unknown } | { readonly error: unknown };
    try {
      const input = inv.call.input as InputOf<AnyOperation>;
      ended = { output: await inv.compiled.handler(input, ctx as never) };
    } catch (error) {
      ended = { error };
    }
    // Steps of a handler that did not wait for them end before anything is undone or told.
    for (let waited = -1; waited < this.#underWay.size;) {
      waited = this.#underWay.size;
      await Promise.allSettled(this.#underWay);
    }
    this.#isOver = true;
    // A handler that caught it does not know how the step ended; nothing is built on that.
    if (this.#stop !== undefined) throw this.#stop;
    // What it answers then is what it got done until it was stopped.
    if (this.#knowsOfStop && inv.compiled.module.ownLog === undefined) this.#checkStop();
    if ('error' in ended) throw ended.error;
    checkOutput(inv, ended.output);
    this.#checkComplete();
    return { work, output: ended.output };
  }

  async #context(
    inv: Invocation,
    ids: IdSource,
  ): Promise<{ work: WorkContext; ctx: ProcessContext }> {
    let asked = 0;
    const ask: Ask = async (op, input, as) => {
      const asking = this.#begin({ name: `?${asked++}:${op.id}`, op, input, as });
      return (await asking) as OutputOf<typeof op>;
    };
    const work = workContext(inv, this.#parts, ask, ids);
    const step = <S extends AnyOperation>(
      name: string,
      op: S,
      input: InputOf<S>,
      { as = 'caller', undo }: StepOptions<S> = {},
    ): Promise<OutputOf<S>> => {
      if (!STEP_NAME.test(name)) throw new Error(`${name} is not a name for a step`);
      // The kernel validated the output against the schema that the type is read from.
      return this.#begin({ name, op, input, as, undo }) as Promise<OutputOf<S>>;
    };
    const ctx: ProcessContext = {
      ...work.ctx,
      step: step as ProcessContext['step'],
      ...this.#waiting(),
      progress: (done, total, note) => this.#control.progress(done, total, note),
      cancelled: () => (this.#knowsOfStop = this.#control.stop() !== undefined),
    };
    return { work, ctx };
  }

  #waiting(): Pick<ProcessContext, 'sleepUntil' | 'waitForSignal' | 'waitForApproval'> {
    const wait = (name: string, order: WaitOrder): Promise<unknown> => {
      if (!STEP_NAME.test(name)) throw new Error(`${name} is not a name for a wait`);
      return this.#track(this.#wait(name, order));
    };
    return {
      sleepUntil: async (name, instant) => {
        await wait(name, { kind: 'sleep', until_ms: instantOf(instant) });
      },
      waitForSignal: async (name, { schema, timeout_ms }) => {
        const signal = (await wait(name, { kind: 'signal', schema, timeout_ms })) as {
          readonly payload?: unknown;
        };
        // Checked against the schema when it was taken.
        return signal.payload as never;
      },
      waitForApproval: async (name, { question, approver, expires }) => {
        const expires_ms = instantOf(expires);
        return (await wait(name, { kind: 'approval', question, approver, expires_ms })) as Approval;
      },
    };
  }

  async #wait(name: string, order: WaitOrder): Promise<unknown> {
    this.#enter(name);
    const digest = digestOfWait(order);
    const known = this.#known(name, digest);
    if (known !== undefined) return known.result.status === 'ok' ? known.result.data : undefined;
    const place = this.#asked.steps.size;
    try {
      await this.#control.wait({ name, place, digest }, order);
    } catch (error) {
      this.#stop ??= error;
      throw error;
    }
    throw (this.#stop ??= new Suspended(name));
  }

  #begin(order: Order): Promise<unknown> {
    return this.#track(this.#step(order));
  }

  #track(doing: Promise<unknown>): Promise<unknown> {
    // One that its handler forgot may fail before anybody looks.
    doing.catch(() => undefined);
    this.#underWay.add(doing);
    return doing;
  }

  async #step(order: Order): Promise<unknown> {
    const { name, op, input, as } = order;
    this.#enter(name);
    const asked_minor = as === 'caller' ? this.#take(op, input) : 0n;
    try {
      return await this.#answer(order);
    } catch (error) {
      this.#spent_minor -= asked_minor;
      const isKnownEnd =
        error instanceof QError && !error.retryable && error.code !== 'PROCESS_DIVERGED';
      if (!isKnownEnd) this.#stop ??= error;
      throw error;
    }
  }

  /** Answered from the journal, or made under a key of its own. */
  async #answer(order: Order): Promise<unknown> {
    const { name, op, input } = order;
    const digest = digestOf(op, input);
    const known = this.#known(name, digest);
    const { result } = known ?? (await this.#call(order, digest));
    if (result.status === 'ok') return result.data;
    throw new QError(result.code, result.message, { ...result.details, step: name });
  }

  /** Begins something under a name of its own, unless the run is over. */
  #enter(name: string): void {
    if (this.#stop !== undefined) throw this.#stop;
    if (this.#isOver) throw new Error(`step ${name} was begun after its handler had ended`);
    if (this.#names.has(name)) throw new Error(`two steps are named ${name}`);
    this.#names.add(name);
  }

  /** What the journal says of a name, where it has it. */
  #known(name: string, digest: string): Entry | undefined {
    const known = this.#asked.steps.get(name);
    if (known !== undefined && known.digest !== digest)
      throw (this.#stop ??= this.#diverged(
        `Step ${name} asks for something else than before.`,
        name,
      ));
    if (known === undefined) this.#checkStop();
    return known;
  }

  /** What is to stop begins nothing more, whatever its handler makes of that. */
  #checkStop(): void {
    const code = this.#control.stop();
    if (code !== undefined) throw (this.#stop ??= stoppedBy(code));
  }

  async #call(order: Order, digest: string): Promise<Entry> {
    const { name, op, input, as, undo } = order;
    const { steps } = this.#asked;
    const { process, operation } = this.#capability;
    if (steps.size >= STEPS_MAX)
      throw new QError('LIMIT_EXCEEDED', `A process has at most ${STEPS_MAX} steps.`);
    const place = steps.size;
    const entryOf = (result: Result<unknown>): Entry => {
      const planned = result.status === 'ok' ? undo?.(result.data as never) : undefined;
      if (planned === undefined) return { digest, result };
      return { digest, result, undo: { operation: planned.op.id, input: planned.input, as } };
    };
    let isKept = false;
    const kept = (result: Result<unknown>): Statement[] => {
      isKept = true;
      return [this.#journal.entry(process, name, place, op.id, entryOf(result))];
    };
    this.#parts.probe(`before-step ${operation} ${name}`);
    const result = await this.#invokeStep({
      op,
      input,
      capability: as === 'module' ? asModule(this.#capability, this.#parts) : this.#capability,
      ...(op.kind === 'query' ? {} : { idempotencyKey: `${process}/${name}` }),
      ...(op.kind === 'query' ? {} : { journal: kept }),
      ...(this.#own === undefined ? {} : { own: this.#own }),
    });
    if (result.status === 'error' && result.code === 'CALL_IN_PROGRESS' && isOpenProcess(result))
      throw new Suspended(name);
    if (result.status === 'error' && result.retryable)
      throw new QError(result.code, result.message, result.details);
    // A command journals in its own commit, and a nested process in that of its outcome. A query has
    // none, nor has a refusal before the handler, nor one that is undone: these are asked again after a
    // crash, so their entry may come a moment later. But once a process goes on from an answer, the
    // answer stays.
    if (!isKept || result.status === 'error') await this.#parts.store.commit(kept(result));
    const entry = entryOf(result);
    steps.set(name, entry);
    this.#parts.probe(`after-step ${operation} ${name}`);
    return entry;
  }

  /**
   * Takes what a step may spend from what the caller signed: the steps of a process together stay
   * within its ceiling.
   * @returns minor units taken, to give back when the step did not happen
   */
  #take(op: AnyOperation, input: unknown): bigint {
    const signed = this.#capability.ceiling;
    const asked = ceilingOf(op, input);
    if (signed === undefined || asked === undefined || asked.unit !== signed.unit) return 0n;
    const asked_minor = minorOf(asked.amount, asked.unit);
    if (this.#spent_minor + asked_minor > minorOf(signed.amount, signed.unit))
      throw new QError(
        'BUDGET_EXCEEDED',
        `${op.id} would spend more than is left of what the caller signed.`,
        {
          why: {
            rule: `the caller signed at most ${signed.amount} ${signed.unit}`,
            limit: { asked: asked.amount, unit: asked.unit },
          },
        },
      );
    this.#spent_minor += asked_minor;
    return asked_minor;
  }

  /** A handler that no longer asks for a step that was done is another handler. */
  #checkComplete(): void {
    for (const name of this.#asked.steps.keys())
      if (!this.#names.has(name) && !name.startsWith('?'))
        throw this.#diverged(`Step ${name} was done, and is not asked for any more.`, name);
  }

  #diverged(message: string, step: string): QError {
    return new QError('PROCESS_DIVERGED', message, { process: this.#capability.process, step });
  }
}

/** The call began a process that is not at its end yet; when it is, the one that called goes on. */
const isOpenProcess = ({ details }: { readonly details?: Readonly<Record<string, unknown>> }) =>
  typeof details?.['process'] === 'string';

/** A call that was kept for later is made as its caller made it: under its key. */
const ownCallOf = ({ ownKey, call }: Invocation): OwnCall | undefined =>
  ownKey === undefined ? undefined : { key: ownKey, ...namedIn(call) };

/** @throws INPUT_INVALID for what is no instant */
function instantOf(text: string): number {
  const at_ms = Date.parse(text);
  if (Number.isNaN(at_ms))
    throw new QError('INPUT_INVALID', `${text.slice(0, 64)} is no instant of RFC 3339.`);
  return at_ms;
}

/**
 * The module acts as itself, under the grants that it holds; never beyond what the caller signed. The
 * end of the caller's grant does not stop it: what a module does on its own begins where the caller
 * has nothing more to decide.
 */
export function asModule(capability: Capability, parts: KernelParts): Capability {
  const [module = ''] = capability.operation.split('.');
  const did = parts.services.node.modules[module];
  if (did === undefined) throw new Error(`${module} has no identity`);
  // What a module does by itself, it does under the authority that the operator gave it.
  if (capability.principal.actor === did) return capability;
  return {
    ...capability,
    subject: did,
    links: [],
    principal: {
      actor: did,
      root: did,
      tenant: capability.principal.tenant,
      kind: 'module',
      signedBy: 'capability',
    },
  };
}
