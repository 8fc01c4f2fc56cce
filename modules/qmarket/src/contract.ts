import {
  command,
  contract,
  event,
  page,
  pageInput,
  process,
  query,
  t,
  unit,
} from '@anarq/common-schemas';
import {
  description,
  License,
  Listing,
  Order,
  PaidShare,
  price,
  Purchase,
  Sale,
  Share,
  tags,
  Terms,
  title,
} from './models.ts';

const EXAMPLE_SELLER = 'did:squid:z6MkSeller';

const orderInput = () =>
  t.object({
    listingId: t.id(),
    maxPrice: t.decimal({ description: 'The most you pay; the price may be lower.' }),
    unit: unit(),
  });

export const qmarket = contract({
  name: 'qmarket',
  version: '1.0.0',
  title: 'Market',
  purpose: 'Files offered at a price: listed, found, bought; the licence is a grant.',
  dependencies: ['qdrive', 'qonsent', 'qindex', 'qwallet'],
  operations: {
    list: process({
      summary: 'Offer a file of yours at a price.',
      http: 'POST /listings',
      mcp: { tool: 'qmarket.list', destructive: false },
      scope: 'qmarket/list',
      signature: 'full',
      uses: ['qdrive.file', 'qonsent.grant', 'qonsent.revoke', 'qindex.put', 'qindex.remove'],
      input: t.object({
        fileId: t.id(),
        title: title(),
        description: description(),
        price: price(),
        unit: unit(),
        shares: t.array(Share, {
          minItems: 1,
          maxItems: 16,
          description: 'Who is paid, by weight, of what the fee leaves.',
        }),
        tags: tags(),
        terms: Terms,
        delegation: t.optional(
          t.bytes({
            maxBytes: 16_384,
            description:
              'Where your keys are your own: your signed delegation of /qdrive/get on the file to the market.',
          }),
        ),
      }),
      output: Listing,
      errors: [
        'AMOUNT_INVALID',
        'STATE_CONFLICT',
        'CUSTODY_REFUSED',
        'GRANT_MALFORMED',
        'GRANT_CHAIN_BROKEN',
        'GRANT_OVER_BROAD',
      ],
      emits: ['q.qmarket.listed.v1'],
      examples: [
        {
          summary: 'A table, shared two to one',
          input: {
            fileId: 'file_01',
            title: 'Harvest of 2025',
            description: 'By field and week.',
            price: '3.50',
            unit: 'EUR',
            shares: [
              { identity: EXAMPLE_SELLER, weight: 2 },
              { identity: 'did:squid:z6MkPartner', weight: 1 },
            ],
            tags: ['farming', 'csv'],
            terms: { kind: 'use' },
          },
        },
      ],
    }),

    search: query({
      summary: 'Find open listings by words; without words, the newest.',
      http: 'GET /search',
      essential: false,
      access: 'tenant',
      scope: 'qmarket/search',
      limits: { perMinute: 600 },
      uses: ['qindex.search'],
      fallback: { strategy: 'CACHE', age_ms: 60_000 },
      input: t.object({
        query: t.optional(t.string({ minLength: 1, maxLength: 256 })),
        ...pageInput,
      }),
      output: page(Listing),
      examples: [{ summary: 'Two words', input: { query: 'harvest 2025' } }],
    }),

    listing: query({
      summary: 'Read a listing.',
      http: 'GET /listings/{listingId}',
      access: 'tenant',
      scope: 'qmarket/search',
      fallback: { strategy: 'CACHE', age_ms: 60_000 },
      input: t.object({ listingId: t.id() }),
      output: Listing,
      examples: [{ summary: 'By its id', input: { listingId: 'listing_01' } }],
    }),

    listings: query({
      summary: 'List what you offer, withdrawn listings included, newest first.',
      http: 'GET /listings',
      scope: 'qmarket/list',
      input: t.object({ ...pageInput }),
      output: page(Listing),
      examples: [{ summary: 'The last ten', input: { limit: 10 } }],
    }),

    purchase: process({
      summary: 'Buy a licence: the money is taken, the licence granted, the sellers paid.',
      http: 'POST /listings/{listingId}/purchase',
      mcp: { tool: 'qmarket.purchase', destructive: true },
      scope: 'qmarket/purchase',
      signature: 'full',
      authorises: { amount: 'maxPrice', unit: 'unit' },
      uses: [
        'qmarket.order',
        'qmarket.cancelOrder',
        'qwallet.reserve',
        'qwallet.void',
        'qwallet.capture',
        'qwallet.giveBack',
        'qwallet.payOut',
        'qonsent.grant',
        'qonsent.revoke',
      ],
      input: orderInput(),
      output: Purchase,
      errors: ['STATE_CONFLICT', 'PRICE_ABOVE_LIMIT', 'AMOUNT_INVALID', 'INSUFFICIENT_FUNDS'],
      emits: ['q.qmarket.sold.v1'],
      examples: [
        {
          summary: 'For at most 5 euros',
          input: { listingId: 'listing_01', maxPrice: '5', unit: 'EUR' },
        },
      ],
    }),

    order: command({
      summary: 'First step of a purchase: fix price and shares, and take the place of the licence.',
      http: 'POST /listings/{listingId}/order',
      mcp: false,
      scope: 'qmarket/purchase',
      uses: ['qdrive.file'],
      input: orderInput(),
      output: Order,
      errors: ['STATE_CONFLICT', 'PRICE_ABOVE_LIMIT', 'AMOUNT_INVALID'],
      examples: [
        {
          summary: 'As qmarket.purchase calls it',
          input: { listingId: 'listing_01', maxPrice: '5', unit: 'EUR' },
        },
      ],
    }),

    cancelOrder: command({
      summary: 'Undo of the first step of a purchase: the place is free again.',
      http: 'POST /licenses/{licenseId}/cancel',
      mcp: false,
      resource: 'license/{licenseId}',
      scope: 'qmarket/purchase',
      input: t.object({ licenseId: t.id() }),
      output: t.object({ licenseId: t.id() }),
      errors: ['STATE_CONFLICT'],
      examples: [{ summary: 'As qmarket.purchase calls it', input: { licenseId: 'license_01' } }],
    }),

    license: query({
      summary: 'Read a licence.',
      http: 'GET /licenses/{licenseId}',
      mcp: { tool: 'qmarket.license' },
      resource: 'license/{licenseId}',
      scope: 'qmarket/license',
      input: t.object({ licenseId: t.id() }),
      output: License,
      examples: [{ summary: 'By its id', input: { licenseId: 'license_01' } }],
    }),

    licenses: query({
      summary: 'List the licences you hold, newest first.',
      http: 'GET /licenses',
      scope: 'qmarket/license',
      input: t.object({ listingId: t.optional(t.id()), ...pageInput }),
      output: page(License),
      examples: [{ summary: 'Those of one listing', input: { listingId: 'listing_01' } }],
    }),

    sales: query({
      summary: 'List what you sold, newest first.',
      http: 'GET /sales',
      scope: 'qmarket/list',
      input: t.object({ listingId: t.optional(t.id()), ...pageInput }),
      output: page(Sale),
      examples: [{ summary: 'All of them', input: {} }],
    }),

    withdraw: process({
      summary: 'Take a listing off the market. Licences already bought stay in force.',
      http: 'POST /listings/{listingId}/withdraw',
      resource: 'listing/{listingId}',
      scope: 'qmarket/list',
      uses: ['qmarket.listing', 'qindex.remove'],
      input: t.object({ listingId: t.id() }),
      output: Listing,
      errors: ['STATE_CONFLICT'],
      emits: ['q.qmarket.withdrawn.v1'],
      examples: [{ summary: 'No longer for sale', input: { listingId: 'listing_01' } }],
    }),
  },
  events: {
    'q.qmarket.listed.v1': event({
      summary: 'A file was offered.',
      subject: 'listingId',
      visibleTo: 'tenant',
      schema: t.object({
        listingId: t.id(),
        seller: t.did(),
        cid: t.cid(),
        title: title(),
        price: price(),
        unit: unit(),
      }),
    }),
    'q.qmarket.sold.v1': event({
      summary: 'A licence was bought and paid.',
      subject: 'listingId',
      // The buyer is a party of the call; the seller learns what was sold, and not to whom.
      visibleTo: ['parties', 'seller'],
      schema: t.object({
        listingId: t.id(),
        licenseId: t.id(),
        seller: t.optional(t.did()),
        price: price(),
        unit: unit(),
        fee: t.decimal(),
        shares: t.array(PaidShare, { maxItems: 16 }),
      }),
    }),
    'q.qmarket.withdrawn.v1': event({
      summary: 'A listing was taken off the market.',
      subject: 'listingId',
      visibleTo: 'tenant',
      schema: t.object({ listingId: t.id(), seller: t.did() }),
    }),
  },
});
