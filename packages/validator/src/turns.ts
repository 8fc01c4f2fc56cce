/** What several peers want to be done, one of each in turn: who wants much waits for itself alone. */
export class Turns<T> {
  readonly #waiting = new Map<string, T[]>();

  add(peer: string, wish: T): void {
    const of = this.#waiting.get(peer);
    if (of === undefined) this.#waiting.set(peer, [wish]);
    else of.push(wish);
  }

  next(): T | undefined {
    for (const [peer, wishes] of this.#waiting) {
      const wish = wishes.shift();
      // What is written anew comes last in a map, so the first one is the next in turn.
      this.#waiting.delete(peer);
      if (wishes.length > 0) this.#waiting.set(peer, wishes);
      return wish;
    }
    return undefined;
  }
}
