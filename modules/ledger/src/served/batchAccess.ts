import { fail, QError } from '@anarq/common-schemas';
import {
  A_USER_128,
  A_USER_32,
  readU128,
  RECORD_WORDS,
  T_CODE_FLAGS,
  T_CREDIT,
  T_DEBIT,
  T_ID,
  T_PENDING,
  TransferFlag,
  wordsOf,
  type LedgerState,
} from '@anarq/ledger-engine';
import { ownerMark, tenantMark } from '../books/keys.ts';

/** Whose account it is, as far as the subject is concerned. */
const Whose = {
  /** Not looked at yet. */
  UNKNOWN: 0,
  OWN: 1,
  /** Of somebody of the tenant: it may be credited. */
  OTHERS: 2,
  /** Of a module that is not the subject. */
  MODULES: 3,
  ELSEWHERE: 4,
} as const;

/** No account. */
const NOBODY = -1;
const ACCOUNTS_FIRST = 1_024;
/** Accounts of others in a batch, out of which grants let the subject move money. */
const OTHERS_MAX = 256;
const RESOLVING = (TransferFlag.POST_PENDING | TransferFlag.VOID_PENDING) << 16;
const IMPORTED = TransferFlag.IMPORTED << 16;
/** Closing an account is its owner's, and so is having it filled up to what it lacks. */
const NEEDS_CREDIT = (TransferFlag.CLOSING_CREDIT | TransferFlag.BALANCING_CREDIT) << 16;

/** What a look at a batch found. */
export interface Survey {
  /** Keys of accounts of others that a grant has to open, and the first transfer that needs it. */
  readonly others: ReadonlyMap<bigint, number>;
  /** The records of which something was not in the books. */
  readonly missing: readonly number[];
}

/**
 * Whether transfers may be made, as over the contract: only its owner takes money out of an account, or
 * whoever holds its grant, and posts or voids what it holds; only a module moves money to or from
 * accounts of its own. What is remembered of an account never changes: whose it is, and of which tenant.
 */
export class BatchAccess {
  readonly #subject: string;
  readonly #ownerMark: bigint;
  readonly #tenantMark: number;
  readonly #otherModules: ReadonlySet<bigint>;
  /** By the number of the account. */
  #whose = new Uint8Array(ACCOUNTS_FIRST);

  constructor(of: {
    readonly subject: string;
    readonly tenant: string;
    /** DIDs of the modules of the node. */
    readonly modules: Iterable<string>;
  }) {
    this.#subject = of.subject;
    this.#ownerMark = ownerMark(of.subject);
    this.#tenantMark = tenantMark(of.tenant);
    const others = [...of.modules].filter((did) => did !== of.subject);
    this.#otherModules = new Set(others.map(ownerMark));
  }

  /**
   * Looks at a batch once. Whose an account is does not change, so only what is not there yet has to be
   * looked at again.
   * @throws QONSENT_DENIED, INPUT_INVALID, LIMIT_EXCEEDED for the whole batch
   */
  survey(records: Uint8Array, state: LedgerState): Survey {
    const words = wordsOf(records);
    const others = new Map<bigint, number>();
    const missing: number[] = [];
    for (let at = 0, index = 0; at < words.length; at += RECORD_WORDS, index++) {
      this.#checkForm(words, at, index);
      if (!this.#look(words, at, index, state, others)) missing.push(index);
    }
    return { others, missing };
  }

  /**
   * Looks again at what was missing, in the moment before the batch is applied.
   * @throws SERVICE_UNAVAILABLE where somebody's account was opened since
   */
  lookAgain(records: Uint8Array, state: LedgerState, { others, missing }: Survey): void {
    const words = wordsOf(records);
    const found = new Map(others);
    for (const index of missing) this.#look(words, index * RECORD_WORDS, index, state, found);
    if (found.size > others.size)
      fail('SERVICE_UNAVAILABLE', 'An account was opened while this batch was under way.', {
        retryAfter_ms: 50,
      });
  }

  /** @throws INPUT_INVALID */
  #checkForm(words: Uint32Array, at: number, index: number): void {
    if (((words[at + T_CODE_FLAGS] ?? 0) & IMPORTED) !== 0)
      fail('INPUT_INVALID', 'The books of a node take no imported transfers.', { index });
    if (words[at + T_ID + 3] !== this.#tenantMark)
      fail('INPUT_INVALID', 'The highest 32 bits of the id are the mark of the tenant.', { index });
  }

  /** @returns whether all that it names is in the books */
  #look(
    words: Uint32Array,
    at: number,
    index: number,
    state: LedgerState,
    others: Map<bigint, number>,
  ): boolean {
    if (((words[at + T_CODE_FLAGS] ?? 0) & RESOLVING) === 0)
      return this.#lookAtSides(words, at, index, state, others);
    // A pending transfer of this very batch is looked at itself.
    const pending = state.queries.transfer(readU128(words, at + T_PENDING));
    if (pending === undefined) return false;
    return this.#lookAtSides(wordsOf(pending), 0, index, state, others);
  }

  #lookAtSides(
    words: Uint32Array,
    at: number,
    index: number,
    state: LedgerState,
    others: Map<bigint, number>,
  ): boolean {
    const debit = state.accountNumber(words, at + T_DEBIT);
    const credit = state.accountNumber(words, at + T_CREDIT);
    const debits = debit === NOBODY ? Whose.OWN : this.#whoseIs(debit, state);
    const credits = credit === NOBODY ? Whose.OWN : this.#whoseIs(credit, state);
    if (debits >= Whose.MODULES || credits >= Whose.MODULES)
      this.#refuse(index, 'Only a module moves money to or from accounts of its own.');
    if (debits === Whose.OTHERS) this.#addOther(others, readU128(words, at + T_DEBIT), index);
    const needsCredit = ((words[at + T_CODE_FLAGS] ?? 0) & NEEDS_CREDIT) !== 0;
    if (needsCredit && credits === Whose.OTHERS)
      this.#addOther(others, readU128(words, at + T_CREDIT), index);
    return debit !== NOBODY && credit !== NOBODY;
  }

  #addOther(others: Map<bigint, number>, key: bigint, index: number): void {
    others.set(key, index);
    if (others.size > OTHERS_MAX)
      fail('LIMIT_EXCEEDED', `A batch needs grants for at most ${OTHERS_MAX} accounts.`, {
        limit: OTHERS_MAX,
      });
  }

  #whoseIs(account: number, state: LedgerState): number {
    if (account >= this.#whose.length) this.#grow(account);
    const known = this.#whose[account] ?? Whose.UNKNOWN;
    if (known !== Whose.UNKNOWN) return known;
    const record = wordsOf(state.accountRecord(account));
    const owner = readU128(record, A_USER_128);
    const found =
      record[A_USER_32] !== this.#tenantMark
        ? Whose.ELSEWHERE
        : owner === this.#ownerMark
          ? Whose.OWN
          : this.#otherModules.has(owner)
            ? Whose.MODULES
            : Whose.OTHERS;
    this.#whose[account] = found;
    return found;
  }

  #grow(account: number): void {
    const grown = new Uint8Array(2 ** Math.ceil(Math.log2(account + 1)));
    grown.set(this.#whose);
    this.#whose = grown;
  }

  #refuse(index: number, message: string): never {
    throw new QError('QONSENT_DENIED', message, {
      why: { rule: `transfer ${index} of the batch is not for ${this.#subject} to make` },
      index,
    });
  }
}
