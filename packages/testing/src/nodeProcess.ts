import { spawn, type ChildProcess } from 'node:child_process';
import { createInterface, type Interface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { ModuleName, NodeAddress, RemoteAddresses } from '@anarq/node';
import type { WitnessReport } from './witness.ts';

/** A node in a process of its own. */
export interface NodeProcess {
  readonly address: NodeAddress;
  /** Resolves when the process has ended, with the signal that ended it, if any. */
  readonly exited: Promise<NodeJS.Signals | null>;
  /** What it wrote to its standard error. */
  readonly complaints: string[];
  /** What its books say, of a node that was started with a witness. */
  report(): Promise<WitnessReport>;
  /** Sets the clock of a node that was started with one, to so much beside the machine's. */
  setClock(offset_ms: number): Promise<void>;
  /** Ends it as a crash would. */
  kill(): Promise<void>;
  /** Lets it finish and close. */
  stop(): Promise<void>;
}

export interface NodeOrder {
  readonly dataFolder: string;
  readonly keysFolder: string;
  readonly modules?: readonly ModuleName[];
  readonly remotes?: RemoteAddresses;
  readonly port?: number;
  /** Path of a socket on which the ledger is served. */
  readonly ledgerSocket?: string;
  /** The data folder whose store it takes over, on a server; default: its own. */
  readonly storeOf?: string;
  readonly standby?: boolean;
  readonly killAt?: string;
  readonly pointsFile?: string;
  readonly revokeAt?: { readonly point: string; readonly grant: string };
  readonly witness?: boolean;
  readonly clock?: boolean;
}

/** @param under a program and its arguments under which the node runs, as strace does */
export async function startNodeProcess(
  order: NodeOrder,
  under: readonly string[] = [],
): Promise<NodeProcess> {
  const { child, exited } = spawnNode(order, under);
  const complaints: string[] = [];
  if (child.stderr !== null)
    createInterface({ input: child.stderr }).on('line', (line) => complaints.push(line));
  const lines = child.stdout === null ? undefined : createInterface({ input: child.stdout });
  const address = await answer<NodeAddress>(lines, exited, complaints);
  const end = async (signal: NodeJS.Signals): Promise<void> => {
    child.kill(signal);
    await exited;
  };
  return {
    address,
    exited,
    complaints,
    report: () => {
      const told = answer<WitnessReport>(lines, exited, complaints);
      child.stdin?.write('report\n');
      return told;
    },
    setClock: async (offset_ms) => {
      const told = answer<string>(lines, exited, complaints);
      child.stdin?.write(`clock ${offset_ms}\n`);
      await told;
    },
    kill: () => end('SIGKILL'),
    stop: () => end('SIGTERM'),
  };
}

/** Starts a node and kills it after a while, wherever in its start it is then. */
export async function killWhileStarting(order: NodeOrder, after_ms: number): Promise<void> {
  const { child, exited } = spawnNode(order);
  child.stdout?.resume();
  child.stderr?.resume();
  setTimeout(() => child.kill('SIGKILL'), after_ms);
  await exited;
}

function spawnNode(
  order: NodeOrder,
  under: readonly string[] = [],
): {
  child: ChildProcess;
  exited: Promise<NodeJS.Signals | null>;
} {
  const script = fileURLToPath(new URL('./killableNode.ts', import.meta.url));
  const own = [
    '--disable-warning=ExperimentalWarning',
    `--import=${import.meta.resolve('@anarq/node/shortResolve')}`,
    script,
    JSON.stringify(order),
  ];
  const [tracer, ...words] = under;
  const child = spawn(
    tracer ?? process.execPath,
    tracer === undefined ? own : [...words, process.execPath, ...own],
    { stdio: ['pipe', 'pipe', 'pipe'] },
  );
  // A process that is gone takes no more questions; its end is told by `exited`.
  child.stdin?.on('error', () => undefined);
  const exited = new Promise<NodeJS.Signals | null>((resolve) => {
    child.once('exit', (_code, signal) => resolve(signal));
  });
  return { child, exited };
}

/** The next line that the process prints. */
function answer<T>(
  lines: Interface | undefined,
  exited: Promise<unknown>,
  complaints: readonly string[],
): Promise<T> {
  return new Promise((resolve, reject) => {
    lines?.once('line', (line) => resolve(JSON.parse(line) as T));
    void exited.then(() => reject(new Error(`the node ended: ${complaints.join('\n')}`)));
  });
}
