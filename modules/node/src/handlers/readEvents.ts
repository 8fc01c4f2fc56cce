import type { OutputOf } from '@anarq/common-schemas';
import { handler } from '@anarq/kernel';
import { node } from '../contract.ts';

const PAGE_DEFAULT = 50;

type Item = OutputOf<typeof node.readEvents>['items'][number];

export const readEvents = handler(
  node.readEvents,
  async ({ limit = PAGE_DEFAULT, ...input }, ctx) => {
    const page = await ctx.services.events.page(ctx.call, { ...input, limit });
    // The data of an event was read from JSON.
    const items = page.events.map((event) => event as Item);
    return { items, next: page.next, more: page.more };
  },
);
