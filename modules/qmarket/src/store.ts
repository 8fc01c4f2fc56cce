import type { Static } from '@anarq/common-schemas';
import { createTable, int, json, minor, nullable, table, text } from '@anarq/kernel';
import type { RowOf } from '@anarq/kernel';
import type { Migration } from '@anarq/store';
import type { PaidShare, Share, Terms } from './models.ts';

type TermsOf = Static<typeof Terms>;

export const listings = table(
  'qmarket_listing',
  { resource: 'listing' },
  {
    state: text(),
    file_id: text(),
    cid: text(),
    bytes: int(),
    media_type: text(),
    title: text(),
    description: text(),
    price_minor: minor(),
    unit: text(),
    shares: json<Static<typeof Share>[]>(),
    tags: json<string[]>(),
    terms: json<TermsOf>(),
    /** The seller's delegation to the market. */
    grant_cid: text(),
    /** When that delegation ends; null: never. */
    expires_ms: nullable(int()),
    /** The listing's record in Qindex. */
    record_id: text(),
  },
);
export type ListingRow = RowOf<typeof listings>;

export const licenses = table(
  'qmarket_license',
  { resource: 'license' },
  {
    state: text(),
    listing_id: text(),
    /**
     * The listing, while this licence keeps its holder from buying the same again: a unique index
     * lets one licence at a time have it. Null for what is consumable, and after expiry.
     */
    seat: nullable(text()),
    /** The purchase that made it. */
    process: text(),
    file_id: text(),
    title: text(),
    price_minor: minor(),
    fee_minor: minor(),
    unit: text(),
    shares: json<Static<typeof PaidShare>[]>(),
    terms: json<TermsOf>(),
    bought_by: text(),
    intent_id: nullable(text()),
    grant_cid: nullable(text()),
    expires_ms: nullable(int()),
  },
);
export type LicenseRow = RowOf<typeof licenses>;

/** The seller's side of a licence; it does not name the buyer. */
export const sales = table(
  'qmarket_sale',
  { resource: 'sale' },
  {
    listing_id: text(),
    license_id: text(),
    price_minor: minor(),
    fee_minor: minor(),
    unit: text(),
    shares: json<Static<typeof PaidShare>[]>(),
  },
);
export type SaleRow = RowOf<typeof sales>;

export const migrations: readonly Migration[] = [
  {
    id: 1,
    sql: `${createTable(listings)}
CREATE INDEX qmarket_listing_owner ON qmarket_listing (tenant, owner, id);
CREATE INDEX qmarket_listing_open ON qmarket_listing (tenant, state, id);
${createTable(licenses)}
CREATE INDEX qmarket_license_owner ON qmarket_license (tenant, owner, id);
CREATE UNIQUE INDEX qmarket_license_seat ON qmarket_license (tenant, owner, seat)
  WHERE seat IS NOT NULL;
${createTable(sales)}
CREATE INDEX qmarket_sale_owner ON qmarket_sale (tenant, owner, id);`,
  },
];
