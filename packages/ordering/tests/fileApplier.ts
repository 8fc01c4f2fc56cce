import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { open, truncate, type FileHandle } from 'node:fs/promises';
import type { AppliedHistory, Applier, OrderedCommit } from '../src/index.ts';

interface Line {
  readonly sequence: string;
  readonly time: string;
  readonly key: string;
  readonly answer: string;
}

/**
 * Books as plain as can be: a file with a line for each batch that acted, synced before it is answered.
 * What a node is held to is read from the file.
 */
export class FileApplier implements Applier {
  readonly #path: string;
  readonly #file: FileHandle;
  readonly #lines: Line[];
  readonly #byKey = new Map<string, Line>();
  #applied: bigint;
  #digest: string;
  #isDropped = false;
  /** Thrown by the next apply. */
  failure: Error | undefined;
  /** Awaited by each apply before it syncs. */
  gate: Promise<void> | undefined;
  /** Every commit that was brought, in order, those again that were there before. */
  readonly brought: OrderedCommit[] = [];

  private constructor(path: string, file: FileHandle, lines: Line[]) {
    this.#path = path;
    this.#file = file;
    this.#lines = lines;
    this.#digest = '0'.repeat(64);
    for (const line of lines) {
      this.#byKey.set(line.key, line);
      this.#digest = digestOf(this.#digest, line);
    }
    this.#applied = BigInt(lines.at(-1)?.sequence ?? 0);
  }

  static async open(path: string): Promise<FileApplier> {
    const text = existsSync(path) ? readFileSync(path, 'utf8') : '';
    const whole = text.slice(0, text.lastIndexOf('\n') + 1);
    const lines = whole
      .split('\n')
      .slice(0, -1)
      .map((line) => JSON.parse(line) as Line);
    if (existsSync(path)) await truncate(path, Buffer.byteLength(whole));
    return new FileApplier(path, await open(path, 'a'), lines);
  }

  applied(): bigint {
    return this.#applied;
  }

  history(): AppliedHistory {
    const last = this.#lines.at(-1);
    return { sequence: BigInt(last?.sequence ?? 0), key: last?.key, digest: this.#digest };
  }

  async apply(commits: readonly OrderedCommit[]): Promise<readonly Uint8Array[]> {
    if (this.failure !== undefined) throw this.failure;
    this.brought.push(...commits);
    const answers: string[] = [];
    let text = '';
    for (const { sequence, time_ns, key, bytes } of commits) {
      const known = this.#byKey.get(key);
      answers.push(known?.answer ?? `${this.#lines.length}:${sha256(bytes)}`);
      if (known !== undefined) continue;
      const line = {
        sequence: String(sequence),
        time: String(time_ns),
        key,
        answer: answers.at(-1) ?? '',
      };
      this.#lines.push(line);
      this.#byKey.set(key, line);
      this.#digest = digestOf(this.#digest, line);
      text += `${JSON.stringify(line)}\n`;
    }
    await this.gate;
    if (this.#isDropped) return new Promise<never>(() => undefined);
    if (text !== '') {
      await this.#file.appendFile(text);
      await this.#file.datasync();
    }
    if (this.#isDropped) return new Promise<never>(() => undefined);
    this.#applied = commits.at(-1)?.sequence ?? this.#applied;
    return answers.map((answer) => new TextEncoder().encode(answer));
  }

  /** As a process that is killed: what is not in the file by now never comes there, and nobody is answered. */
  async drop(): Promise<FileApplier> {
    this.#isDropped = true;
    await this.#file.close();
    return FileApplier.open(this.#path);
  }

  async close(): Promise<void> {
    await this.#file.close();
  }

  /** Keys in the order in which they acted. */
  get keys(): string[] {
    return this.#lines.map(({ key }) => key);
  }

  /** SHA-256 over all that acted, with its place, time and answer. */
  get stateHash(): string {
    return this.#digest;
  }
}

const sha256 = (bytes: string | Uint8Array): string =>
  createHash('sha256').update(bytes).digest('hex');

const digestOf = (before: string, line: Line): string => sha256(before + JSON.stringify(line));
