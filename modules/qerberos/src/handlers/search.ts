import { handler } from '@anarq/kernel';
import { qerberos } from '../contract.ts';
import { inTableWords } from '../logErrors.ts';
import { recordView } from '../recordView.ts';

export const search = handler(qerberos.search, async (input, ctx) => {
  const { op, code, from, to, limit, cursor } = input;
  const { items, next } = await inTableWords(() =>
    ctx.services.log.search({
      party: ctx.call.subject,
      tenant: ctx.call.tenant,
      ...(op === undefined ? {} : { op }),
      ...(code === undefined ? {} : { code }),
      ...(from === undefined ? {} : { from_ms: Date.parse(from) }),
      ...(to === undefined ? {} : { to_ms: Date.parse(to) }),
      ...(limit === undefined ? {} : { limit }),
      ...(cursor === undefined ? {} : { cursor }),
    }),
  );
  return { items: items.map(recordView), ...(next === undefined ? {} : { next }) };
});
