/** Reads what an account holds of an asset, in minor units; '' is no colour. */
export type ReadBalance = (account: string, asset: string, color: string) => bigint;

// Neither accounts, assets nor colours hold a space.
const keyOf = (account: string, asset: string, color: string): string =>
  `${account} ${asset} ${color}`;

/** Balances in the course of a run: each is read once, and moves on from there. */
export class Book {
  readonly #read: ReadBalance;
  readonly #before = new Map<string, bigint>();
  readonly #moved = new Map<string, bigint>();
  readonly #saved = new Map<string, bigint>();
  /** What moved, for undoing. */
  readonly #journal: { readonly key: string; readonly deltaMinor: bigint }[] = [];

  constructor(read: ReadBalance) {
    this.#read = read;
  }

  /** What an account holds now. */
  balance(account: string, asset: string, color = ''): bigint {
    const key = keyOf(account, asset, color);
    let before = this.#before.get(key);
    if (before === undefined) {
      before = this.#read(account, asset, color);
      this.#before.set(key, before);
    }
    return before + (this.#moved.get(key) ?? 0n);
  }

  /** What may be taken from an account now, but for an overdraft: less than nothing where it owes. */
  available(account: string, asset: string, color = ''): bigint {
    return (
      this.balance(account, asset, color) - (this.#saved.get(keyOf(account, asset, color)) ?? 0n)
    );
  }

  move(account: string, asset: string, color: string, deltaMinor: bigint): void {
    const key = keyOf(account, asset, color);
    this.#moved.set(key, (this.#moved.get(key) ?? 0n) + deltaMinor);
    this.#journal.push({ key, deltaMinor });
  }

  /** Keeps an amount from being taken, beside what is kept already. */
  save(account: string, asset: string, amountMinor: bigint): void {
    const key = keyOf(account, asset, '');
    this.#saved.set(key, (this.#saved.get(key) ?? 0n) + amountMinor);
  }

  /** Keeps all that an account has from being taken. What it owes stays owed. */
  saveAll(account: string, asset: string): void {
    const availableMinor = this.available(account, asset);
    if (availableMinor > 0n) this.save(account, asset, availableMinor);
  }

  /** How much moved so far, for undoing what comes after. */
  get mark(): number {
    return this.#journal.length;
  }

  undo(mark: number): void {
    for (const { key, deltaMinor } of this.#journal.splice(mark))
      this.#moved.set(key, (this.#moved.get(key) ?? 0n) - deltaMinor);
  }
}
