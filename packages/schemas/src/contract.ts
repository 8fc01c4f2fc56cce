import type { Static, TObject, TSchema } from 'typebox';
import { isBasePath } from './basePaths.ts';
import { checkDialect, type DialectProblem } from './checkDialect.ts';
import { fallbackOf, fallbackProblems, type Fallback, type FallbackSpec } from './fallback.ts';
import { farewellOf, farewellProblems, type Farewell, type FarewellSpec } from './farewell.ts';
import { errorTable, type ErrorCode } from './errors.ts';
import { eventProblems, type EventSpec } from './eventSpec.ts';
import { metricProblems, type Metric } from './metrics.ts';
import { JOB_DEFAULTS, JobStarted, type JobSpec, type JobTerms } from './jobs.ts';
import {
  checkOwnWork,
  ownWorkOf,
  type OwnWork,
  type OwnWorkSpec,
  type ScheduleSpec,
} from './ownWork.ts';
import type { ModulePolicies } from './policies.ts';
import { commandOf, defaultRoute } from './naming.ts';
import { templateMembers } from './templates.ts';
import {
  DEFAULT_LIMITS,
  DEFAULT_SLO,
  type OperationLimits,
  type OperationSlo,
} from './operationLimits.ts';

/**
 * The words in which a module says what it is. A contract is plain data: from it follow routes,
 * tools, documents, catalogues, policies, typed clients and handlers.
 */
export type OperationKind = 'query' | 'command' | 'process';
type Method = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';

export interface Example {
  readonly summary: string;
  readonly input: unknown;
  readonly output?: unknown;
}

/** What the author of an operation writes. All but summary, scope, input and output has a default. */
export interface OperationSpec extends FarewellSpec {
  readonly summary: string;
  /** Method and path below the module's own: 'POST /intents/{intentId}/pay'. */
  readonly http?: `${Method} /${string}`;
  /** Tool name as the seeds write it; false keeps the operation out of MCP. */
  readonly mcp?: false | { readonly tool: string; readonly destructive?: boolean };
  /**
   * Who may call without a grant: anybody (`public`), any identity of the tenant (`tenant`), or any
   * that proves itself, whatever its grant, because the operation answers with no more than that
   * grant covers (`proved`). Absent: the owner of `resource`, or whoever the caller acts for, and
   * grants from them.
   */
  readonly access?: 'public' | 'tenant' | 'proved';
  /** The resource acted on, with members of the input in braces: 'intent/{intentId}'. */
  readonly resource?: string;
  /** Command of the grant that covers this operation: 'wallet/pay' is /wallet/pay in a UCAN. */
  readonly scope: string;
  /** Money, consent and keys carry a full signature on each call. */
  readonly signature?: 'full';
  /** Members of the input that bound what the call may spend: the ceiling the caller signed. */
  readonly authorises?: { readonly amount: string; readonly unit: string };
  /** Operations ('module.operation') that the steps and queries of a process may call. */
  readonly uses?: readonly string[];
  readonly input: TObject;
  readonly output: TSchema;
  readonly errors?: readonly ErrorCode[];
  readonly emits?: readonly string[];
  readonly examples?: readonly Example[];
  /** false: under pressure the node does without it for a while, and the operator may switch it off. */
  readonly essential?: boolean;
  /** Reads of personal data are recorded too (in batches). */
  readonly personal?: boolean;
  readonly limits?: Partial<OperationLimits>;
  readonly slo?: Partial<OperationSlo>;
  /** A process that answers at once with the id of its job; see `job`. */
  readonly job?: JobSpec;
  /** What callers get while its module cannot be reached; absent: a refusal. */
  readonly fallback?: FallbackSpec;
}

/** An operation as the kernel, the surfaces and the clients see it: every default filled in. */
export interface Operation<
  I extends TObject = TObject,
  O extends TSchema = TSchema,
  K extends OperationKind = OperationKind,
  Topics extends string = string,
  Payloads extends Readonly<Record<string, unknown>> = Readonly<Record<string, unknown>>,
  In = unknown,
  Out = unknown,
> extends Farewell {
  readonly kind: K;
  readonly module: string;
  readonly name: string;
  /** 'qwallet.pay' */
  readonly id: string;
  readonly version: string;
  readonly summary: string;
  readonly http: { readonly method: Method; readonly path: string };
  readonly mcp: false | { readonly tool: string; readonly destructive: boolean };
  readonly access: 'public' | 'tenant' | 'proved' | 'granted';
  readonly resource: string | undefined;
  /** UCAN command: '/wallet/pay'. */
  readonly command: string;
  readonly signature: 'full' | 'session';
  readonly authorises: { readonly amount: string; readonly unit: string } | undefined;
  readonly uses: readonly string[];
  readonly input: I;
  readonly output: O;
  readonly errors: readonly ErrorCode[];
  readonly emits: readonly Topics[];
  readonly examples: readonly Example[];
  readonly essential: boolean;
  readonly personal: boolean;
  readonly limits: OperationLimits;
  readonly slo: OperationSlo;
  /** Of a job: its terms, and what it gives in the end; `output` is what it answers at once. */
  readonly job: JobTerms | undefined;
  readonly fallback: Fallback;
  /** Type only: what the events of the module say, so that a handler's `emit` is typed. */
  readonly '~events'?: Payloads;
  /** Type only: what it takes and gives, worked out once for each operation and never for any. */
  readonly '~takes'?: In;
  readonly '~gives'?: Out;
}

/** Any operation, whatever its schemas. */
export type AnyOperation = Operation<TObject, TSchema, OperationKind, string>;

/** What an operation takes and gives. */
export type InputOf<Op extends { readonly '~takes'?: unknown }> = Exclude<Op['~takes'], undefined>;
export type OutputOf<Op extends { readonly '~gives'?: unknown }> = Exclude<Op['~gives'], undefined>;

type Draft<K extends OperationKind, S extends OperationSpec> = S & { readonly kind: K };

export const query = <const S extends OperationSpec>(spec: S): Draft<'query', S> => ({
  ...spec,
  kind: 'query',
});
export const command = <const S extends OperationSpec>(spec: S): Draft<'command', S> => ({
  ...spec,
  kind: 'command',
});
export const process = <const S extends OperationSpec>(spec: S): Draft<'process', S> => ({
  ...spec,
  kind: 'process',
});
/**
 * Work that nobody waits for: a process whose caller is answered at once with the id of a job, and
 * asks `node.job` for progress and result. `output` is the result in the end.
 *
 * @example
 * reindex: job({ summary: 'Index all of it again.', scope: 'qindex/reindex',
 *   input: t.object({}), output: t.object({ indexed: t.integer() }), job: { deadline_ms: 3_600_000 } })
 */
export const job = <const S extends OperationSpec>(
  spec: S,
): Draft<'process', S & { readonly job: JobSpec }> => ({
  ...spec,
  job: spec.job ?? {},
  kind: 'process',
});

type AnyDraft = Draft<OperationKind, OperationSpec>;

export interface ContractSpec<
  N extends string,
  Ops extends Readonly<Record<string, AnyDraft>>,
  Ev extends Readonly<Record<string, EventSpec>>,
  Topics extends string = string,
  Schedules extends Readonly<Record<string, ScheduleSpec>> = Readonly<Record<string, ScheduleSpec>>,
> extends OwnWorkSpec<Topics, Schedules> {
  readonly name: N;
  readonly version: string;
  /** Plain word first: 'Wallet'. */
  readonly title: string;
  readonly purpose: string;
  /** Contracts this module calls: other modules' names. */
  readonly dependencies?: readonly string[];
  /** A base path of somebody else's specification below which its routes answer too: '/api/v1'. */
  readonly alsoUnder?: `/${string}`;
  readonly operations: Ops;
  readonly events?: Ev;
  readonly policies?: ModulePolicies;
  /** What it counts beside its calls and events. */
  readonly metrics?: readonly Metric[];
}

type PayloadsOf<Ev extends Readonly<Record<string, EventSpec>>> = {
  readonly [Topic in keyof Ev]: Static<Ev[Topic]['schema']>;
};

type Bound<D, Ev extends Readonly<Record<string, EventSpec>>> =
  D extends Draft<infer K, infer S>
    ? S extends { readonly job: JobSpec }
      ? Operation<
          S['input'],
          typeof JobStarted,
          K,
          TopicsOf<S>,
          PayloadsOf<Ev>,
          Static<S['input']>,
          Static<typeof JobStarted>
        > & { readonly job: JobTerms<S['output']> }
      : Operation<
          S['input'],
          S['output'],
          K,
          TopicsOf<S>,
          PayloadsOf<Ev>,
          Static<S['input']>,
          Static<S['output']>
        >
    : never;
type TopicsOf<S> = S extends { readonly emits: readonly (infer T extends string)[] } ? T : never;

export interface ContractMeta<
  N extends string = string,
  Ev extends Readonly<Record<string, EventSpec>> = Readonly<Record<string, EventSpec>>,
> {
  readonly name: N;
  readonly version: string;
  readonly title: string;
  readonly purpose: string;
  readonly dependencies: readonly string[];
  /** A base path below which its routes answer too; undefined where there is none. */
  readonly alsoUnder: string | undefined;
  readonly operations: Readonly<Record<string, AnyOperation>>;
  readonly events: Ev;
  readonly policies: ModulePolicies;
  readonly metrics: readonly Metric[];
  /** What the module does without being called; undefined where there is nothing. */
  readonly ownWork: OwnWork | undefined;
}

/** A contract: what is said of the module, and each operation as a member of its own. */
export type Contract<
  N extends string = string,
  Ops extends Readonly<Record<string, AnyDraft>> = Readonly<Record<string, AnyDraft>>,
  Ev extends Readonly<Record<string, EventSpec>> = Readonly<Record<string, EventSpec>>,
  Topics extends string = string,
  Schedules extends Readonly<Record<string, ScheduleSpec>> = Readonly<Record<string, ScheduleSpec>>,
> = ContractMeta<N, Ev> &
  OperationsOf<Ops, Ev> & {
    readonly '~operations'?: OperationsOf<Ops, Ev>;
    readonly '~consumes'?: Topics;
    readonly '~schedules'?: keyof Schedules;
  };

/** The operations of a contract by name, with their types. */
export type OperationsOf<
  Ops extends Readonly<Record<string, AnyDraft>>,
  Ev extends Readonly<Record<string, EventSpec>>,
> = { readonly [K in keyof Ops]: Bound<Ops[K], Ev> };

/** A contract of which only the common part matters. */
export type AnyContract = ContractMeta;

const RESERVED = new Set([
  'name',
  'version',
  'title',
  'purpose',
  'dependencies',
  'alsoUnder',
  'operations',
  'events',
  'policies',
  'metrics',
  'ownWork',
]);

/**
 * Builds a contract.
 * @throws Error that lists every problem: a schema outside the dialect, a name, topic, path member
 * or reference that leads nowhere
 */
export function contract<
  const N extends string,
  const Ops extends Readonly<Record<string, AnyDraft>>,
  const Ev extends Readonly<Record<string, EventSpec>> = Record<never, never>,
  const Topics extends string = never,
  const Schedules extends Readonly<Record<string, ScheduleSpec>> = Record<never, never>,
>(spec: ContractSpec<N, Ops, Ev, Topics, Schedules>): Contract<N, Ops, Ev, Topics, Schedules> {
  const operations = Object.fromEntries(
    Object.entries(spec.operations).map(([name, draft]) => [name, bind(spec, name, draft)]),
  );
  const meta: AnyContract = {
    name: spec.name,
    version: spec.version,
    title: spec.title,
    purpose: spec.purpose,
    dependencies: spec.dependencies ?? [],
    alsoUnder: spec.alsoUnder,
    operations,
    events: spec.events ?? {},
    policies: spec.policies ?? {},
    metrics: spec.metrics ?? [],
    ownWork: ownWorkOf(spec),
  };
  const problems = checkContract(meta);
  if (problems.length > 0)
    throw new Error(
      `contract ${spec.name}: ${problems.map((p) => `${p.path}: ${p.problem}`).join('; ')}`,
    );
  // The mapped type says what `bind` built, operation by operation; TypeScript cannot follow
  // Object.fromEntries that far.
  return Object.freeze({ ...meta, ...operations }) as Contract<N, Ops, Ev, Topics, Schedules>;
}

function bind(
  module: { readonly name: string; readonly version: string },
  name: string,
  draft: AnyDraft,
): AnyOperation {
  const [method, path] = (draft.http ?? defaultRoute(name, draft)).split(' ') as [Method, string];
  return Object.freeze({
    kind: draft.kind,
    module: module.name,
    name,
    id: `${module.name}.${name}`,
    version: module.version,
    summary: draft.summary,
    http: { method, path },
    mcp:
      draft.mcp === false
        ? false
        : {
            tool: draft.mcp?.tool ?? `${module.name}.${name}`,
            destructive: draft.mcp?.destructive ?? draft.kind !== 'query',
          },
    access: draft.access ?? 'granted',
    resource: draft.resource,
    command: commandOf(draft.scope),
    signature: draft.signature ?? 'session',
    authorises: draft.authorises,
    uses: draft.uses ?? [],
    input: draft.input,
    output: draft.job === undefined ? draft.output : JobStarted,
    job:
      draft.job === undefined ? undefined : { ...JOB_DEFAULTS, ...draft.job, result: draft.output },
    ...fallbackOf(draft),
    emits: draft.emits ?? [],
    examples: draft.examples ?? [],
    essential: draft.essential ?? true,
    personal: draft.personal ?? false,
    limits: { ...DEFAULT_LIMITS, ...draft.limits },
    slo: { ...DEFAULT_SLO[draft.kind], ...draft.slo },
    ...farewellOf(draft),
  });
}

function checkContract(meta: AnyContract): DialectProblem[] {
  const problems: DialectProblem[] = [];
  const say = (path: string, problem: string) => problems.push({ path, problem });
  if (!/^[a-z][a-z0-9]{1,31}$/.test(meta.name)) say('name', 'lower-case letters and digits');
  if (!/^\d+\.\d+\.\d+$/.test(meta.version)) say('version', 'a semantic version');
  if (!isBasePath(meta.alsoUnder)) say('alsoUnder', 'two parts or more, so that it is no module');
  const routes = new Set<string>();
  for (const op of Object.values(meta.operations)) {
    if (RESERVED.has(op.name) || !/^[a-z][A-Za-z0-9]{1,63}(\.v[2-9])?$/.test(op.name))
      say(op.id, 'not an operation name');
    const route = `${op.http.method} ${op.http.path.replace(/\{[^}]+\}/g, '{}')}`;
    if (routes.has(route)) say(op.id, `route ${route} is taken`);
    routes.add(route);
    const members = op.input.properties as Readonly<Record<string, unknown>>;
    const named = [
      ...templateMembers(op.http.path),
      ...templateMembers(op.resource ?? ''),
      ...(op.authorises === undefined ? [] : [op.authorises.amount, op.authorises.unit]),
    ];
    for (const member of named)
      if (!Object.hasOwn(members, member)) say(op.id, `the input has no member ${member}`);
    if (!/^\/[a-z][a-z0-9-]*(\/[a-z][a-z0-9-]*)+$/.test(op.command))
      say(op.id, `scope ${op.command} is not a command`);
    for (const used of op.uses)
      if (![meta.name, ...meta.dependencies].some((name) => used.startsWith(`${name}.`)))
        say(op.id, `uses ${used}, but the module does not depend on it`);
    for (const problem of farewellProblems(op, meta.operations)) say(op.id, problem);
    for (const problem of fallbackProblems(op)) say(`${op.id}.fallback`, problem);
    for (const topic of op.emits)
      if (!Object.hasOwn(meta.events, topic)) say(op.id, `emits ${topic}, which is not an event`);
    for (const code of op.errors)
      if (!Object.hasOwn(errorTable, code)) say(op.id, `${code} is not in the error table`);
    problems.push(...checkDialect(op.input, `${op.id}.input`));
    problems.push(...checkDialect(op.job?.result ?? op.output, `${op.id}.output`));
  }
  problems.push(...checkOwnWork(meta));
  for (const problem of metricProblems(meta.name, meta.metrics)) say('metrics', problem);
  for (const [topic, spec] of Object.entries(meta.events)) {
    for (const problem of eventProblems(topic, spec)) say(topic, problem);
    problems.push(...checkDialect(spec.schema, topic));
  }
  return problems;
}
