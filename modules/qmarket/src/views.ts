import type { Static } from '@anarq/common-schemas';
import { formatMinor } from '@anarq/decimal';
import type { License, Listing, Sale } from './models.ts';
import { FEE_BASIS_POINTS } from './split.ts';
import type { LicenseRow, ListingRow, SaleRow } from './store.ts';

const instant = (at_ms: number): string => new Date(at_ms).toISOString();

export const listingOf = (row: ListingRow): Static<typeof Listing> => ({
  listingId: row.id,
  state: row.state === 'OPEN' ? 'OPEN' : 'WITHDRAWN',
  seller: row.owner,
  fileId: row.file_id,
  cid: row.cid,
  bytes: row.bytes,
  mediaType: row.media_type,
  title: row.title,
  description: row.description,
  price: formatMinor(row.price_minor, row.unit),
  unit: row.unit,
  feeBasisPoints: FEE_BASIS_POINTS,
  shares: row.shares,
  tags: row.tags,
  terms: row.terms,
  grant: row.grant_cid,
  ...(row.expires_ms === null ? {} : { expiresAt: instant(row.expires_ms) }),
  createdAt: instant(row.created_ms),
});

type Paid = Pick<LicenseRow, 'price_minor' | 'fee_minor' | 'unit' | 'shares'>;

const paymentOf = (row: Paid) => ({
  price: formatMinor(row.price_minor, row.unit),
  unit: row.unit,
  fee: formatMinor(row.fee_minor, row.unit),
  shares: row.shares,
});

export const isExpired = (
  { expires_ms }: Pick<LicenseRow, 'expires_ms'>,
  now_ms: number,
): boolean => expires_ms !== null && expires_ms <= now_ms;

export const licenseOf = (row: LicenseRow, now_ms: number): Static<typeof License> => ({
  licenseId: row.id,
  state: row.state === 'PENDING' ? 'PENDING' : isExpired(row, now_ms) ? 'EXPIRED' : 'ACTIVE',
  listingId: row.listing_id,
  fileId: row.file_id,
  title: row.title,
  ...paymentOf(row),
  terms: row.terms,
  boughtFor: row.owner,
  boughtBy: row.bought_by,
  ...(row.intent_id === null ? {} : { intentId: row.intent_id }),
  ...(row.grant_cid === null ? {} : { grant: row.grant_cid }),
  ...(row.expires_ms === null ? {} : { expiresAt: instant(row.expires_ms) }),
  createdAt: instant(row.created_ms),
});

export const saleOf = (row: SaleRow): Static<typeof Sale> => ({
  saleId: row.id,
  listingId: row.listing_id,
  licenseId: row.license_id,
  ...paymentOf(row),
  soldAt: instant(row.created_ms),
});
