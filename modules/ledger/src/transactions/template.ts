import { fail, QError } from '@anarq/common-schemas';
import type { ReadContext } from '@anarq/kernel';
import type { Queries } from '@anarq/ledger-engine';
import {
  needs,
  parseTemplate,
  run,
  TemplateError,
  type Completed,
  type Refusal,
  type Template,
} from '@anarq/posting-templates';
import { isReader } from '../accounts.ts';
import { amountText } from '../amounts.ts';
import { booksOf } from '../books/books.ts';
import { accountKey } from '../books/keys.ts';
import { accountEntry } from '../books/records.ts';
import { accountsById, type LedgerReader } from '../names.ts';
import { unitOfAsset, unitOrNone } from './assets.ts';
import { metadataOf, type Metadata } from './metadata.ts';
import { POSTINGS_MAX } from './models.ts';
import type { Worked } from './worked.ts';

type Asker = LedgerReader & Pick<ReadContext, 'allows'>;
/** How an account stood, credits less debits and what is held, in a unit. */
type Holding = (key: bigint) => { readonly unit: string; readonly freeMinor: bigint } | undefined;

/** An account of a template: its key in the books, and whether the subject may know what it holds. */
interface Looked {
  readonly key: bigint;
  readonly isOpen: boolean;
}

/** Readings that lead to the next: an account that stands in the metadata of another, and so on. */
const ROUNDS_MAX = 64;

/** A template with its variables, and what of the store it needs. */
export class TemplateCall {
  readonly #template: Template;
  readonly #variables: Readonly<Record<string, string>>;
  readonly #tenant: string;
  /** Accounts that were looked up. */
  readonly #accounts = new Map<string, Looked>();
  readonly #metadata = new Map<string, Metadata>();

  /** @throws INPUT_INVALID, or LIMIT_EXCEEDED, with the place in the text */
  constructor(text: string, variables: Readonly<Record<string, string>>, tenant: string) {
    this.#template = parsed(text);
    this.#variables = variables;
    this.#tenant = tenant;
  }

  /** What it comes to now. @throws QError why it would move nothing */
  now(ctx: Asker): Promise<Worked> {
    return this.#on(ctx, holdingNow);
  }

  /** What it came to at an instant, with what the store has now. */
  at(ctx: Asker, timestamp: bigint): Promise<Worked> {
    return this.#on(ctx, holdingAt(timestamp));
  }

  /** The same as `now`, where all that it reads was looked up before. @throws QError, NotLoaded */
  again(queries: Queries): Worked {
    return this.#work(holdingNow(queries));
  }

  /** Looks up all that a run reads, and runs: balances are those of one moment. */
  async #on(ctx: Asker, holdingOf: (queries: Queries) => Holding): Promise<Worked> {
    for (let round = 0; round < ROUNDS_MAX; round++) {
      const { told, missing } = await booksOf(ctx).ask((queries) => {
        const holding = holdingOf(queries);
        const wanted = this.#missing(holding);
        const isKnown = wanted.accounts.length === 0 && wanted.metadata.length === 0;
        return { missing: wanted, ...(isKnown ? { told: later(() => this.#work(holding)) } : {}) };
      });
      if (told !== undefined) return told();
      await this.#look(ctx, missing.accounts);
      await this.#readMetadata(ctx, missing.metadata);
    }
    return fail(
      'LIMIT_EXCEEDED',
      `A template reads at most ${ROUNDS_MAX} times from what it read.`,
      {
        limit: ROUNDS_MAX,
      },
    );
  }

  #missing(holding: Holding): { accounts: string[]; metadata: string[] } {
    const wanted = needs(this.#template, this.#variables, {
      balances: (account, asset) => {
        const looked = this.#accounts.get(account);
        return looked === undefined ? undefined : freeIn(holding, looked, asset);
      },
      metadata: (account, key) => {
        const known = this.#metadata.get(account);
        return known === undefined ? undefined : (entryOf(known, key) ?? null);
      },
    });
    return {
      accounts: [...new Set(wanted.balances.map(({ account }) => account))],
      metadata: [...new Set(wanted.metadata.map(({ account }) => account))],
    };
  }

  async #look(ctx: Asker, ids: readonly string[]): Promise<void> {
    const names = await accountsById(ctx, ids);
    for (const id of ids) {
      const name = names.get(id);
      const isOpen =
        name !== undefined &&
        ((await isReader(ctx, name)) ||
          (await ctx.allows('/ledger/create-transfers', `ledger/account/${id}`)));
      this.#accounts.set(id, { key: accountKey(this.#tenant, id), isOpen });
    }
  }

  async #readMetadata(ctx: Asker, ids: readonly string[]): Promise<void> {
    const names = await accountsById(ctx, ids);
    const found = await metadataOf(ctx, 'account', ids);
    for (const id of ids) {
      const name = names.get(id);
      const isOpen = name !== undefined && (await isReader(ctx, name));
      this.#metadata.set(id, (isOpen ? found.get(id) : undefined) ?? {});
    }
  }

  #work(holding: Holding): Worked {
    const outcome = run(this.#template, {
      variables: this.#variables,
      balances: (account, asset) => {
        unitOfAsset(asset);
        const looked = this.#accounts.get(account);
        if (looked === undefined) throw new NotLoaded();
        if (!looked.isOpen)
          fail('QINDEX_NOT_FOUND', `There is no account ${account} for you here.`, { id: account });
        return freeIn(holding, looked, asset);
      },
      metadata: (account, key) => {
        const known = this.#metadata.get(account);
        if (known === undefined) throw new NotLoaded();
        return entryOf(known, key);
      },
    });
    return outcome.ok ? workedOf(outcome) : refused(outcome.refusal);
  }
}

/** What an account has, in minor units; nothing in a unit that is not its own. */
function freeIn(holding: Holding, { key }: Looked, asset: string): bigint {
  const held = holding(key);
  return held === undefined || held.unit !== unitOrNone(asset) ? 0n : held.freeMinor;
}

/** What some work comes to, or why it does not, to be told when all that it saw is safe. */
function later<T>(work: () => T): () => T {
  try {
    const value = work();
    return () => value;
  } catch (error) {
    return () => {
      throw error;
    };
  }
}

/** A run came to something of the store that was not looked up: the books changed since. */
export class NotLoaded extends Error {
  override readonly name = 'NotLoaded';
}

const entryOf = (entries: Metadata, key: string): string | undefined =>
  Object.hasOwn(entries, key) ? entries[key] : undefined;

const freeOf = (of: {
  readonly creditsPosted: bigint;
  readonly debitsPosted: bigint;
  readonly debitsPending: bigint;
}): bigint => of.creditsPosted - of.debitsPosted - of.debitsPending;

const holdingNow =
  (queries: Queries): Holding =>
  (key) => {
    const record = queries.account(key);
    if (record === undefined) return undefined;
    const entry = accountEntry(record);
    return { unit: entry.unit, freeMinor: freeOf(entry) };
  };

const holdingAt =
  (timestamp: bigint) =>
  (queries: Queries): Holding =>
  (key) => {
    const record = queries.account(key);
    const left = queries.balancesAt(key, timestamp);
    return record === undefined || left === undefined
      ? undefined
      : { unit: accountEntry(record).unit, freeMinor: freeOf(left) };
  };

function parsed(text: string): Template {
  try {
    return parseTemplate(text);
  } catch (error) {
    if (!(error instanceof TemplateError)) throw error;
    const { line, column } = error;
    throw new QError(error.code, `The template is not read: ${error.message}.`, { line, column });
  }
}

function workedOf(completed: Completed): Worked {
  const { postings, transactionMetadata, accountMetadata } = completed;
  if (postings.length === 0)
    fail('STATE_CONFLICT', 'The template moves nothing.', { state: 'nothing to move' });
  if (postings.length > POSTINGS_MAX)
    fail('LIMIT_EXCEEDED', `A transaction has at most ${POSTINGS_MAX} postings.`, {
      limit: POSTINGS_MAX,
      postings: postings.length,
    });
  return {
    postings: postings.map(({ source, destination, asset, amountMinor, color }) => {
      if (color !== undefined)
        fail('INPUT_INVALID', 'Accounts of the ledger hold money of no colour.', { color });
      const unit = unitOfAsset(asset);
      return { debitAccountId: source, creditAccountId: destination, amountMinor, unit };
    }),
    metadata: Object.fromEntries(transactionMetadata),
    accountMetadata: new Map(
      [...accountMetadata].map(([account, entries]) => [account, Object.fromEntries(entries)]),
    ),
  };
}

/** @throws QError the refusal of a run, with what was needed and what there is */
function refused({ code, message, line, column, ...reason }: Refusal): never {
  const place = { line, column, reason: reason.reason };
  if (reason.reason !== 'missing-funds')
    return fail(code, `The template is refused at line ${line}, column ${column}: ${message}.`, {
      ...place,
      ...('variable' in reason ? { variable: reason.variable } : {}),
      ...('account' in reason ? { account: reason.account } : {}),
      ...('key' in reason ? { key: reason.key } : {}),
    });
  const unit = unitOfAsset(reason.asset);
  const [needed, available] = [reason.neededMinor, reason.availableMinor].map((minor) =>
    amountText(minor, unit),
  );
  return fail(
    code,
    `The sources at line ${line}, column ${column} hold ${available} ${unit}; ${needed} are needed.`,
    { ...place, unit, needed, available },
  );
}
