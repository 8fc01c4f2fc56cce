/** How hard a node is pressed. */
export interface Load {
  /** How much later than asked a timer of this process came, milliseconds. */
  readonly delay_ms: number;
  /** Commits that wait for their answer. */
  readonly queue: number;
}

/** Where pressure begins, and where it is over: far enough apart that the one does not bring the other. */
export const PRESSURE = {
  begins: { delay_ms: 500, queue: 5_000 },
  ends: { delay_ms: 100, queue: 1_000 },
  /** Looks in a row that must agree: a burst, or one long garbage collection, is no pressure. */
  looksToBegin: 10,
  looksToEnd: 8,
} as const;

/** Tells lasting pressure from a moment of it. */
export class Pressure {
  #isOn = false;
  #agreeing = 0;

  get isOn(): boolean {
    return this.#isOn;
  }

  /** @returns whether the node is under pressure, after this look */
  look({ delay_ms, queue }: Load): boolean {
    const { begins, ends, looksToBegin, looksToEnd } = PRESSURE;
    const agrees = this.#isOn
      ? delay_ms < ends.delay_ms && queue < ends.queue
      : delay_ms > begins.delay_ms || queue > begins.queue;
    this.#agreeing = agrees ? this.#agreeing + 1 : 0;
    if (this.#agreeing >= (this.#isOn ? looksToEnd : looksToBegin)) {
      this.#isOn = !this.#isOn;
      this.#agreeing = 0;
    }
    return this.#isOn;
  }
}
