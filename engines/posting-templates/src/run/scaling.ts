import { SCALES } from '../limits.ts';
import type { Source } from '../template.ts';
import { WORLD } from '../values.ts';
import { accountOf } from './evaluate.ts';
import { refuse } from './refusal.ts';
import { fitting, type Posting, type Sending } from './scope.ts';

/** An asset in one scale: `USD/2` is USD in hundredths, `USD` in whole ones. */
interface Scaled {
  readonly unit: string;
  readonly scale: number;
}

const scaledOf = (asset: string): Scaled => {
  const [unit = '', places = '0'] = asset.split('/');
  return { unit, scale: Number(places) };
};

const assetAt = (unit: string, scale: number): string => (scale === 0 ? unit : `${unit}/${scale}`);

/** The assets in which a scaled source may hold funds, the finest first, without the asset itself. */
export function otherScales(asset: string): string[] {
  const { unit, scale } = scaledOf(asset);
  return Array.from({ length: SCALES }, (_, index) => SCALES - 1 - index)
    .filter((other) => other !== scale)
    .map((other) => assetAt(unit, other));
}

/**
 * Takes what an account has of an asset, and changes what it has of it in other scales for what is
 * missing: the account gives that to another, which gives the asset for it, and may owe it. No unit
 * is broken: of fine ones only whole multiples are changed, and of coarse ones as many as are needed,
 * so that some of the asset may be left to the account.
 * @param wantedMinor all that there is, where it is undefined
 * @returns what was taken
 */
export function drawScaled(
  sending: Sending,
  source: Source & { readonly kind: 'scaled' },
  wantedMinor: bigint | undefined,
): bigint {
  const { book, asset, pieces } = sending;
  const account = accountOf(source.account, sending);
  if (account === WORLD || scaledOf(asset).scale >= SCALES)
    refuse(
      source.place,
      { reason: 'scaling-impossible', account, asset },
      `scaling is for accounts with a balance, and 0 to ${SCALES - 1} decimal places`,
    );
  const heldMinor = positive(book.available(account, asset));
  const missingMinor = wantedMinor === undefined ? undefined : wantedMinor - heldMinor;
  const through = accountOf(source.through, sending);
  const changedMinor =
    missingMinor === undefined || missingMinor > 0n
      ? change(sending, account, through, missingMinor)
      : 0n;
  const thereMinor = heldMinor + changedMinor;
  const amountMinor =
    wantedMinor === undefined || wantedMinor > thereMinor ? thereMinor : wantedMinor;
  if (amountMinor === 0n) return 0n;
  book.move(account, asset, '', -amountMinor);
  pieces.push({ account, color: '', amountMinor });
  return amountMinor;
}

/** @returns how much of the asset the account got */
function change(
  sending: Sending,
  account: string,
  through: string,
  missingMinor: bigint | undefined,
): bigint {
  const { book, asset } = sending;
  let gotMinor = 0n;
  for (const other of otherScales(asset)) {
    const leftMinor = missingMinor === undefined ? undefined : missingMinor - gotMinor;
    if (leftMinor !== undefined && leftMinor <= 0n) break;
    const held = positive(book.available(account, other));
    const { givesMinor, getsMinor } = rateOf(held, other, asset, leftMinor);
    if (getsMinor === 0n) continue;
    post(sending, { source: account, destination: through, asset: other, amountMinor: givesMinor });
    gotMinor += getsMinor;
  }
  if (gotMinor > 0n)
    post(sending, { source: through, destination: account, asset, amountMinor: gotMinor });
  return gotMinor;
}

/** A posting of the change itself; balances follow. */
function post({ book, postings, place }: Sending, posting: Posting): void {
  const { source, destination, asset, amountMinor } = posting;
  fitting(place, amountMinor);
  book.move(source, asset, '', -amountMinor);
  book.move(destination, asset, '', amountMinor);
  postings.push(posting);
}

/** How much of an amount in another scale is given, and what it is in the asset. */
function rateOf(
  held: bigint,
  other: string,
  asset: string,
  leftMinor: bigint | undefined,
): { givesMinor: bigint; getsMinor: bigint } {
  const finer = scaledOf(other).scale - scaledOf(asset).scale;
  const factor = 10n ** BigInt(Math.abs(finer));
  if (finer > 0) {
    const most = held / factor;
    const getsMinor = leftMinor === undefined || leftMinor > most ? most : leftMinor;
    return { givesMinor: getsMinor * factor, getsMinor };
  }
  const enough = leftMinor === undefined ? held : (leftMinor + factor - 1n) / factor;
  const givesMinor = held < enough ? held : enough;
  return { givesMinor, getsMinor: givesMinor * factor };
}

const positive = (value: bigint): bigint => (value > 0n ? value : 0n);
