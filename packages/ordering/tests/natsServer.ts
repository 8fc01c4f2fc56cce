import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, connect } from 'node:net';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';

/** Programs that run as services are not on everybody's PATH. */
const FOLDERS = [
  ...(process.env['PATH'] ?? '').split(delimiter),
  '/usr/local/sbin',
  '/usr/sbin',
  '/sbin',
];
const program = FOLDERS.map((folder) => join(folder, 'nats-server')).find((path) =>
  existsSync(path),
);
if (program === undefined)
  console.warn('nats-server is not on this machine: tests that kill one are skipped');

/** Whether a server can be started here. */
export const canStartNats: boolean = program !== undefined;

/** A NATS server of one test, which may be killed. Its streams lie in a folder of its own. */
export class NatsServer {
  readonly folder: string;
  readonly port: number;
  #process: ChildProcess | undefined;

  private constructor(folder: string, port: number) {
    this.folder = folder;
    this.port = port;
  }

  static async start(): Promise<NatsServer> {
    const server = new NatsServer(await mkdtemp(join(tmpdir(), 'nats-')), await freePort());
    await server.start();
    return server;
  }

  get url(): string {
    return `nats://127.0.0.1:${this.port}`;
  }

  async start(): Promise<void> {
    const order = ['-a', '127.0.0.1', '-p', String(this.port), '-js', '-sd', this.folder];
    if (program === undefined) throw new Error('nats-server is not on this machine');
    this.#process = spawn(program, order, { stdio: 'ignore' });
    while (!(await answers(this.port))) await new Promise((resolve) => setTimeout(resolve, 20));
  }

  /** SIGKILL; what it had written is in the memory of the system, and is there when it starts again. */
  async kill(): Promise<void> {
    const killed = this.#process;
    this.#process = undefined;
    if (killed === undefined) return;
    const gone = once(killed, 'exit');
    killed.kill('SIGKILL');
    await gone;
  }

  async remove(): Promise<void> {
    await this.kill();
    await rm(this.folder, { recursive: true, force: true });
  }
}

async function freePort(): Promise<number> {
  const server = createServer();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  if (address === null || typeof address === 'string') throw new Error('no port was given');
  return address.port;
}

function answers(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.once('data', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });
}
