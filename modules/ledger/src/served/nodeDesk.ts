import { fail, QError, type AnyOperation, type InputOf, type Result } from '@anarq/common-schemas';
import { randomBytes, toBase64url } from '@anarq/crypto';
import type { Kernel, OpenConnection } from '@anarq/kernel';
import type { Books } from '../books/books.ts';
import type { FaultModel } from '@anarq/ordering/fault-models';
import { ledger } from '../contract.ts';
import type { BatchAnswer } from '../engine/group.ts';
import { countOf } from '../engine/refusal.ts';
import type { Asked, Desk } from '../socket/desk.ts';
import { BatchAccess } from './batchAccess.ts';
import { BroughtBatch } from './broughtBatch.ts';
import type { Question } from './question.ts';
import { newTicket } from './ticket.ts';

/** What serving the books needs of the node. */
export type ServedNode = Pick<Kernel, 'connect' | 'invoke' | 'ownLog' | 'services' | 'node'>;

/**
 * Does what a connection to a node asks for: each batch, and each question, is a call of the kernel,
 * under what the connection was opened with.
 */
export class NodeDesk implements Desk {
  readonly greeting: {
    readonly tenant: string;
    readonly subject: string;
    readonly order: FaultModel;
  };
  readonly #node: ServedNode;
  readonly #books: Books;
  readonly #connection: OpenConnection;
  readonly #access: BatchAccess;
  /** Keys of its calls begin with it. */
  readonly #name = toBase64url(randomBytes(16));
  #calls = 0;
  /** When the last batch so far was applied, or will not be. */
  #last: Promise<void> = Promise.resolve();

  constructor(node: ServedNode, books: Books, connection: OpenConnection, tenant: string) {
    const { subject } = connection;
    this.greeting = { tenant, subject, order: books.faultModel };
    this.#node = node;
    this.#books = books;
    this.#connection = connection;
    this.#access = new BatchAccess({ subject, tenant, modules: Object.values(node.node.modules) });
  }

  /** @throws OPERATION_UNKNOWN */
  async createAccounts(): Promise<BatchAnswer> {
    return fail(
      'OPERATION_UNKNOWN',
      'Accounts of a node are opened over the contract: ledger.createAccounts gives them their names.',
    );
  }

  async createTransfers(records: Uint8Array, done: () => void): Promise<BatchAnswer> {
    countOf(records, undefined);
    this.#books.signed.begin();
    const fromPage = this.#books.pages;
    const ticket = newTicket(this.#node.services.sealer, fromPage);
    const before = this.#last;
    const batch = new BroughtBatch({ ticket, fromPage, records, access: this.#access, before });
    this.#last = batch.turned;
    this.#books.brought.keepBatch(batch);
    try {
      const result = await this.#call(ledger.createBatch, {
        batch: ticket,
        sha256: batch.sha256,
        transfers: batch.count,
        fromPage,
        ...(batch.total === undefined
          ? {}
          : { maxAmount: batch.total.amount, unit: batch.total.unit }),
      });
      // What is in the books is so, also where its call could not be finished yet.
      const answer = await (batch.answer ?? Promise.reject(refusalOf(result)));
      // A call that did not end well may still be at work on the records.
      if (result.status === 'ok') done();
      return answer;
    } catch (error) {
      // What it was refused for is told when it is safe.
      await this.#books.settled();
      throw error;
    } finally {
      batch.end();
      this.#books.brought.forget(ticket);
    }
  }

  async find(asked: Asked): Promise<readonly Uint8Array[]> {
    const ticket = newTicket(this.#node.services.sealer, 0);
    const question: Question = { ticket, asked };
    this.#books.brought.keepQuestion(question);
    try {
      const result = await this.#call(ledger.lookUp, { question: ticket });
      return question.answer ?? (await Promise.reject(refusalOf(result)));
    } finally {
      this.#books.brought.forget(ticket);
    }
  }

  #call<Op extends AnyOperation>({ id, kind }: Op, input: InputOf<Op>): Promise<Result<unknown>> {
    return this.#node.invoke({
      operation: id,
      input,
      surface: 'socket',
      credential: { kind: 'connection', connection: this.#connection },
      ...this.#connection.names,
      ...(kind === 'query' ? {} : { idempotencyKey: `${this.#name}.${++this.#calls}` }),
    });
  }
}

const refusalOf = (result: Result<unknown>): Error =>
  result.status === 'error'
    ? new QError(result.code, result.message, result.details)
    : new Error('a call ended without what it was made for');
