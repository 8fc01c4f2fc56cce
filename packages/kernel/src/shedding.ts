import { fail, type AnyOperation } from '@anarq/common-schemas';
import type { Migration, Statement, Store } from '@anarq/store';
import { Pressure, type Telemetry } from '@anarq/telemetry';
import { prepared } from './prepared.ts';

const LOOK_EVERY_MS = 250;
const RETRY_AFTER_MS = 2_000;

export const switchMigrations: readonly Migration[] = [
  {
    id: 1,
    sql: `CREATE TABLE kernel_switch (operation TEXT PRIMARY KEY, at_ms INTEGER NOT NULL) STRICT, WITHOUT ROWID;`,
  },
];

/**
 * What a node can do without: operations whose contract says that they are not essential. Under
 * pressure they are refused for a while, so that the others are answered; and the operator may switch
 * one off.
 */
export class Shedding {
  readonly #store: Store;
  readonly #telemetry: Telemetry;
  readonly #off = new Set<string>();
  readonly #pressure = new Pressure();
  readonly #operations = new Map<string, AnyOperation>();
  #shed = 0;
  #timer: NodeJS.Timeout | undefined;

  constructor(store: Store, telemetry: Telemetry) {
    this.#store = store;
    this.#telemetry = telemetry;
  }

  /** Names an operation; an essential one has no step here. */
  stepOf(op: AnyOperation): (() => void) | undefined {
    this.#operations.set(op.id, op);
    return op.essential ? undefined : () => this.#check(op.id);
  }

  /** Reads what is switched off, and looks at the load from now on. */
  async start(): Promise<void> {
    for (const row of await this.#store.read('SELECT operation FROM kernel_switch'))
      this.#off.add(String(row['operation']));
    const { gauges } = this.#telemetry;
    gauges.counter({ name: 'q_shed_calls_total', help: 'Calls refused under pressure.' }, () => [
      { value: this.#shed },
    ]);
    gauges.gauge({ name: 'q_pressure_state', help: '1 while calls are refused for it.' }, () => [
      { value: this.#pressure.isOn ? 1 : 0 },
    ]);
    let due_ms = performance.now() + LOOK_EVERY_MS;
    this.#timer = setInterval(() => {
      const now_ms = performance.now();
      this.look(Math.max(0, now_ms - due_ms));
      due_ms = now_ms + LOOK_EVERY_MS;
    }, LOOK_EVERY_MS).unref();
  }

  /** @param delay_ms how late this look comes */
  look(delay_ms: number): void {
    const was = this.#pressure.isOn;
    const is = this.#pressure.look({ delay_ms, queue: this.#store.stats().queue_depth });
    if (is !== was) this.#telemetry.log?.event('pressure', { isOn: is });
  }

  /** Operations that may be switched off, and whether they are. */
  switches(): { readonly operation: string; readonly isOn: boolean }[] {
    return [...this.#operations.values()]
      .filter(({ essential }) => !essential)
      .map(({ id }) => ({ operation: id, isOn: !this.#off.has(id) }));
  }

  /**
   * Switches an operation on or off, for the caller's commit.
   * @throws QError QINDEX_NOT_FOUND, or STATE_CONFLICT for one that is essential
   */
  prepareSwitch(
    operation: string,
    isOn: boolean,
    now_ms: number,
  ): { readonly statements: Statement[]; readonly activate: () => void } {
    const op = this.#operations.get(operation) ?? fail('QINDEX_NOT_FOUND');
    if (op.essential)
      fail('STATE_CONFLICT', `${operation} is essential: it cannot be switched off.`, {
        state: 'essential',
      });
    const statement = isOn
      ? {
          sql: 'DELETE FROM kernel_switch WHERE operation = :operation',
          params: { operation },
        }
      : {
          sql: `INSERT INTO kernel_switch (operation, at_ms) VALUES (:operation, :now_ms)
                ON CONFLICT (operation) DO NOTHING`,
          params: { operation, now_ms },
        };
    return {
      statements: prepared([statement]),
      activate: () => void (isOn ? this.#off.delete(operation) : this.#off.add(operation)),
    };
  }

  close(): void {
    clearInterval(this.#timer);
  }

  #check(operation: string): void {
    if (this.#off.has(operation))
      fail('SERVICE_UNAVAILABLE', `The operator switched ${operation} off.`, {
        reason: 'switched off',
        retryAfter_ms: 60_000,
      });
    if (!this.#pressure.isOn) return;
    this.#shed += 1;
    fail('SERVICE_UNAVAILABLE', `The node is under pressure, and does without ${operation}.`, {
      reason: 'pressure',
      retryAfter_ms: RETRY_AFTER_MS,
    });
  }
}
