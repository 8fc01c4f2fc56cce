import { command, contract, event, page, pageInput, query, t } from '@anarq/common-schemas';

/** A contract with what `everyWord` has no use for: money, examples, sunsets, every method. */
const Item = t.named(
  'Item',
  t.object({ id: t.id(), price: t.decimal(), since: t.instant(), note: t.optional(t.string()) }),
);

const Paper = t.named('Paper', t.object({ kind: t.literal('paper'), pages: t.integer() }));
const Film = t.named('Film', t.object({ kind: t.literal('film'), minutes: t.integer() }));

const item = { id: 'i1', price: '3.50', since: '2026-01-02T03:04:05Z' };

export const shop = contract({
  name: 'shop',
  version: '2.1.0',
  title: 'Shop',
  purpose: 'Sells things.',
  dependencies: ['everyword'],
  operations: {
    buy: command({
      summary: 'Buys an item.',
      http: 'POST /items/{itemId}/buy',
      mcp: { tool: 'shop.buyItem', destructive: true },
      resource: 'item/{itemId}',
      scope: 'shop/buy',
      signature: 'full',
      authorises: { amount: 'maxPrice', unit: 'unit' },
      uses: ['everyword.echo'],
      input: t.object({
        itemId: t.id({ description: 'The item.' }),
        maxPrice: t.decimal({ description: 'Most you pay.' }),
        unit: t.string({ maxLength: 12 }),
        note: t.optional(t.string({ sensitive: 'personal' })),
      }),
      output: Item,
      errors: ['INSUFFICIENT_FUNDS', 'PRICE_ABOVE_LIMIT'],
      emits: ['q.shop.sold.v1'],
      examples: [
        {
          summary: "Buy for at most 4, it's cheap",
          input: { itemId: 'i1', maxPrice: '4', unit: 'EUR', note: "don't wrap" },
          output: item,
        },
      ],
      limits: { perMinute: 60 },
    }),
    find: query({
      summary: 'Finds items.',
      http: 'GET /items',
      access: 'public',
      scope: 'shop/find',
      input: t.object({
        ...pageInput,
        since: t.optional(t.instant({ description: 'Not before.' })),
        tags: t.optional(t.array(t.string({ maxLength: 20 }), { maxItems: 5 })),
      }),
      output: page(Item),
      examples: [
        { summary: 'Recent', input: { since: '2026-01-02T03:04:05Z' }, output: { items: [item] } },
      ],
    }),
    drop: command({
      summary: 'Takes an item off the shelf.',
      http: 'DELETE /items/{itemId}',
      mcp: false,
      access: 'tenant',
      scope: 'shop/drop',
      sunset: '2027-01-01',
      deprecated: '2026-01-01',
      replacement: 'touch',
      input: t.object({ itemId: t.id(), reason: t.optional(t.string({ maxLength: 40 })) }),
      output: t.object({}),
    }),
    touch: command({
      summary: 'Marks an item as seen.',
      http: 'POST /items/{itemId}/touch',
      scope: 'shop/touch',
      input: t.object({ itemId: t.id() }),
      output: t.union('kind', [Paper, Film]),
    }),
  },
  events: {
    'q.shop.sold.v1': event({
      summary: 'An item was sold.',
      schema: t.object({ item: Item }),
      retention: 'P1Y',
    }),
  },
  policies: {
    retention: { item: { period: 'P2Y', atEnd: 'DELETE' } },
    pinning: { item: { strategy: 'TEMPORARY', replicationFactor: 2, accessPattern: 'HOT' } },
  },
});
