import { ledger } from '@anarq/ledger/contract';
import { qmarket } from '../src/contract.ts';
import { canFetch, fund, moneyOf, offer, startMarket, type Market } from './support.ts';

const MAX = { maxPrice: '5', unit: 'EUR' };

/** How a purchase of something for 3.5 by a buyer with 10 ended. */
interface PurchaseEnd {
  readonly point: string;
  readonly price: string | undefined;
  readonly money: { readonly balance: string; readonly held: string };
  readonly canFetch: boolean;
  readonly licenses: readonly string[];
}

/** The points that a node passes, and the place among them at which it stops; -1 for none. */
interface Stops {
  passed: string[];
  at: number;
}

/**
 * Stops a node at places of a purchase, one after the other, starts it again and asks for the same
 * purchase again.
 * @param isPlace which of the points that a purchase passes are such places
 * @returns how each purchase ended, how many the seller made, and whether the books balance
 */
export async function stopWithin(isPlace: (point: string) => boolean) {
  const stops: Stops = { passed: [], at: -1 };
  const market = await startMarket({
    probe: (point) => {
      if (stops.passed.push(point) - 1 === stops.at) throw new Error(`stopped at ${point}`);
    },
  });
  try {
    const { listingId } = await offer(market);
    const ends = [await buyOnce(market, stops, listingId, -1)];
    const places = stops.passed.flatMap((point, place) => (isPlace(point) ? [place] : []));
    for (const place of places) ends.push(await buyOnce(market, stops, listingId, place));
    const sold = await market.seller.call(qmarket.sales, { limit: 200 });
    const { books } = await market.node.operator.call(ledger.books, {});
    return {
      ends,
      sold: sold.items.length,
      isBalanced: books.every(({ sum, pending }) => sum === '0' && pending === '0'),
    };
  } finally {
    await market.node.close();
  }
}

async function buyOnce(
  market: Market,
  stops: Stops,
  listingId: string,
  place: number,
): Promise<PurchaseEnd> {
  const { node, fileId } = market;
  const buyer = await node.person(`buyer ${place}`);
  await fund(node, buyer, '10', 'EUR');
  stops.passed = [];
  stops.at = place;
  const key = { idempotencyKey: 'bought-once' };
  await buyer.result(qmarket.purchase, { listingId, ...MAX }, key);
  const point = stops.passed[place] ?? 'nowhere';
  stops.at = -1;
  await node.restart();
  const answer = await buyer.result(qmarket.purchase, { listingId, ...MAX }, key);
  const { items } = await buyer.call(qmarket.licenses, {});
  return {
    point,
    price: answer.status === 'ok' ? answer.data.price : undefined,
    money: await moneyOf(buyer, 'EUR'),
    canFetch: await canFetch(buyer, fileId),
    licenses: items.map(({ state }) => state),
  };
}

/** What every purchase of `stopWithin` comes to. */
export const bought = (point: string): PurchaseEnd => ({
  point,
  price: '3.5',
  money: { balance: '6.5', held: '0' },
  canFetch: true,
  licenses: ['ACTIVE'],
});
