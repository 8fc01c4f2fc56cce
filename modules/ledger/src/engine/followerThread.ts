import { parentPort, workerData } from 'node:worker_threads';
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
let signedEvents = -1;
let isScheduled = false;

/** Reads on in small steps, so that proofs that are asked for come between. */
function step(): void {
  isScheduled = false;
  if (!follower.advance(safePage)) schedule();
}

function schedule(): void {
  if (isScheduled) return;
  isScheduled = true;
  setImmediate(step);
}

/** Signs what is new. */
function sign(): void {
  if (follower.events === signedEvents && follower.checkpoint !== undefined) return;
  const checkpoint = follower.sign(Math.floor(Date.now() / 1_000));
  signedEvents = follower.events;
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
      clearInterval(timer);
      follower.close();
      port.close();
  }
});
