import { handler, type IdentityRecord } from '@anarq/kernel';
import { squid } from '../contract.ts';
import { cursorAfter, readCursor } from '../cursor.ts';

const LIMIT_DEFAULT = 50;

export const agents = handler(squid.agents, async (input, ctx) => {
  const { tenant, subject } = ctx.call;
  const { identities } = ctx.services;
  if (input.name !== undefined) {
    const named = await identities.findByName(tenant, input.name);
    return { items: named === undefined ? [] : [named].filter(isAgentOf(subject)).map(view) };
  }
  const limit = input.limit ?? LIMIT_DEFAULT;
  const after = readCursor(input.cursor);
  const found = await identities.controlledBy(tenant, subject, { limit: limit + 1, after });
  const shown = found.slice(0, limit);
  const last = shown.at(-1);
  return {
    items: shown.filter(isAgentOf(subject)).map(view),
    ...(found.length > limit && last !== undefined ? { next: cursorAfter(last.did) } : {}),
  };
});

const isAgentOf =
  (controller: string) =>
  (record: IdentityRecord): boolean =>
    record.kind === 'agent' && record.parent === undefined && record.controller === controller;

const view = ({ did, name, status, created_ms }: IdentityRecord) => ({
  did,
  name,
  status,
  createdAt: new Date(created_ms).toISOString(),
});
