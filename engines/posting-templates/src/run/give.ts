import type { Destination } from '../template.ts';
import { accountOf, boundOf } from './evaluate.ts';
import type { Piece, Sending } from './scope.ts';
import { split } from './shares.ts';

const atMost = (a: bigint, b: bigint): bigint => (a < b ? a : b);

/**
 * Gives the first of the pieces, as much as an amount, to a destination.
 * @param sending its pieces lie in a stack here: the first comes last
 */
export function give(sending: Sending, destination: Destination, amountMinor: bigint): void {
  switch (destination.kind) {
    case 'account':
      return giveAccount(sending, destination, amountMinor);
    case 'kept':
      return keep(sending, amountMinor);
    case 'in-order':
      return giveInOrder(sending, destination, amountMinor);
    case 'one-of': {
      const fits = destination.capped.find(
        ({ cap }) => boundOf(cap, sending.asset, sending) >= amountMinor,
      );
      return give(sending, fits?.to ?? destination.remaining, amountMinor);
    }
    case 'allotment': {
      const shares = split(amountMinor, destination.shares, destination.place, sending);
      for (const [index, share] of destination.shares.entries())
        give(sending, share.of, shares[index] ?? 0n);
    }
  }
}

function giveInOrder(
  sending: Sending,
  { capped, remaining }: Destination & { readonly kind: 'in-order' | 'one-of' },
  amountMinor: bigint,
): void {
  let leftMinor = amountMinor;
  for (const { cap, to } of capped) {
    const partMinor = atMost(leftMinor, boundOf(cap, sending.asset, sending));
    give(sending, to, partMinor);
    leftMinor -= partMinor;
  }
  give(sending, remaining, leftMinor);
}

function giveAccount(
  sending: Sending,
  { account }: Destination & { readonly kind: 'account' },
  amountMinor: bigint,
): void {
  const { book, asset, postings } = sending;
  const destination = accountOf(account, sending);
  for (const { account: source, color, amountMinor: partMinor } of takeFirst(
    sending,
    amountMinor,
  )) {
    // The source was debited when it was drawn.
    book.move(destination, asset, color, partMinor);
    const colored = color === '' ? {} : { color };
    postings.push({ source, destination, asset, amountMinor: partMinor, ...colored });
  }
}

function keep(sending: Sending, amountMinor: bigint): void {
  for (const { account, color, amountMinor: partMinor } of takeFirst(sending, amountMinor))
    sending.book.move(account, sending.asset, color, partMinor);
}

/** The first pieces, the last of them cut, which are as much as an amount. */
function takeFirst({ pieces }: Sending, amountMinor: bigint): Piece[] {
  const taken: Piece[] = [];
  let leftMinor = amountMinor;
  while (leftMinor > 0n) {
    const first = pieces.at(-1);
    if (first === undefined) throw new RangeError('more was to be given than was taken');
    const partMinor = atMost(first.amountMinor, leftMinor);
    pieces.pop();
    const restMinor = first.amountMinor - partMinor;
    if (restMinor > 0n) pieces.push({ ...first, amountMinor: restMinor });
    taken.push({ ...first, amountMinor: partMinor });
    leftMinor -= partMinor;
  }
  return taken;
}
