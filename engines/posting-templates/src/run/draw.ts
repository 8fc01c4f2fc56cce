import type { Source } from '../template.ts';
import { WORLD } from '../values.ts';
import { accountOf, boundOf, colorOf } from './evaluate.ts';
import { Refused, refuse } from './refusal.ts';
import { drawScaled } from './scaling.ts';
import type { Sending } from './scope.ts';
import { split } from './shares.ts';

type Account = Source & { readonly kind: 'account' };

const atMost = (a: bigint, b: bigint): bigint => (a < b ? a : b);

/**
 * Takes an amount from a source.
 * @param wantedMinor not negative
 * @throws Refused missing-funds where the source has less
 */
export function drawExactly(sending: Sending, source: Source, wantedMinor: bigint): void {
  const drawnMinor = drawUpTo(sending, source, wantedMinor);
  const { asset } = sending;
  if (drawnMinor < wantedMinor)
    refuse(
      source.place,
      { reason: 'missing-funds', asset, neededMinor: wantedMinor, availableMinor: drawnMinor },
      `${wantedMinor} of ${asset} are needed, ${drawnMinor} are there`,
    );
}

/** Takes what a source has, up to an amount. @returns what was taken */
function drawUpTo(sending: Sending, source: Source, wantedMinor: bigint): bigint {
  switch (source.kind) {
    case 'account':
      return drawAccount(sending, source, wantedMinor);
    case 'scaled':
      return drawScaled(sending, source, wantedMinor);
    case 'capped':
      return drawUpTo(
        sending,
        source.source,
        atMost(wantedMinor, boundOf(source.cap, sending.asset, sending)),
      );
    case 'in-order': {
      let leftMinor = wantedMinor;
      for (const inner of source.sources) leftMinor -= drawUpTo(sending, inner, leftMinor);
      return wantedMinor - leftMinor;
    }
    case 'one-of':
      return drawOneOf(sending, source.sources, wantedMinor);
    case 'allotment': {
      const shares = split(wantedMinor, source.shares, source.place, sending);
      for (const [index, share] of source.shares.entries())
        drawExactly(sending, share.of, shares[index] ?? 0n);
      return wantedMinor;
    }
  }
}

/** Takes all that a source has. @throws Refused for an account without an end */
export function drawAll(sending: Sending, source: Source): bigint {
  switch (source.kind) {
    case 'account':
      return drawAccount(sending, source, undefined);
    case 'scaled':
      return drawScaled(sending, source, undefined);
    case 'capped':
      return drawUpTo(sending, source.source, boundOf(source.cap, sending.asset, sending));
    case 'in-order':
      return source.sources.reduce((sum, inner) => sum + drawAll(sending, inner), 0n);
    case 'one-of': {
      // The first has all of what it has.
      const [first] = source.sources;
      return first === undefined ? 0n : drawAll(sending, first);
    }
    case 'allotment':
      throw new TypeError('portions were read where all of an asset is sent');
  }
}

/** @param wantedMinor all that there is, where it is undefined */
function drawAccount(sending: Sending, source: Account, wantedMinor: bigint | undefined): bigint {
  const { book, asset, pieces } = sending;
  const account = accountOf(source.account, sending);
  const color = colorOf(source.color, sending);
  const unbounded = account === WORLD || source.overdraft === 'unbounded';
  let amountMinor = wantedMinor;
  if (!unbounded) {
    const reserveMinor =
      typeof source.overdraft === 'string' ? 0n : boundOf(source.overdraft, asset, sending);
    const mostMinor = book.available(account, asset, color) + reserveMinor;
    amountMinor = wantedMinor === undefined ? mostMinor : atMost(wantedMinor, mostMinor);
  }
  if (amountMinor === undefined)
    return refuse(
      source.place,
      { reason: 'unbounded', account },
      `${account} has no end: it cannot be asked for all of ${asset}`,
    );
  if (amountMinor <= 0n) return 0n;
  // It is held back at once, so that the same account gives nothing twice.
  book.move(account, asset, color, -amountMinor);
  pieces.push({ account, color, amountMinor });
  return amountMinor;
}

function drawOneOf(sending: Sending, sources: readonly Source[], wantedMinor: bigint): bigint {
  const { book, pieces, postings } = sending;
  for (const source of sources.slice(0, -1)) {
    const [mark, pieceCount, postingCount] = [book.mark, pieces.length, postings.length];
    if (drawsAll(sending, source, wantedMinor)) return wantedMinor;
    book.undo(mark);
    pieces.length = pieceCount;
    postings.length = postingCount;
  }
  const last = sources.at(-1);
  return last === undefined ? 0n : drawUpTo(sending, last, wantedMinor);
}

function drawsAll(sending: Sending, source: Source, wantedMinor: bigint): boolean {
  try {
    return drawUpTo(sending, source, wantedMinor) === wantedMinor;
  } catch (error) {
    if (error instanceof Refused && error.refusal.reason === 'missing-funds') return false;
    throw error;
  }
}
