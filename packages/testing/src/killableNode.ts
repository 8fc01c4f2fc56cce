import { appendFileSync } from 'node:fs';
import { startNode } from '@anarq/node';

/** A node in a process of its own that can end at a named point as by kill -9; started by URL. */
interface Order {
  readonly dataFolder: string;
  readonly keysFolder: string;
  /** The point of the kernel at which the process ends itself with SIGKILL. */
  readonly killAt?: string;
  /** File to which every point that is passed is appended. */
  readonly pointsFile?: string;
  /** A grant that ends while the node is at a point. */
  readonly revokeAt?: { readonly point: string; readonly grant: string };
}

const order = JSON.parse(process.argv[2] ?? '{}') as Order;

const node = await startNode({
  dataFolder: order.dataFolder,
  keysFolder: order.keysFolder,
  port: 0,
  version: '0.0.0-test',
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
process.stdout.write(`${JSON.stringify(node.address)}\n`);

/** Begins to revoke a grant; the commit that follows next in the store's queue finds it revoked. */
function revoke(grant: string): void {
  const revocation = node.kernel.services.grants.prepareRevoke(grant, Date.now());
  void node.store.commit(revocation.statements);
  revocation.activate();
}
