import { t, unit } from '@anarq/common-schemas';

export const title = () => t.string({ minLength: 1, maxLength: 200 });
export const description = () => t.string({ maxLength: 4_000 });
export const tags = () => t.array(t.string({ minLength: 1, maxLength: 64 }), { maxItems: 16 });
export const price = () => t.decimal({ description: 'More than 0, in whole units.' });

export const Terms = t.named(
  'LicenseTerms',
  t.object({
    kind: t.enum(['use'], { description: 'use: the buyer may fetch and use the content.' }),
    consumable: t.optional(
      t.boolean({ description: 'It may be bought again while a licence is in force.' }),
    ),
    expiresAfter_s: t.optional(
      t.integer({
        minimum: 60,
        maximum: 3_153_600_000,
        description: 'Seconds after the purchase at which the licence ends; absent: never.',
      }),
    ),
    text: t.optional(t.string({ maxLength: 8_192, description: 'The terms in words.' })),
  }),
);

export const Share = t.named(
  'Share',
  t.object({
    identity: t.did(),
    weight: t.integer({
      minimum: 1,
      maximum: 1_000_000,
      description: 'Only the ratio to the other weights counts.',
    }),
  }),
);

export const PaidShare = t.named('PaidShare', t.object({ identity: t.did(), amount: t.decimal() }));

export const Listing = t.named(
  'Listing',
  t.object({
    listingId: t.id(),
    state: t.enum(['OPEN', 'WITHDRAWN']),
    seller: t.did(),
    fileId: t.id(),
    cid: t.cid({ description: 'UnixFS root CID of the content: what a buyer will get.' }),
    bytes: t.integer({ minimum: 0 }),
    mediaType: t.string({ maxLength: 127 }),
    title: title(),
    description: description(),
    price: price(),
    unit: unit(),
    feeBasisPoints: t.integer({
      minimum: 0,
      maximum: 10_000,
      description: "The node's part of the price, in hundredths of a percent.",
    }),
    shares: t.array(Share, { minItems: 1, maxItems: 16 }),
    tags: tags(),
    terms: Terms,
    grant: t.cid({
      description: "The seller's delegation to the market; revoking it ends every licence.",
    }),
    expiresAt: t.optional(
      t.instant({ description: 'When that delegation ends, and every licence with it.' }),
    ),
    createdAt: t.instant(),
  }),
);

/** What was paid, and to whom. */
const payment = {
  price: price(),
  unit: unit(),
  fee: t.decimal({ description: "The node's part of the price." }),
  shares: t.array(PaidShare, {
    maxItems: 16,
    description: 'What each seller gets; together with the fee exactly the price.',
  }),
};

export const License = t.named(
  'License',
  t.object({
    licenseId: t.id(),
    state: t.enum(['PENDING', 'ACTIVE', 'EXPIRED'], {
      description: 'PENDING: its purchase is under way.',
    }),
    listingId: t.id(),
    fileId: t.id(),
    title: title(),
    ...payment,
    terms: Terms,
    boughtFor: t.did({ description: 'Who holds the licence.' }),
    boughtBy: t.did({ description: 'Who bought it on their behalf, or the holder.' }),
    intentId: t.optional(t.id({ description: 'The payment in Qwallet.' })),
    grant: t.optional(t.cid({ description: 'The delegation that opens the file.' })),
    expiresAt: t.optional(t.instant()),
    createdAt: t.instant(),
  }),
);

export const Order = t.named(
  'Order',
  t.object({
    licenseId: t.id(),
    fileId: t.id(),
    ...payment,
    amount: t.decimal({
      description: 'What the buyer pays: the price, less what it would get of it itself.',
    }),
    recipients: t.array(PaidShare, {
      minItems: 1,
      maxItems: 17,
      description: 'Who is paid, the fee included, the buyer not; one entry for an identity.',
    }),
    proof: t.cid({ description: "The seller's delegation, which the licence passes on." }),
    expiresAt: t.optional(t.instant()),
  }),
);

export const Purchase = t.named(
  'Purchase',
  t.object({
    licenseId: t.id(),
    listingId: t.id(),
    fileId: t.id(),
    ...payment,
    intentId: t.id(),
    grant: t.cid({ description: 'The licence: a delegation of /qdrive/get on the file.' }),
    boughtFor: t.did(),
    expiresAt: t.optional(t.instant()),
  }),
);

export const Sale = t.named(
  'Sale',
  t.object({
    saleId: t.id(),
    listingId: t.id(),
    licenseId: t.id(),
    ...payment,
    soldAt: t.instant(),
  }),
);
