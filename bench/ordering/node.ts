import { BATCH_EVENTS_MAX } from '@anarq/ledger-engine';
import { LedgerWriter } from '@anarq/ledger/engine';
import { OrderedLedger } from '@anarq/ledger/ordered';
import { openJetStreamOrdering } from '@anarq/ordering';
import { accountsFrom, Batches } from '../ledger/batches.ts';
import { drive, type Load } from '../ledger/drive.ts';
import { answerOrders, argumentOf } from '../measuring/child.ts';
import { percentile } from '../measuring/figures.ts';

/** Which books a process opens: those of one writer, or those of a node behind a broker. */
export interface NodeArgument {
  readonly folder: string;
  readonly broker?: { readonly url: string; readonly space: string } | undefined;
}

export interface NodeShape {
  /** Transfers of a batch. */
  readonly batch: number;
  /** Batches under way at once. */
  readonly depth: number;
  readonly requests: number;
}

export type NodeLoad = Load & { readonly p50_ms: number };

type Order =
  | { readonly kind: 'open' }
  | { readonly kind: 'load'; readonly shape: NodeShape }
  | { readonly kind: 'state'; readonly events: number };

const ACCOUNTS = 1_000;
const WAIT_MS = 60_000;

/** Books as a load needs them, whoever orders what comes into them. */
type LoadedBooks = Pick<LedgerWriter, 'createAccounts' | 'createTransfers' | 'state' | 'close'>;

/** One node in a process of its own. */
const { folder, broker } = argumentOf<NodeArgument>();
let books: LoadedBooks | undefined;

answerOrders(
  async (order: Order) => {
    if (order.kind === 'open') return open();
    return order.kind === 'load' ? load(order.shape) : state(order.events);
  },
  async () => books?.close(),
);

async function open(): Promise<void> {
  // One writer as it is in a node: nothing stands between it and its log.
  if (broker === undefined) books = await LedgerWriter.open(folder, {});
  else
    books = await OrderedLedger.open({
      folder,
      order: (applier) =>
        openJetStreamOrdering({ ...broker, key32: new Uint8Array(32), applier, onError: throwIt }),
      onError: throwIt,
    });
}

const throwIt = (error: unknown): never => {
  throw error;
};

const opened = (): LoadedBooks => {
  if (books === undefined) throw new Error('the books are not open');
  return books;
};

async function load({ batch, depth, requests }: NodeShape): Promise<NodeLoad> {
  const { state: before } = opened();
  if (before.accountsCount === 0)
    for (let from = 1; from <= ACCOUNTS; from += BATCH_EVENTS_MAX)
      await opened().createAccounts(accountsFrom(from, Math.min(BATCH_EVENTS_MAX, ACCOUNTS)));
  const shape = { batch, mix: 'plain', ids: 'rising', accounts: ACCOUNTS } as const;
  const batches = new Batches(shape, depth, before.eventsCount + 1);
  const latencies_ms: number[] = [];
  const send = async (): Promise<number> => {
    const begun_ms = performance.now();
    const { results } = await opened().createTransfers(batches.take());
    latencies_ms.push(performance.now() - begun_ms);
    return results.reduce((sum, result) => (result === 0 ? sum : sum + 1), 0);
  };
  const lanes = Array.from({ length: depth }, () => send);
  const measured = await drive(lanes, requests, batch);
  return { ...measured, p50_ms: percentile(latencies_ms, 0.5) };
}

/** The state hash, once so many events are in the books. */
async function state(events: number): Promise<string> {
  const end_ms = performance.now() + WAIT_MS;
  while (opened().state.eventsCount < events) {
    if (performance.now() > end_ms)
      throw new Error(`${opened().state.eventsCount} of ${events} events came`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  return Buffer.from(opened().state.stateHash()).toString('hex');
}
