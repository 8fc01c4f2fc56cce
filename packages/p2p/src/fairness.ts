/** Beside its bytes, a frame costs its listener about so much work as so many bytes. */
const FRAME_COST_BYTES = 512;
/** What one peer may hand over before it is the next one's turn. */
const QUANTUM_BYTES = 64 * 1024;
/** After so much, sockets and timers have their turn. */
const ROUND_BYTES = 512 * 1024;

/** A peer whose frames wait for the application. */
export interface FrameSource {
  /** Bytes of its next frame as the application will see it; undefined: nothing waits. */
  nextBytes(): number | undefined;
  /** Takes the next frame and hands it over. */
  deliver(): void;
}

/**
 * Hands frames of all peers to the application in turns of equal bytes (deficit round robin,
 * Shreedhar and Varghese 1996), so that one with a full queue does not hold up the others.
 */
export class FairDelivery {
  readonly #credits = new Map<FrameSource, number>();
  readonly #schedule: (turn: () => void) => void;
  #scheduled = false;

  constructor(schedule: (turn: () => void) => void = setImmediate) {
    this.#schedule = schedule;
  }

  /** Something waits at this source. */
  ready(source: FrameSource): void {
    if (!this.#credits.has(source)) this.#credits.set(source, 0);
    if (this.#scheduled) return;
    this.#scheduled = true;
    this.#schedule(this.#turn);
  }

  remove(source: FrameSource): void {
    this.#credits.delete(source);
  }

  readonly #turn = (): void => {
    this.#scheduled = false;
    let budget = ROUND_BYTES;
    while (budget > 0 && this.#credits.size > 0) {
      // What is written anew comes last in a map, so the first one is the next in turn.
      for (const [source, credit] of this.#credits) {
        if (budget <= 0) break;
        this.#credits.delete(source);
        const before = credit + QUANTUM_BYTES;
        const left = this.#serve(source, before);
        budget -= before - left;
        if (source.nextBytes() !== undefined) this.#credits.set(source, left);
      }
    }
    const next = this.#credits.keys().next();
    if (!next.done) this.ready(next.value);
  };

  #serve(source: FrameSource, credit: number): number {
    let left = credit;
    for (;;) {
      const bytes = source.nextBytes();
      if (bytes === undefined || bytes + FRAME_COST_BYTES > left) return left;
      left -= bytes + FRAME_COST_BYTES;
      source.deliver();
    }
  }
}
