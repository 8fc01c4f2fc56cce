import { handler } from '@anarq/kernel';
import { askGrants } from '../checking.ts';
import { qonsent } from '../contract.ts';
import { callers } from '../parties.ts';

/** More grants than these between the same parties are not asked. */
const CANDIDATES_MAX = 32;

export const check = handler(qonsent.check, async (input, ctx) => {
  const { audience, command, resource, operation } = input;
  const mine = callers(ctx);
  // Grants between others are not for the caller to ask about.
  const held = await ctx.services.grants.candidates(audience, command);
  const candidates = held
    .filter(({ subject, links }) =>
      [audience, subject, ...links.map(({ iss }) => iss)].some((did) => mine.has(did)),
    )
    .slice(0, CANDIDATES_MAX);
  return askGrants(candidates, {
    audience,
    command,
    args: {
      ...(operation === undefined ? {} : { op: operation, tool: operation }),
      ...(resource === undefined ? {} : { resource }),
      ...(input.input === undefined ? {} : { input: input.input }),
    },
    now_s: Math.floor(ctx.now_ms / 1000),
  });
});
