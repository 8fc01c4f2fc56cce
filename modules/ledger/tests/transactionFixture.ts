import type { InputOf } from '@anarq/common-schemas';
import type { Actor } from '@anarq/testing';
import { ledger } from '../src/contract.ts';

export type NewTransaction = InputOf<typeof ledger.createTransaction>;
export type Postings = NonNullable<NewTransaction['postings']>;
type Posting = Postings[number];

export const posting = (from: string, to: string, amount: string, unit = 'EUR'): Posting => ({
  debitAccountId: from,
  creditAccountId: to,
  amount,
  unit,
});

/** Opens accounts that cannot be overdrawn, and `world` that can. */
export async function openAccounts(who: Actor, ids: readonly string[], unit = 'EUR') {
  const { results } = await who.call(ledger.createAccounts, {
    accounts: ids.map((id) => ({
      id,
      unit,
      code: 1,
      flags: id.startsWith('world') ? [] : (['debits_must_not_exceed_credits'] as const).slice(),
    })),
  });
  if (results.some(({ result }) => result !== 'created'))
    throw new Error(`accounts were not opened: ${JSON.stringify(results)}`);
}

/** What an account has: credits less debits that were posted. */
export async function has(who: Actor, accountId: string): Promise<number> {
  const { creditsPosted, debitsPosted } = await who.call(ledger.account, { accountId });
  return Number(creditsPosted) - Number(debitsPosted);
}
