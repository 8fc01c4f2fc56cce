import { paint } from '../terminal.ts';

/** What takes less is over before anybody could read how far it is. */
const SHOWN_AFTER_MS = 1_000;

type Terminal = Pick<NodeJS.WriteStream, 'isTTY' | 'columns' | 'write'>;

/**
 * A line on standard error that says how far a run is, on a terminal and of long runs. It is overwritten by the
 * next one, and gone when the run is over.
 */
export class ProgressLine {
  readonly #stream: Terminal;
  readonly #began_ms: number;
  readonly #now_ms: () => number;
  #isShown = false;

  constructor(stream: Terminal = process.stderr, now_ms: () => number = () => performance.now()) {
    this.#stream = stream;
    this.#now_ms = now_ms;
    this.#began_ms = now_ms();
  }

  show(text: string): void {
    if (!this.#stream.isTTY || this.#now_ms() - this.#began_ms < SHOWN_AFTER_MS) return;
    // Wider than the terminal it would not be overwritten.
    const shown = text.slice(0, Math.max(1, this.#stream.columns - 4));
    this.#stream.write(`\r\u001B[2K  ${paint.dim(shown)}`);
    this.#isShown = true;
  }

  end(): void {
    if (this.#isShown) this.#stream.write('\r\u001B[2K');
    this.#isShown = false;
  }
}
