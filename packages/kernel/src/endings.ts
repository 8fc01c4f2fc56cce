/**
 * Tells those who act under an authority beyond one call that some authority ended: a grant or token
 * was revoked, an identity suspended. They look again whether it was theirs.
 */
export class Endings {
  readonly #listeners = new Set<() => void>();

  tell(): void {
    for (const listener of this.#listeners) listener();
  }

  /** @returns ends the listening */
  listen(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }
}
