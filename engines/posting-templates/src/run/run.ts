import type { Place } from '../error.ts';
import type { Sent, Statement, Template } from '../template.ts';
import { writeValue, type Value } from '../values.ts';
import { Book, type ReadBalance } from './book.ts';
import { drawAll, drawExactly } from './draw.ts';
import { accountOf, assetOf, evaluate, monetaryOf, textOf } from './evaluate.ts';
import { give } from './give.ts';
import { Refused, refuse, type Refusal } from './refusal.ts';
import { fitting, type Piece, type Posting, type Scope, type Sending } from './scope.ts';
import { valueOfVariable, type GivenTexts } from './variables.ts';

export interface RunInput {
  /** The text of each variable that variablesOf names. */
  readonly variables?: GivenTexts;
  /** What an account holds of an asset, in minor units; of funds of one colour, where one is named. */
  readonly balances: ReadBalance;
  /** Metadata of an account, undefined where there are none under the key. */
  readonly metadata?: (account: string, key: string) => string | undefined;
}

export interface Completed {
  readonly ok: true;
  /** In the order in which they are to be made. */
  readonly postings: readonly Posting[];
  readonly transactionMetadata: ReadonlyMap<string, string>;
  /** What is set, by account and key. */
  readonly accountMetadata: ReadonlyMap<string, ReadonlyMap<string, string>>;
}

export type Outcome = Completed | { readonly ok: false; readonly refusal: Refusal };

/**
 * Works out what a template moves. It moves nothing: whoever carries the postings out has to hold the
 * balances that were read until then.
 * @returns postings and metadata, or why there are none
 * @throws what `balances` and `metadata` throw
 */
export function run(template: Template, input: RunInput): Outcome {
  try {
    return { ok: true, ...new Run(template, input).result() };
  } catch (error) {
    if (error instanceof Refused) return { ok: false, refusal: error.refusal };
    throw error;
  }
}

class Run implements Scope {
  readonly book: Book;
  readonly metadata: Scope['metadata'];
  readonly #template: Template;
  readonly #values = new Map<string, Value>();
  readonly #postings: Posting[] = [];
  readonly #transaction = new Map<string, string>();
  readonly #accounts = new Map<string, Map<string, string>>();

  constructor(template: Template, { variables = {}, balances, metadata }: RunInput) {
    this.#template = template;
    this.book = new Book(balances);
    this.metadata = metadata ?? (() => undefined);
    for (const declaration of template.variables)
      this.#values.set(declaration.name, valueOfVariable(declaration, variables, this));
  }

  readonly variable = (name: string): Value => {
    const value = this.#values.get(name);
    if (value === undefined) throw new TypeError(`$${name} was read before it was declared`);
    return value;
  };

  result(): Omit<Completed, 'ok'> {
    for (const statement of this.#template.statements) this.#execute(statement);
    return {
      postings: this.#postings,
      transactionMetadata: this.#transaction,
      accountMetadata: this.#accounts,
    };
  }

  #execute(statement: Statement): void {
    switch (statement.kind) {
      case 'send':
        return this.#send(statement);
      case 'save':
        return this.#save(statement.saved, accountOf(statement.account, this));
      case 'set-transaction-metadata':
        this.#transaction.set(...this.#entryOf(statement));
        return;
      case 'set-account-metadata': {
        const account = accountOf(statement.account, this);
        const entries = this.#accounts.get(account) ?? new Map<string, string>();
        this.#accounts.set(account, entries.set(...this.#entryOf(statement)));
      }
    }
  }

  #entryOf({ key, value }: Statement & { kind: `set-${string}` }): [key: string, value: string] {
    return [textOf(key, this), writeValue(evaluate(value, this))];
  }

  #send({ sent, source, destination, place }: Statement & { readonly kind: 'send' }): void {
    const { asset, amountMinor } = this.#amountOf(sent);
    const { book, variable, metadata } = this;
    const pieces: Piece[] = [];
    const sending: Sending = {
      book,
      variable,
      metadata,
      place,
      asset,
      pieces,
      postings: this.#postings,
    };
    if (amountMinor !== undefined) drawExactly(sending, source, amountMinor);
    const drawnMinor = amountMinor ?? fitting(place, drawAll(sending, source));
    give({ ...sending, pieces: joined(pieces).toReversed() }, destination, drawnMinor);
  }

  /** @returns the amount undefined where all is meant. @throws Refused for less than nothing */
  #amountOf(sent: Sent): { asset: string; amountMinor?: bigint } {
    if (sent.kind === 'all') return { asset: assetOf(sent.asset, this) };
    const { asset, amountMinor } = monetaryOf(sent.amount, this);
    if (amountMinor < 0n) refuseNegative(sent.amount.place, asset, amountMinor);
    return { asset, amountMinor };
  }

  #save(saved: Sent, account: string): void {
    const { asset, amountMinor } = this.#amountOf(saved);
    if (amountMinor === undefined) this.book.saveAll(account, asset);
    else this.book.save(account, asset, amountMinor);
  }
}

const refuseNegative = (place: Place, asset: string, amountMinor: bigint): never =>
  refuse(
    place,
    { reason: 'amount-negative', asset, amountMinor },
    `${amountMinor} of ${asset} is less than nothing`,
  );

/** Neighbours from the same account are one piece. */
function joined(pieces: readonly Piece[]): Piece[] {
  const all: Piece[] = [];
  for (const piece of pieces) {
    const last = all.at(-1);
    if (last?.account === piece.account && last.color === piece.color)
      all[all.length - 1] = { ...last, amountMinor: last.amountMinor + piece.amountMinor };
    else all.push(piece);
  }
  return all;
}
