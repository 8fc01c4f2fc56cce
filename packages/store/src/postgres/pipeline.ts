/**
 * Many statements in one round trip: each is bound and executed behind the one before it, and the
 * server is asked to answer once, at the end. It stops at the first that fails.
 * https://www.postgresql.org/docs/15/protocol-flow.html#PROTOCOL-FLOW-PIPELINING
 */

import { Buffer } from 'node:buffer';

import type { Connection, Submittable } from 'pg';

import { StoreError } from '../errors.ts';
import { RESULT_BYTES_MAX, ROWS_MAX } from '../limits.ts';
import type { Row, StatementResult } from '../types.ts';
import { sizeOf } from '../values.ts';
import { fieldOf, type Field } from './values.ts';

/** A statement as a session keeps it; `name` is empty for one that is not worth keeping. */
export interface Prepared {
  readonly name: string;
  readonly text: string;
  readonly types: readonly string[];
  isParsed: boolean;
  /** Unknown until the server described them. */
  fields: readonly Field[] | undefined;
}

/** One statement of a pipeline. */
export interface Step {
  readonly prepared: Prepared;
  readonly values: readonly (string | Buffer | null)[];
}

/** What one statement did; `fault` where its result is not one that can be given. */
export interface StepResult extends StatementResult {
  readonly tag: string;
  readonly fault?: StoreError;
}

/** What a pipeline did: the results of the statements before the one that failed, if one did. */
export interface Ran {
  readonly results: readonly StepResult[];
  readonly error?: unknown;
}

/** An Execute message of the unnamed portal that stops one row beyond the limit. */
const EXECUTE = ((): Buffer => {
  const message = Buffer.alloc(10);
  message.write('E', 0, 'latin1');
  message.writeInt32BE(9, 1);
  message.writeInt32BE(ROWS_MAX + 1, 6);
  return message;
})();

/** The columns of a result as the protocol describes them. */
interface RowDescription {
  readonly fields: readonly { readonly name: string; readonly dataTypeID: number }[];
}

/** What `pg` runs in place of a query of its own; it calls the handlers as messages come in. */
export class Pipeline implements Submittable {
  /** Settles when the server has answered; never rejects. */
  readonly ran: Promise<Ran>;
  readonly #steps: readonly Step[];
  readonly #closing: readonly string[];
  readonly #parsing: Prepared[] = [];
  readonly #results: StepResult[] = [];
  #settle: (ran: Ran) => void = () => undefined;
  #rows: Row[] = [];
  #bytes = 0;
  #fault: StoreError | undefined;

  /** @param closing names of prepared statements to give back at the end. */
  constructor(steps: readonly Step[], closing: readonly string[]) {
    this.#steps = steps;
    this.#closing = closing;
    this.ran = new Promise((resolve) => (this.#settle = resolve));
  }

  submit(connection: Connection): void {
    const { stream } = connection;
    stream.cork();
    for (const { prepared, values } of this.#steps) {
      const { name, text } = prepared;
      if (!prepared.isParsed) {
        connection.parse({ name, text, types: [...prepared.types] }, true);
        prepared.isParsed = name !== '';
        this.#parsing.push(prepared);
      }
      connection.bind({ statement: name, values: [...values] }, true);
      if (prepared.fields === undefined) connection.describe({ type: 'P', name: '' }, true);
      stream.write(EXECUTE);
    }
    for (const name of this.#closing) connection.close({ type: 'S', name }, true);
    connection.sync();
    stream.uncork();
  }

  /** The server parsed the next of the statements that were new. */
  parsed(): void {
    this.#parsing.shift();
  }

  handleRowDescription({ fields }: RowDescription): void {
    const step = this.#steps[this.#results.length];
    if (step === undefined) return;
    step.prepared.fields = fields.map(({ name, dataTypeID }) => fieldOf(name, dataTypeID));
  }

  handleDataRow({ fields }: { readonly fields: readonly (string | null)[] }): void {
    if (this.#fault !== undefined) return;
    if (this.#rows.length === ROWS_MAX) return this.#refuse(tooMuch('rows', ROWS_MAX));
    const row: Row = {};
    try {
      for (const [at, { name, parse }] of this.#columns().entries()) {
        const text = fields[at] ?? null;
        const value = text === null ? null : parse(text);
        row[name] = value;
        this.#bytes += sizeOf(value);
      }
    } catch (thrown) {
      return this.#refuse(
        thrown instanceof StoreError ? thrown : new StoreError('FAILED', String(thrown)),
      );
    }
    if (this.#bytes > RESULT_BYTES_MAX) return this.#refuse(tooMuch('bytes', RESULT_BYTES_MAX));
    this.#rows.push(row);
  }

  handleCommandComplete({ text }: { readonly text: string }): void {
    this.#complete(text);
  }

  /** The row limit of EXECUTE was reached. */
  handlePortalSuspended(): void {
    this.#complete('SELECT');
  }

  handleEmptyQuery(): void {
    this.#complete('');
  }

  handleError(error: unknown): void {
    // These were never parsed, or may not have been: the next use asks again.
    for (const prepared of this.#parsing) prepared.isParsed = false;
    this.#settle({ results: this.#results, error });
  }

  handleReadyForQuery(): void {
    this.#settle({ results: this.#results });
  }

  #columns(): readonly Field[] {
    return this.#steps[this.#results.length]?.prepared.fields ?? [];
  }

  #refuse(fault: StoreError): void {
    this.#fault = fault;
    this.#rows = [];
  }

  #complete(tag: string): void {
    const step = this.#steps[this.#results.length];
    if (step !== undefined) step.prepared.fields ??= [];
    this.#results.push({
      tag,
      changes: changesOf(tag),
      rows: this.#rows,
      ...(this.#fault === undefined ? {} : { fault: this.#fault }),
    });
    this.#rows = [];
    this.#bytes = 0;
    this.#fault = undefined;
  }
}

/** "INSERT 0 3", "UPDATE 1", "DELETE 2"; other statements change no rows. */
function changesOf(tag: string): number {
  const count = /^(?:INSERT \d+|UPDATE|DELETE) (\d+)$/.exec(tag)?.[1];
  return count === undefined ? 0 : Number(count);
}

function tooMuch(limit: string, max: number): StoreError {
  const message = `the result is over its limit of ${max} ${limit}: ask for less, page by page`;
  return new StoreError('SQL', message, { limit, max });
}
