import { BATCH_EVENTS_MAX } from '@anarq/ledger-engine';
import { fromBase64url } from '@anarq/crypto';
import { LedgerClient, openingWith } from '@anarq/ledger/socket';
import { answerOrders } from '../measuring/child.ts';
import { accountsFrom, Batches, type BatchOrder } from './batches.ts';
import { drive, type Load } from './drive.ts';
import { loadOverHttp, type HttpPlace, type HttpShape } from './httpLoad.ts';
import type { NodeCaller } from './nodeServer.ts';

export interface Place {
  readonly path: string;
  readonly secret: string;
  /** Of a node, which has no secret: who opens a connection. */
  readonly caller?: NodeCaller | undefined;
}

/** What to send, and how: `depth` requests are under way on each connection. */
export interface LoadShape extends BatchOrder {
  readonly depth: number;
  readonly connections: number;
  readonly requests: number;
}

type Order =
  | ({ readonly kind: 'accounts'; readonly count: number } & Place)
  | ({ readonly kind: 'load'; readonly shape: LoadShape } & Place)
  | { readonly kind: 'http'; readonly shape: HttpShape; readonly place: HttpPlace };

/** The id that comes next in each ledger. */
const nextIds = new Map<string, number>();

/** Who sends: a process of its own, beside the one that serves. */
answerOrders(
  async (order: Order) => {
    if (order.kind === 'http') return loadOverHttp(order.place, order.shape);
    return order.kind === 'accounts' ? open(order) : load(order, order.shape);
  },
  () => Promise.resolve(),
);

async function open({ path, secret, count }: Place & { count: number }): Promise<number> {
  const client = await LedgerClient.connect({ path }, { secret });
  for (let from = 1; from <= count; from += BATCH_EVENTS_MAX) {
    const records = accountsFrom(from, Math.min(BATCH_EVENTS_MAX, count + 1 - from));
    const { refused } = await client.createAccounts(records);
    if (refused.length > 0) throw new Error(`${refused.length} accounts were refused`);
  }
  await client.close();
  return count;
}

const openingOf = ({ node, identity, seed }: NodeCaller): object =>
  openingWith({ node, identity, seed: fromBase64url(seed) });

async function load({ path, secret, caller }: Place, shape: LoadShape): Promise<Load> {
  const lanes = shape.connections * shape.depth;
  const batches = new Batches({ ...shape, tenant: caller?.tenant }, lanes, nextIds.get(path) ?? 1);
  const clients = await Promise.all(
    Array.from({ length: shape.connections }, () =>
      LedgerClient.connect({ path }, caller === undefined ? { secret } : openingOf(caller)),
    ),
  );
  try {
    return await drive(
      Array.from({ length: lanes }, (_, lane) => async () => {
        const client = clients[lane % clients.length]!;
        return (await client.createTransfers(batches.take())).refused.length;
      }),
      shape.requests,
      shape.batch,
    );
  } finally {
    nextIds.set(path, batches.nextId);
    await Promise.all(clients.map((each) => each.close()));
  }
}
