import type { Segments } from './segments.ts';

/** How long a full disk is taken for one before it is tried again. */
const FULL_MS = 1_000;

/** The room that a log has on the disk. */
export class Room {
  readonly #segments: Segments;
  readonly #onChange: () => void;
  /** Why there is no more; a full disk is told to those who wait, until it is tried again. */
  full: Error | undefined;
  #isLater = false;

  /** @param onChange is told when there is more, or will be no more */
  constructor(segments: Segments, onChange: () => void) {
    this.#segments = segments;
    this.#onChange = onChange;
  }

  /** Makes the next segment. */
  prepare(): void {
    const isReady = (): void => {
      this.full = undefined;
      this.#onChange();
    };
    const isFull = (error: unknown): void => {
      this.full = error instanceof Error ? error : new Error(String(error));
      this.#onChange();
      setTimeout(() => (this.full = undefined), FULL_MS).unref();
    };
    this.#segments.prepare().then(isReady, isFull);
  }

  /** Has it tried again a little later, by whoever waits for room. */
  tryLater(): void {
    if (this.#isLater) return;
    this.#isLater = true;
    setTimeout(() => {
      this.#isLater = false;
      this.#onChange();
    }, FULL_MS).unref();
  }
}
