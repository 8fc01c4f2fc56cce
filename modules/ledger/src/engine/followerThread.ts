import { parentPort, workerData } from 'node:worker_threads';
import type { LedgerCheckpoint } from '@anarq/ledger-engine';
import { LedgerFollower, type FollowerOptions } from './follower.ts';

/** What the thread is asked. `safe` has no answer. */
export type FollowerOrder =
  | { readonly kind: 'safe'; readonly page: number }
  | { readonly kind: 'transfer' | 'balance'; readonly request: number; readonly id: bigint }
  | { readonly kind: 'close' };

const { folder, options, interval_ms } = workerData as {
  readonly folder: string;
  readonly options: FollowerOptions;
  readonly interval_ms: number;
};
const port = parentPort;
if (port === null) throw new Error('the follower of a ledger runs on a thread of its own');

const follower = new LedgerFollower(folder, options);
let safePage = 0;
let isScheduled = false;
let isClosed = false;
let told: LedgerCheckpoint | undefined;

/** Reads on in small steps, so that proofs that are asked for come between. */
function step(): void {
  isScheduled = false;
  if (isClosed) return;
  const isDone = follower.advance(safePage);
  tell();
  if (!isDone) schedule();
}

function schedule(): void {
  if (isScheduled) return;
  isScheduled = true;
  setImmediate(step);
}

/** Signs what is new. */
function sign(): void {
  if (!follower.hasNews) return;
  follower.sign(Math.floor(Date.now() / 1_000));
  tell();
  // A failure ends the thread: nobody knows what is on the disk then.
  void follower.keep();
}

/** Ends with what is here signed and kept, so that the next start has little to read. */
async function close(): Promise<void> {
  // What became safe just before is mostly one step away.
  if (isScheduled) step();
  isClosed = true;
  clearInterval(timer);
  sign();
  await follower.close();
  port?.close();
}

/** Tells the last checkpoint: one that was signed now, or before this start. */
function tell(): void {
  const { checkpoint } = follower;
  if (checkpoint === undefined || checkpoint === told) return;
  told = checkpoint;
  port?.postMessage({ kind: 'checkpoint', checkpoint });
}

const timer = setInterval(sign, interval_ms);
port.on('message', (order: FollowerOrder) => {
  switch (order.kind) {
    case 'safe':
      safePage = Math.max(safePage, order.page);
      schedule();
      return;
    case 'transfer':
    case 'balance': {
      const value =
        order.kind === 'transfer'
          ? follower.proveTransfer(order.id)
          : follower.proveBalance(order.id);
      port.postMessage({ kind: 'answer', request: order.request, value });
      return;
    }
    case 'close':
      void close();
  }
});
