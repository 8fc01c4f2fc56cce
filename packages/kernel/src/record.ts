import { errorEntry, type Result, type Why } from '@anarq/common-schemas';
import { canonicalJson, sha256HexOfText } from '@anarq/crypto';
import type { Log } from '@anarq/log';
import type { Statement, Store } from '@anarq/store';
import { instantOf } from './clock.ts';
import type { Invocation } from './invocation.ts';
import { isMock, MOCK_NOTE } from './standalone/mode.ts';

/** What goes into the record of a call beside the call itself. */
export interface RecordFacts {
  readonly code: string;
  readonly output?: unknown;
  readonly parties?: readonly string[];
  /** Record of the process that this call is a step of, or the outcome of. */
  readonly parent?: string | undefined;
  readonly used?: { readonly amount: string; readonly unit: string } | undefined;
  readonly kind: 'call' | 'admission' | 'outcome' | 'refusal' | 'read' | 'denials';
  readonly note?: string;
}

/** The record of a call, sealed, as statements of its commit. */
export function recordOf(
  inv: Invocation,
  log: Log,
  facts: RecordFacts,
): { cid: string; statements: readonly Statement[] } {
  const { op } = inv.compiled;
  const { principal } = inv;
  const parties = new Set([principal.actor, inv.subject, ...(facts.parties ?? [])]);
  if (inv.owner !== undefined) parties.add(inv.owner);
  parties.delete('');
  return log.recorder.prepare(
    {
      id: inv.requestId,
      kind: facts.kind,
      at: instantOf(inv.now_ms),
      // Who proved nothing belongs to no tenant.
      tenant: principal.tenant === '' ? '-' : principal.tenant,
      actor: principal.actor,
      subject: inv.subject,
      signedBy: principal.signedBy,
      surface: inv.call.surface,
      op: op.id,
      version: op.version,
      ...(facts.parent === undefined ? {} : { parent: facts.parent }),
      ...(inv.resource === undefined ? {} : { resource: inv.resource }),
      inputDigest: inv.inputDigest,
      ...(facts.output === undefined
        ? {}
        : { outputDigest: sha256HexOfText(canonicalJson(facts.output)) }),
      code: facts.code,
      verdict: facts.code === 'SUCCESS' ? 'ALLOW' : 'DENY',
      why: plainWhy(inv.why),
      grants: [...inv.grants],
      ...(inv.ceiling === undefined ? {} : { ceiling: { ...inv.ceiling } }),
      ...(facts.used === undefined ? {} : { cost: { ...facts.used } }),
      ...(inv.replayKey === undefined
        ? {}
        : { idempotencyKeyDigest: sha256HexOfText(inv.replayKey.key) }),
      ...latencyOf(inv, facts.kind),
      ...noteOf(inv, facts.note),
    },
    [...parties],
  );
}

/**
 * How long it took until the call was admitted, and from then on until now, in whole microseconds;
 * what is written later than it happened says nothing of that.
 */
function latencyOf({ begun_ms, admitted_ms }: Invocation, kind: RecordFacts['kind']) {
  const isTimely = kind === 'call' || kind === 'admission' || kind === 'outcome';
  if (!isTimely || begun_ms === undefined || admitted_ms === undefined) return {};
  const micros = (from_ms: number, to_ms: number) => Math.round((to_ms - from_ms) * 1_000);
  return {
    latency: {
      admit_us: micros(begun_ms, admitted_ms),
      handle_us: micros(admitted_ms, performance.now()),
    },
  };
}

/** What a mock answered is told from what was done, for as long as the log is kept. */
function noteOf(inv: Invocation, note: string | undefined): { note?: string } {
  const notes = [...(isMock(inv) ? [MOCK_NOTE] : []), ...(note === undefined ? [] : [note])];
  return notes.length === 0 ? {} : { note: notes.join('; ') };
}

/** DAG-CBOR knows no undefined. */
const plainWhy = (why: Why): Record<string, unknown> =>
  Object.fromEntries(
    Object.entries(why)
      .filter(([, value]) => value !== undefined)
      .map(([key, value]) => [key, Array.isArray(value) ? [...value] : value]),
  );

const BATCH_MS = 1_000;
const PENDING_MAX = 1_000;
/** Beyond this many reads that could not be written, a store that stays away loses some. */
const READS_KEPT_MAX = 4_000;

interface Counted {
  readonly inv: Invocation;
  readonly code: string;
  count: number;
}

/**
 * Records what has no commit of its own: reads of personal data, and refusals. Both are written
 * once a second, so at most a second of them is lost when the process is killed. Refusals are
 * counted per identity, operation and code, so that a flood of calls is no flood of writes.
 */
export class BatchRecords {
  readonly #store: Store;
  readonly #log: Log;
  readonly #onError: (error: unknown) => void;
  #denials = new Map<string, Counted>();
  #reads: { inv: Invocation; output: unknown }[] = [];
  #timer: NodeJS.Timeout | undefined;

  constructor(store: Store, log: Log, onError: (error: unknown) => void) {
    this.#store = store;
    this.#log = log;
    this.#onError = onError;
  }

  denied(inv: Invocation, code: string): void {
    const key = `${inv.principal.actor}\n${inv.compiled.op.id}\n${code}`;
    const known = this.#denials.get(key);
    if (known !== undefined) known.count += 1;
    else if (this.#denials.size < PENDING_MAX) this.#denials.set(key, { inv, code, count: 1 });
    this.#schedule();
  }

  read(inv: Invocation, output: unknown): void {
    this.#reads.push({ inv, output });
    // A flood of reads is written sooner, never left out.
    if (this.#reads.length % PENDING_MAX === 0) this.flush().catch(this.#onError);
    else this.#schedule();
  }

  /** Writes what is waiting. */
  async flush(): Promise<void> {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const denials = [...this.#denials.values()];
    const reads = this.#reads;
    this.#denials = new Map();
    this.#reads = [];
    const statements = [
      ...denials.flatMap(({ inv, code, count }) =>
        this.#prepare(inv, { kind: 'denials', code, note: `${count} times` }),
      ),
      ...reads.flatMap(({ inv, output }) =>
        this.#prepare(inv, { kind: 'read', code: 'SUCCESS', output }),
      ),
    ];
    if (statements.length === 0) return;
    try {
      await this.#store.commit(statements);
    } catch (error) {
      if (this.#reads.length < READS_KEPT_MAX) this.#reads.push(...reads);
      this.#schedule();
      throw error;
    }
    this.#log.wake();
  }

  /** One record that cannot be made is told of, and takes no other with it. */
  #prepare(inv: Invocation, facts: RecordFacts): readonly Statement[] {
    try {
      return recordOf(inv, this.#log, facts).statements;
    } catch (error) {
      this.#onError(error);
      return [];
    }
  }

  #schedule(): void {
    this.#timer ??= setTimeout(() => {
      this.flush().catch(this.#onError);
    }, BATCH_MS).unref();
  }
}

/** Final outcomes are recorded under their key; what a retry could change is not. */
export const isFinal = (result: Result<unknown>): boolean =>
  result.status === 'ok' || !errorEntry(result.code).retryable;
