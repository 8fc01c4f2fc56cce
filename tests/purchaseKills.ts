import { isOnNats } from '@anarq/bus/testing';
import { ledger } from '@anarq/ledger/contract';
import { qdrive } from '@anarq/qdrive/contract';
import { qmarket } from '@anarq/qmarket/contract';
import { qwallet } from '@anarq/qwallet/contract';
import { startNodeProcess, type NodeProcess } from '@anarq/testing';
import {
  clientOf,
  copyWorld,
  foldersOf,
  FUNDS,
  PRICE,
  removeWorld,
  UNIT,
  type PurchaseWorld,
} from './purchaseWorld.ts';

/** What is found after a restart, once the purchase was asked for again under its key. */
interface Found {
  readonly again: string;
  readonly isFinal: boolean;
  readonly isReplayed: boolean;
  readonly left: string;
  readonly held: string;
  readonly licenses: readonly string[];
  readonly opened: string;
  readonly books: string;
}

export interface Aftermath {
  readonly point: string;
  readonly outcome: 'bought' | 'undone' | 'WRONG';
  readonly found: Found | { readonly ended: string };
}

type Revocation = { readonly point: string; readonly grant: string };

const KEY = 'the-purchase';
/** Copies of a node share its stream, so there is one at a time on NATS. */
const AT_ONCE = isOnNats() ? 1 : 2;

const BOUGHT: Found = {
  again: 'SUCCESS',
  isFinal: true,
  isReplayed: true,
  left: String(Number(FUNDS) - Number(PRICE)),
  held: '0',
  licenses: ['ACTIVE'],
  opened: 'SUCCESS',
  books: '0',
};
const UNDONE: Found = {
  again: 'GRANT_REVOKED',
  isFinal: true,
  isReplayed: true,
  left: FUNDS,
  held: '0',
  licenses: [],
  opened: 'QONSENT_DENIED',
  books: '0',
};

/** Kills a copy of the world at each point with kill -9, starts it again, and looks. */
export async function killAtEach(
  world: PurchaseWorld,
  points: readonly string[],
  revokeAt?: Revocation,
): Promise<Aftermath[]> {
  const results: Aftermath[] = [];
  const waiting = [...points];
  const work = async (): Promise<void> => {
    for (let point = waiting.shift(); point !== undefined; point = waiting.shift()) {
      const found = await killedAt(world, point, revokeAt);
      results.push({ point, outcome: outcomeOf(found), found });
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
  return results;
}

export function outcomeOf(found: Aftermath['found']): Aftermath['outcome'] {
  const text = JSON.stringify(found);
  if (text === JSON.stringify(BOUGHT)) return 'bought';
  return text === JSON.stringify(UNDONE) ? 'undone' : 'WRONG';
}

async function killedAt(
  world: PurchaseWorld,
  killAt: string,
  revokeAt: Revocation | undefined,
): Promise<Aftermath['found']> {
  const copy = await copyWorld(world);
  try {
    const doomed = await startNodeProcess({
      ...foldersOf(copy.folder),
      killAt,
      ...(revokeAt === undefined ? {} : { revokeAt }),
    });
    await buy(doomed, copy, false);
    const signal = await doomed.exited;
    if (signal !== 'SIGKILL') return { ended: String(signal) };
    const node = await startNodeProcess(foldersOf(copy.folder));
    try {
      return await look(node, copy);
    } finally {
      await node.stop();
    }
  } finally {
    await removeWorld(copy);
  }
}

/** Buys, under the one key of every attempt. */
export const buy = (
  node: Pick<NodeProcess, 'address'>,
  { buyer, listingId }: PurchaseWorld,
  retry: boolean,
) =>
  clientOf(node.address, buyer).result(
    qmarket.purchase,
    { listingId, maxPrice: PRICE, unit: UNIT },
    { idempotencyKey: KEY, retry },
  );

/** Asks for the purchase again, and says what became of money, licence and file. */
export async function look(
  node: Pick<NodeProcess, 'address'>,
  world: PurchaseWorld,
): Promise<Found> {
  const buyer = clientOf(node.address, world.buyer);
  const again = await buy(node, world, true);
  const repeated = await buy(node, world, true);
  const { items: licenses } = await buyer.call(qmarket.licenses, {});
  const { items: accounts } = await buyer.call(qwallet.accounts, {});
  const account = accounts.find(({ unit }) => unit === UNIT);
  const opened = await buyer.result(qdrive.get, { fileId: world.fileId });
  const operator = clientOf(node.address, {
    did: node.address.operator,
    seed: world.operatorSeed,
  });
  const { books } = await operator.call(ledger.books, {});
  return {
    again: again.code,
    isFinal: again.status === 'ok' || !again.retryable,
    isReplayed: repeated.replayed === true && repeated.code === again.code,
    left: account?.available ?? 'none',
    held: account?.held ?? 'none',
    licenses: licenses.map(({ state }) => state),
    opened: opened.code,
    books: books.map(({ sum }) => sum).join(),
  };
}
