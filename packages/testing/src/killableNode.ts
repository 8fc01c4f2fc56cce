import { appendFileSync } from 'node:fs';
import { flushCompileCache } from 'node:module';
import { createInterface } from 'node:readline';
import { testBus } from '@anarq/bus/testing';
import { startNode, type ModuleName, type RemoteAddresses } from '@anarq/node';
import { testStore } from '@anarq/store/testing';
import { attachWitness } from './witness.ts';

/** A node in a process of its own that can end at a named point as by kill -9; started by URL. */
interface Order {
  readonly dataFolder: string;
  readonly keysFolder: string;
  /** Modules that run in this process; default: all that do not run elsewhere. */
  readonly modules?: readonly ModuleName[];
  /** Modules that run in other processes, and where. */
  readonly remotes?: RemoteAddresses;
  readonly port?: number;
  /** Path of a socket on which the ledger is served. */
  readonly ledgerSocket?: string;
  /** The data folder whose store it takes over, on a server; default: its own. */
  readonly storeOf?: string;
  readonly standby?: boolean;
  /** The point of the kernel at which the process ends itself with SIGKILL. */
  readonly killAt?: string;
  /** File to which every point that is passed is appended. */
  readonly pointsFile?: string;
  /** A grant that ends while the node is at a point. */
  readonly revokeAt?: { readonly point: string; readonly grant: string };
  /** Counts the effect of each event, and reports what the books say when a line asks for it. */
  readonly witness?: boolean;
  /** The clock is the machine's, and as much as a line `clock 3600000` says, told by the line again. */
  readonly clock?: boolean;
}

const order = JSON.parse(process.argv[2] ?? '{}') as Order;

let offset_ms = 0;
const node = await startNode({
  dataFolder: order.dataFolder,
  keysFolder: order.keysFolder,
  ...testStore(order.storeOf ?? order.dataFolder),
  standby: order.standby,
  ...testBus(),
  port: order.port ?? 0,
  ledgerSocket: order.ledgerSocket === undefined ? undefined : { path: order.ledgerSocket },
  modules: order.modules,
  remotes: order.remotes,
  version: '0.0.0-test',
  ...(order.clock === true
    ? { now_ms: () => Date.now() + offset_ms, monotonic_ms: () => performance.now() }
    : {}),
  probe: (point) => {
    if (order.pointsFile !== undefined) appendFileSync(order.pointsFile, `${point}\n`);
    if (point === order.revokeAt?.point) revoke(order.revokeAt.grant);
    if (point !== order.killAt) return;
    process.kill(process.pid, 'SIGKILL');
    // The signal arrives at once, but not within this call: nothing more may be done here.
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
  },
  onError: (error, where) => process.stderr.write(`${where}: ${String(error)}\n`),
});
process.on('SIGTERM', () => {
  void node.close().then(() => process.exit(0));
});
const report = order.witness === true ? await attachWitness(node) : undefined;
// Node writes it at the end of a process, and these end before: each would compile everything anew.
flushCompileCache();
process.stdout.write(`${JSON.stringify(node.address)}\n`);
if (report !== undefined || order.clock === true) {
  const lines = createInterface({ input: process.stdin });
  lines.on('line', (line) => {
    const [word, value] = line.split(' ');
    if (word === 'clock') {
      offset_ms = Number(value);
      void node.kernel.lookAtClock().then(() => process.stdout.write(`${JSON.stringify(line)}\n`));
      return;
    }
    void report?.().then((found) => process.stdout.write(`${JSON.stringify(found)}\n`));
  });
  // Whoever asks is gone: nobody would end this process.
  lines.once('close', () => process.kill(process.pid, 'SIGKILL'));
}

/** Begins to revoke a grant; the commit that follows next in the store's queue finds it revoked. */
function revoke(grant: string): void {
  const revocation = node.kernel.services.grants.prepareRevoke(grant, Date.now());
  void node.store.commit(revocation.statements);
  revocation.activate();
}
