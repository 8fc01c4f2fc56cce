import { LogDamaged, type BooksPosition } from '@anarq/ledger-engine';
import type { FollowerBooks } from './followerBooks.ts';
import type { KeptNotes } from './signedNotes.ts';

/**
 * What was signed last before this start. The log has to lead to it: whoever holds that note could
 * otherwise be shown another history, or a shorter one.
 */
export class SignedBefore {
  readonly #kept: KeptNotes;
  #position: BooksPosition | undefined;

  constructor(kept: KeptNotes) {
    this.#kept = kept;
  }

  /** The position of the books that was signed, where they have come to it; undefined before. */
  get position(): BooksPosition | undefined {
    return this.#position;
  }

  /**
   * Looks at the books after a batch.
   * @throws LogDamaged where they went past what was signed, and were never that
   */
  meet(books: FollowerBooks): void {
    if (this.#position !== undefined) return;
    const { transfers, accounts } = this.#kept;
    const [events, leaves] = [books.eventsCount, books.accountsCount + 1];
    if (events > transfers.size || leaves > accounts.size) throw this.missed(books);
    if (events < transfers.size || leaves < accounts.size) return;
    // A batch of accounts that were all refused moves the time alone: the next one may be it.
    const { position, accountsRoot } = books.trees();
    if (isSame(position.transfersRoot, transfers.root) && isSame(accountsRoot, accounts.root))
      this.#position = position;
  }

  /** That the log does not lead to what was signed. */
  missed({ position: { page }, eventsCount, accountsCount }: FollowerBooks): LogDamaged {
    const { transfers, accounts } = this.#kept;
    return new LogDamaged(
      page,
      `the log before page ${page} does not lead to the checkpoint that was signed last: ` +
        `it has ${eventsCount} events and ${accountsCount} accounts, ` +
        `signed were ${transfers.size} and ${accounts.size - 1}`,
    );
  }
}

const isSame = (one: Uint8Array, other: Uint8Array): boolean => Buffer.compare(one, other) === 0;
