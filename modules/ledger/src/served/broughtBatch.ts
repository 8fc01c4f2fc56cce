import { hash } from 'node:crypto';
import { RECORD_BYTES } from '@anarq/ledger-engine';
import type { BatchAnswer } from '../engine/group.ts';
import type { BatchAccess } from './batchAccess.ts';
import { totalOf, type Total } from './total.ts';

/** What a batch is brought with. */
interface Order {
  readonly ticket: string;
  /** Pages that the log had when it came. */
  readonly fromPage: number;
  /** Transfers, which are written over when they are applied. */
  readonly records: Uint8Array;
  readonly access: BatchAccess;
  /** When the batch before it on its connection was applied, or will not be. */
  readonly before: Promise<void>;
}

/** A batch of transfers that a connection brought: its bytes do not go through the kernel. */
export class BroughtBatch {
  readonly ticket: string;
  readonly fromPage: number;
  readonly records: Uint8Array;
  readonly access: BatchAccess;
  readonly sha256: string;
  readonly total: Total | undefined;
  readonly before: Promise<void>;
  /** When it was applied, or will not be: batches of a connection are applied in their order. */
  readonly turned: Promise<void>;
  readonly #turn: () => void;
  #answer: Promise<BatchAnswer> | undefined;
  #isWithdrawn = false;

  constructor({ ticket, fromPage, records, access, before }: Order) {
    this.ticket = ticket;
    this.fromPage = fromPage;
    this.records = records;
    this.access = access;
    this.before = before;
    this.sha256 = hash('sha256', records, 'hex');
    this.total = totalOf(records);
    const { promise, resolve } = Promise.withResolvers<void>();
    this.turned = promise;
    this.#turn = resolve;
  }

  get count(): number {
    return this.records.byteLength / RECORD_BYTES;
  }

  /** What became of it in the books; undefined where it was not brought there. */
  get answer(): Promise<BatchAnswer> | undefined {
    return this.#answer;
  }

  /** Whoever brought it has gone: it is not carried out any more. */
  get isWithdrawn(): boolean {
    return this.#isWithdrawn;
  }

  /**
   * Brings it into the books, once, however often its call runs.
   * @param work is told what to call in the moment in which it is applied
   */
  carryOut(work: (applied: () => void) => Promise<BatchAnswer>): Promise<BatchAnswer> {
    this.#answer ??= work(this.#turn);
    return this.#answer;
  }

  /** Its call has ended: who comes next need not wait for it, and it is not begun any more. */
  end(): void {
    this.#isWithdrawn = this.#answer === undefined;
    this.#turn();
  }
}
