/**
 * One line on a terminal that says what runs and for how long; silent where stderr is no terminal.
 */
export class Progress {
  readonly #running = new Map<string, { since_ms: number; detail: string }>();
  readonly #active: boolean;
  #timer: NodeJS.Timeout | undefined;

  /** @param wanted false keeps it silent on a terminal too. */
  constructor(wanted: boolean) {
    this.#active = wanted && process.stderr.isTTY;
  }

  started(name: string): void {
    this.#running.set(name, { since_ms: performance.now(), detail: '' });
    if (this.#active) this.#timer ??= setInterval(() => this.#draw(), 250).unref();
  }

  ended(name: string): void {
    this.#running.delete(name);
    if (this.#running.size > 0) return;
    clearInterval(this.#timer);
    this.#timer = undefined;
    this.clear();
  }

  /** What a running check is at: shown after its time. */
  detail(name: string, text: string): void {
    const entry = this.#running.get(name);
    if (entry !== undefined) entry.detail = text;
  }

  /** Takes the line away, before something else is printed. */
  clear(): void {
    if (this.#active) process.stderr.write('\r\u001b[K');
  }

  #draw(): void {
    const parts = [...this.#running].map(([name, { since_ms, detail }]) => {
      const seconds = Math.floor((performance.now() - since_ms) / 1000);
      return `${name} ${seconds} s${detail === '' ? '' : ` · ${detail}`}`;
    });
    const width = (process.stderr.columns || 80) - 1;
    process.stderr.write(`\r\u001b[K${`… ${parts.join('   ')}`.slice(0, width)}`);
  }
}
