import {
  closeSync,
  fstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  writeSync,
} from 'node:fs';
import { basename, dirname, join } from 'node:path';

/** How much of a log is kept: whichever limit is reached first. */
export interface LogRetention {
  /** Of all its files together. */
  readonly bytes_max: number;
  readonly age_ms_max: number;
}

const FILES = 8;
const DAY_MS = 86_400_000;
const FLUSH_MS = 100;
const BUFFER_CHARS_MAX = 64 * 1024;

/**
 * A file that lines are added to. It is set aside when it is an eighth of what may be kept, or a day
 * old, and the oldest ones go. Lines wait for a tenth of a second, so that a call never waits for the
 * disk; a disk that takes none costs lines, never calls.
 */
export class LogFile {
  readonly #path: string;
  readonly #retention: LogRetention;
  readonly #now_ms: () => number;
  #file: number;
  #bytes: number;
  #begun_ms: number;
  #waiting: string[] = [];
  #chars = 0;
  #timer: NodeJS.Timeout | undefined;
  #lost = 0;

  /** @throws Error where the file cannot be opened */
  constructor(path: string, retention: LogRetention, now_ms: () => number = Date.now) {
    this.#path = path;
    this.#retention = retention;
    this.#now_ms = now_ms;
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
    this.#file = openSync(path, 'a', 0o600);
    const { size, birthtimeMs } = fstatSync(this.#file);
    this.#bytes = size;
    this.#begun_ms = size === 0 ? now_ms() : birthtimeMs;
    this.#forget();
  }

  /** Lines that could not be written. */
  get lost(): number {
    return this.#lost;
  }

  write(line: string): void {
    this.#waiting.push(line);
    this.#chars += line.length;
    if (this.#chars >= BUFFER_CHARS_MAX) this.flush();
    else this.#timer ??= setTimeout(() => this.flush(), FLUSH_MS).unref();
  }

  /** Writes what waits. */
  flush(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const lines = this.#waiting;
    this.#waiting = [];
    this.#chars = 0;
    if (lines.length === 0) return;
    try {
      const bytes = Buffer.from(lines.join(''));
      for (let at = 0; at < bytes.length;) at += writeSync(this.#file, bytes, at);
      this.#bytes += bytes.length;
      const isOld = this.#now_ms() - this.#begun_ms >= DAY_MS;
      if (this.#bytes >= this.#retention.bytes_max / FILES || isOld) this.#rotate();
    } catch {
      this.#lost += lines.length;
    }
  }

  close(): void {
    this.flush();
    closeSync(this.#file);
  }

  #rotate(): void {
    const instant = new Date(this.#now_ms()).toISOString().replaceAll(/[:.]/g, '-');
    renameSync(this.#path, `${this.#path}.${instant}`);
    const next = openSync(this.#path, 'a', 0o600);
    closeSync(this.#file);
    this.#file = next;
    this.#bytes = 0;
    this.#begun_ms = this.#now_ms();
    this.#forget();
  }

  /** Removes what is beyond the limits, the oldest first. */
  #forget(): void {
    const { bytes_max, age_ms_max } = this.#retention;
    const folder = dirname(this.#path);
    const name = basename(this.#path);
    const aside = readdirSync(folder)
      .filter((each) => each.startsWith(`${name}.`) && /\.\d{4}-\d\d-\d\dT[\d-]+Z$/.test(each))
      .toSorted()
      .toReversed();
    let kept = bytes_max / FILES;
    for (const each of aside) {
      const { size, mtimeMs } = statSync(join(folder, each));
      kept += size;
      if (kept > bytes_max || this.#now_ms() - mtimeMs > age_ms_max) rmSync(join(folder, each));
    }
  }
}
