import { BATCH_EVENTS_MAX } from '@anarq/ledger-engine';
import { LedgerWriter, type WriterOptions } from '@anarq/ledger/engine';
import { answerOrders, argumentOf } from '../measuring/child.ts';
import { accountsFrom, Batches, type BatchOrder } from './batches.ts';
import { drive, type Load } from './drive.ts';

export interface BooksArgument {
  readonly folder: string;
  readonly options: WriterOptions;
}

/** How a ledger was opened. */
export interface Opened {
  readonly open_ms: number;
  /** Batches that came after the snapshot. */
  readonly replayed: number;
  readonly events: number;
}

export type InProcessShape = BatchOrder & { readonly depth: number; readonly requests: number };

type Order =
  | { readonly kind: 'open' }
  | { readonly kind: 'accounts'; readonly count: number }
  | { readonly kind: 'load'; readonly shape: InProcessShape };

/** A ledger in a process of its own, used without a socket. */
const { folder, options } = argumentOf<BooksArgument>();
let writer: LedgerWriter | undefined;

answerOrders(
  async (order: Order) => {
    if (order.kind === 'open') return open();
    return order.kind === 'accounts' ? openAccounts(order.count) : load(order.shape);
  },
  async () => writer?.close(),
);

async function open(): Promise<Opened> {
  const begun_ms = performance.now();
  writer = await LedgerWriter.open(folder, options);
  return {
    open_ms: performance.now() - begun_ms,
    replayed: writer.replayed,
    events: writer.state.eventsCount,
  };
}

const opened = (): LedgerWriter => {
  if (writer === undefined) throw new Error('the ledger is not open');
  return writer;
};

async function openAccounts(count: number): Promise<number> {
  for (let from = 1; from <= count; from += BATCH_EVENTS_MAX) {
    const records = accountsFrom(from, Math.min(BATCH_EVENTS_MAX, count + 1 - from));
    const { results } = await opened().createAccounts(records);
    if (results.some((result) => result !== 0)) throw new Error('an account was refused');
  }
  return count;
}

function load(shape: InProcessShape): Promise<Load> {
  const books = opened();
  // Ids follow from how many events there are, so that a ledger that was opened again goes on.
  const batches = new Batches(shape, shape.depth, books.state.eventsCount + 1);
  const send = async (): Promise<number> => {
    const { results } = await books.createTransfers(batches.take());
    let refused = 0;
    for (const result of results) if (result !== 0) refused++;
    return refused;
  };
  return drive(
    Array.from({ length: shape.depth }, () => send),
    shape.requests,
    shape.batch,
  );
}
