import { spawn, type ChildProcess } from 'node:child_process';
import { join } from 'node:path';

const MAIN = join(import.meta.dirname, '../apps/cli/src/main.ts');

export interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Starts the q command, as a person would type it. */
export const spawnQ = (args: readonly string[]): ChildProcess =>
  spawn(process.execPath, ['--disable-warning=ExperimentalWarning', MAIN, ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });

/** Runs the q command to its end. */
export function q(...args: readonly string[]): Promise<Ended> {
  const child = spawnQ(args);
  let stdout = '';
  let stderr = '';
  child.stdout?.on('data', (chunk: Buffer) => (stdout += chunk.toString()));
  child.stderr?.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
  return new Promise((resolve) => {
    child.once('close', (code) => resolve({ code, stdout, stderr }));
  });
}

/** A node that `q up` started. */
export interface UpNode {
  readonly address: Readonly<Record<string, unknown>>;
  stop(): Promise<void>;
}

/** Starts `q up --json`; it is up when this resolves. */
export async function up(...args: readonly string[]): Promise<UpNode> {
  const child = spawnQ(['up', '--json', '--port', '0', ...args]);
  const exited = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  let complaint = '';
  child.stderr?.on('data', (chunk: Buffer) => (complaint += chunk.toString()));
  const line = await new Promise<string>((resolve, reject) => {
    child.stdout?.once('data', (chunk: Buffer) => resolve(chunk.toString()));
    void exited.then(() => reject(new Error(complaint)));
  });
  return {
    address: JSON.parse(line) as Record<string, unknown>,
    stop: async () => {
      child.kill('SIGTERM');
      await exited;
    },
  };
}
