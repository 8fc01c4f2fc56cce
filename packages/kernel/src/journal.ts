import type { AnyOperation, ErrorCode, Result } from '@anarq/common-schemas';
import { canonicalJson, sha256HexOfText, type Sealer, utf8 } from '@anarq/crypto';
import type { Statement, Store } from '@anarq/store';

/** The call that undoes a step, as it was planned when the step was done. */
interface Undo {
  readonly operation: string;
  readonly input: unknown;
  readonly as: 'caller' | 'module';
}

/** What a step asked, what it was answered, and how it is undone. */
export interface Entry {
  readonly digest: string;
  readonly result: Result<unknown>;
  readonly undo?: Undo;
}

/** Why a process is undone. */
export interface Cause {
  readonly code: ErrorCode;
  readonly message: string;
  readonly details?: Readonly<Record<string, unknown>>;
}

/** What a process asked so far, by the names of its steps, in their order. */
export interface Asked {
  readonly steps: Map<string, Entry>;
  /** Present once it is being undone. */
  readonly cause?: Cause;
  /** Steps that are undone already. */
  readonly undone: Set<string>;
}

/** Names beginning with ! or ? are the kernel's own. */
const CAUSE = '!cause';
const UNDONE = '!undone/';

/** What a process that was admitted just now asked so far. */
export const nothingAsked = (): Asked => ({ steps: new Map(), undone: new Set() });

/**
 * What a process took from outside, sealed: with it a handler runs again after a crash, and goes
 * on from where it was. The rows of steps are written in the commits of the steps.
 */
export class Journal {
  readonly #store: Store;
  readonly #sealer: Sealer;
  readonly #now_ms: () => number;

  constructor(store: Store, sealer: Sealer, now_ms: () => number) {
    this.#store = store;
    this.#sealer = sealer;
    this.#now_ms = now_ms;
  }

  async read(process: string): Promise<Asked> {
    const rows = await this.#store.read(
      `SELECT name, input_digest, result_sealed FROM kernel_step
       WHERE process = :process ORDER BY place, name`,
      { process },
    );
    const { steps, undone } = nothingAsked();
    let cause: Cause | undefined;
    for (const row of rows) {
      const name = row['name'] as string;
      const kept = this.#open(process, name, row['result_sealed'] as Uint8Array);
      if (name === CAUSE) cause = kept as Cause;
      else if (name.startsWith(UNDONE)) undone.add(name.slice(UNDONE.length));
      else
        steps.set(name, {
          digest: row['input_digest'] as string,
          ...(kept as Omit<Entry, 'digest'>),
        });
    }
    return cause === undefined ? { steps, undone } : { steps, undone, cause };
  }

  /** The statement that keeps the answer of a step; the first that is kept stays. */
  entry(process: string, name: string, place: number, operation: string, entry: Entry): Statement {
    const { digest, ...kept } = entry;
    return this.#statement(process, name, place, operation, digest, kept);
  }

  /** The statement after which a step counts as undone. */
  undone(process: string, name: string, place: number): Statement {
    return this.#statement(process, `${UNDONE}${name}`, place, 'undo', '', {});
  }

  /** The statement after which a process is undone, and never goes on. */
  cause(process: string, place: number, cause: Cause): Statement {
    return this.#statement(process, CAUSE, place, 'undo', '', cause);
  }

  #statement(
    process: string,
    name: string,
    place: number,
    operation: string,
    digest: string,
    kept: unknown,
  ): Statement {
    return {
      name: `journal ${name}`,
      sql: `INSERT INTO kernel_step (process, name, place, operation, input_digest, result_sealed, at_ms)
            VALUES (:process, :name, :place, :operation, :digest, :result, :at_ms)
            ON CONFLICT (process, name) DO NOTHING`,
      params: {
        process,
        name,
        place,
        operation,
        digest,
        result: this.#sealer.seal('journal', `${process}/${name}`, utf8(JSON.stringify(kept))),
        at_ms: this.#now_ms(),
      },
    };
  }

  #open(process: string, name: string, sealed: Uint8Array): unknown {
    const plain = this.#sealer.open('journal', `${process}/${name}`, sealed);
    return JSON.parse(new TextDecoder().decode(plain));
  }
}

/** What a wait waits for, in short. */
export const digestOfWait = (order: object): string =>
  sha256HexOfText(canonicalJson(JSON.parse(JSON.stringify(order))));

/** What a step asks, in short: the same again must be the same. */
export const digestOf = (op: AnyOperation, input: unknown): string =>
  sha256HexOfText(`${op.id}\n${op.version}\n${canonicalJson(input)}`);
