import { fail } from '@anarq/common-schemas';
import { formatMinor } from '@anarq/decimal';
import { minorOf } from './price.ts';
import type { ListingRow } from './store.ts';

/**
 * Whether a buyer may have a listing for what they are ready to pay.
 * @throws STATE_CONFLICT for a withdrawn listing or one's own; INPUT_INVALID for another unit;
 * PRICE_ABOVE_LIMIT with price and limit
 */
export function checkOffer(
  listing: ListingRow,
  offer: { readonly maxPrice: string; readonly unit: string },
  buyer: string,
): void {
  if (listing.state !== 'OPEN')
    fail('STATE_CONFLICT', 'The listing is withdrawn.', {
      state: listing.state,
      listingId: listing.id,
    });
  if (listing.owner === buyer)
    fail('STATE_CONFLICT', 'The listing is your own; the file is yours already.', {
      state: 'OWN',
      listingId: listing.id,
    });
  if (listing.unit !== offer.unit)
    fail('INPUT_INVALID', `The price is in ${listing.unit}, the offer in ${offer.unit}.`, {
      unit: listing.unit,
    });
  if (listing.price_minor > minorOf(offer.maxPrice, offer.unit)) {
    const price = formatMinor(listing.price_minor, listing.unit);
    fail('PRICE_ABOVE_LIMIT', `The price is ${price} ${listing.unit}, above ${offer.maxPrice}.`, {
      price,
      maxPrice: offer.maxPrice,
      unit: listing.unit,
    });
  }
}
