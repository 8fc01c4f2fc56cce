import type { Why } from '@anarq/common-schemas';
import type { CompiledGrant } from '@anarq/authority';

type Told = Omit<Why, 'limit' | 'chain'> & { limit?: Record<string, string>; chain?: string[] };

/** What is asked of the grants of somebody. */
export interface Question {
  readonly audience: string;
  readonly command: string;
  readonly args: Readonly<Record<string, unknown>>;
  readonly now_s: number;
}

/**
 * Asks grants one after the other, most specific first. It answers for the grants alone: that the
 * giver owns the resource is checked when the call comes.
 */
export function askGrants(
  candidates: readonly CompiledGrant[],
  question: Question,
): { allowed: boolean; why: Told } {
  const { audience, command, args, now_s } = question;
  let refusal: Told | undefined;
  for (const grant of candidates) {
    const { allow, why } = grant.check({ command, args, audience, subject: grant.subject, now_s });
    const told: Told = {
      grant: why.grant,
      rule: why.rule,
      ...(why.limit === undefined ? {} : { limit: asTexts(why.limit) }),
      changeableBy: why.issuer,
      chain: [...why.chain],
    };
    if (allow) return { allowed: true, why: told };
    refusal ??= told;
  }
  return { allowed: false, why: refusal ?? { rule: `no grant gives ${audience} ${command}` } };
}

const asTexts = (limit: object): Record<string, string> =>
  Object.fromEntries(Object.entries(limit).map(([key, value]) => [key, String(value)]));
