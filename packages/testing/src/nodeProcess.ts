import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { NodeAddress } from '@anarq/node';

/** A node in a process of its own. */
export interface NodeProcess {
  readonly address: NodeAddress;
  /** Resolves when the process has ended, with the signal that ended it, if any. */
  readonly exited: Promise<NodeJS.Signals | null>;
  /** What it wrote to its standard error. */
  readonly complaints: string[];
  /** Ends it as a crash would. */
  kill(): Promise<void>;
  /** Lets it finish and close. */
  stop(): Promise<void>;
}

export async function startNodeProcess(order: {
  readonly dataFolder: string;
  readonly keysFolder: string;
  readonly killAt?: string;
  readonly pointsFile?: string;
  readonly revokeAt?: { readonly point: string; readonly grant: string };
}): Promise<NodeProcess> {
  const script = fileURLToPath(new URL('./killableNode.ts', import.meta.url));
  const child = spawn(
    process.execPath,
    ['--disable-warning=ExperimentalWarning', script, JSON.stringify(order)],
    { stdio: ['ignore', 'pipe', 'pipe'] },
  );
  const exited = new Promise<NodeJS.Signals | null>((resolve) => {
    child.once('exit', (_code, signal) => resolve(signal));
  });
  const complaints: string[] = [];
  createInterface({ input: child.stderr }).on('line', (line) => complaints.push(line));
  const address = await new Promise<NodeAddress>((resolve, reject) => {
    createInterface({ input: child.stdout }).once('line', (line) => {
      resolve(JSON.parse(line) as NodeAddress);
    });
    void exited.then(() => reject(new Error(`the node did not start: ${complaints.join('\n')}`)));
  });
  const end = async (signal: NodeJS.Signals): Promise<void> => {
    child.kill(signal);
    await exited;
  };
  return { address, exited, complaints, kill: () => end('SIGKILL'), stop: () => end('SIGTERM') };
}
