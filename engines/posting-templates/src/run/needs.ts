import type { Destination, Expression, Sent, Source, Statement, Template } from '../template.ts';
import { WORLD, type Value } from '../values.ts';
import { Book } from './book.ts';
import { accountOf, assetOf, colorOf, evaluate, monetaryOf } from './evaluate.ts';
import { Refused } from './refusal.ts';
import { run } from './run.ts';
import { otherScales } from './scaling.ts';
import type { Scope } from './scope.ts';
import { valueOfVariable, type GivenTexts } from './variables.ts';

/** What was loaded already. */
export interface Known {
  /** undefined where the balance was not loaded */
  readonly balances?: (account: string, asset: string, color: string) => bigint | undefined;
  /** undefined where it was not loaded, null where there is none */
  readonly metadata?: (account: string, key: string) => string | null | undefined;
}

/** What a run would read and nobody has loaded. */
export interface Needs {
  readonly balances: readonly {
    readonly account: string;
    readonly asset: string;
    /** '' is no colour. */
    readonly color: string;
  }[];
  readonly metadata: readonly { readonly account: string; readonly key: string }[];
}

/**
 * What a run reads beyond what is known. What one reading tells may lead to the next (an account that
 * stands in the metadata of another), so a caller loads what is named and asks again, until nothing is:
 * then a run with the same variables reads nothing that is not known. A branch that will not be taken
 * may be named, too.
 */
export function needs(template: Template, variables: GivenTexts = {}, known: Known = {}): Needs {
  const reads = new Reads(known);
  new Walk(template, variables, reads).all();
  if (reads.nothing) {
    try {
      // A refusal is as good an end as any: it comes of what is known.
      run(template, { variables, balances: reads.balance, metadata: reads.metadata });
    } catch (error) {
      if (!(error instanceof NotKnown)) throw error;
    }
  }
  return reads.needs();
}

/** Stops an evaluation at something that was not loaded. */
class NotKnown extends Error {
  override readonly name = 'NotKnown';
}

/** Answers from what is known, and notes what is not. */
class Reads {
  readonly #known: Known;
  readonly #balances = new Map<string, Needs['balances'][number]>();
  readonly #metadata = new Map<string, Needs['metadata'][number]>();

  constructor(known: Known) {
    this.#known = known;
  }

  readonly balance = (account: string, asset: string, color: string): bigint => {
    const balanceMinor = this.#known.balances?.(account, asset, color);
    if (balanceMinor !== undefined) return balanceMinor;
    this.#balances.set(`${account} ${asset} ${color}`, { account, asset, color });
    throw new NotKnown();
  };

  readonly metadata = (account: string, key: string): string | undefined => {
    const text = this.#known.metadata?.(account, key);
    if (text !== undefined) return text ?? undefined;
    this.#metadata.set(`${account} ${key}`, { account, key });
    throw new NotKnown();
  };

  get nothing(): boolean {
    return this.#balances.size === 0 && this.#metadata.size === 0;
  }

  needs(): Needs {
    return { balances: [...this.#balances.values()], metadata: [...this.#metadata.values()] };
  }
}

/** Goes through all branches of a template, and reads what each would. */
class Walk {
  readonly #template: Template;
  readonly #reads: Reads;
  readonly #scope: Scope;

  constructor(template: Template, variables: GivenTexts, reads: Reads) {
    this.#template = template;
    this.#reads = reads;
    const values = new Map<string, Value>();
    this.#scope = {
      book: new Book(reads.balance),
      metadata: reads.metadata,
      variable: (name) => {
        const value = values.get(name);
        if (value === undefined) throw new NotKnown();
        return value;
      },
    };
    for (const declaration of template.variables)
      attempt(() =>
        values.set(declaration.name, valueOfVariable(declaration, variables, this.#scope)),
      );
  }

  all(): void {
    for (const statement of this.#template.statements) this.#statement(statement);
  }

  #statement(statement: Statement): void {
    if (statement.kind === 'send') {
      const asset = this.#asset(statement.sent);
      this.#source(statement.source, asset);
      this.#destination(statement.destination);
    } else if (statement.kind === 'save') {
      const asset = this.#asset(statement.saved);
      if (statement.saved.kind === 'all') this.#balance(statement.account, asset);
    } else {
      this.#evaluate(statement.key);
      this.#evaluate(statement.value);
    }
  }

  #asset(sent: Sent): string | undefined {
    const scope = this.#scope;
    return attempt(() =>
      sent.kind === 'all' ? assetOf(sent.asset, scope) : monetaryOf(sent.amount, scope).asset,
    );
  }

  #evaluate(expression: Expression): void {
    attempt(() => evaluate(expression, this.#scope));
  }

  /** Reads the balance of an account in an asset, where both are known, and the account has an end. */
  #balance(account: Expression, asset: string | undefined, color?: Expression): void {
    const name = attempt(() => accountOf(account, this.#scope));
    const colorName = attempt(() => colorOf(color, this.#scope));
    if (name === undefined || colorName === undefined || asset === undefined) return;
    attempt(() => this.#reads.balance(name, asset, colorName));
  }

  #source(source: Source, asset: string | undefined): void {
    switch (source.kind) {
      case 'account': {
        if (typeof source.overdraft !== 'string') this.#evaluate(source.overdraft);
        const isWorld = attempt(() => accountOf(source.account, this.#scope)) === WORLD;
        if (!isWorld && source.overdraft !== 'unbounded')
          this.#balance(source.account, asset, source.color);
        return;
      }
      case 'scaled':
        this.#evaluate(source.through);
        this.#balance(source.account, asset);
        if (asset !== undefined)
          for (const other of otherScales(asset)) this.#balance(source.account, other);
        return;
      case 'capped':
        this.#evaluate(source.cap);
        return this.#source(source.source, asset);
      case 'in-order':
      case 'one-of':
        for (const inner of source.sources) this.#source(inner, asset);
        return;
      case 'allotment':
        for (const { portion, of } of source.shares) {
          if (portion !== 'remaining') this.#evaluate(portion);
          this.#source(of, asset);
        }
    }
  }

  #destination(destination: Destination): void {
    switch (destination.kind) {
      case 'kept':
        return;
      case 'account':
        return this.#evaluate(destination.account);
      case 'in-order':
      case 'one-of':
        for (const { cap, to } of destination.capped) {
          this.#evaluate(cap);
          this.#destination(to);
        }
        return this.#destination(destination.remaining);
      case 'allotment':
        for (const { portion, of } of destination.shares) {
          if (portion !== 'remaining') this.#evaluate(portion);
          this.#destination(of);
        }
    }
  }
}

/** A value, or undefined where it is not known yet or a run will be refused there. */
function attempt<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch (error) {
    if (error instanceof NotKnown || error instanceof Refused) return undefined;
    throw error;
  }
}
