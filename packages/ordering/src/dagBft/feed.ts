import type { ExecutedCommit } from '@anarq/dag';
import type { Archive } from '@anarq/validator';

/**
 * What a validator executes, on its way to the books: one commit after another, each of which the validator
 * keeps until it is safe here. A validator is opened with its `archive`, and the order with the feed.
 */
export class CommitFeed {
  readonly archive: Archive;
  readonly #reader = Promise.withResolvers<(executed: ExecutedCommit) => Promise<void>>();

  /** @param next is told of the same, where somebody else keeps the chain's history as well */
  constructor(next?: Archive) {
    this.archive = {
      keep: async (executed) => {
        const read = await this.#reader.promise;
        await Promise.all([read(executed), next?.keep(executed)]);
      },
      certified: (certificate) => next?.certified?.(certificate),
    };
    this.#reader.promise.catch(() => undefined);
  }

  /** Has every commit read from now on, those first that came before. */
  attach(read: (executed: ExecutedCommit) => Promise<void>): void {
    this.#reader.resolve(read);
  }

  /** Nobody will read: what was executed is not safe, and the validator may not forget it. */
  close(): void {
    this.#reader.reject(new Error('the order was closed before it read the chain'));
  }
}
