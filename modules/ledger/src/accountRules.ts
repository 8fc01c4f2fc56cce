import { ACCOUNT_FLAGS, type AccountState } from './account.ts';

/** What became of one account of a createAccounts call. Names as in TigerBeetle's reference. */
export const ACCOUNT_RESULTS = [
  'created',
  'linked_event_failed',
  'linked_event_chain_open',
  'exists_with_different_owner',
  'exists_with_different_flags',
  'exists_with_different_user_data',
  'exists_with_different_holder',
  'exists_with_different_ledger',
  'exists_with_different_code',
  'exists',
  'flags_are_mutually_exclusive',
  'ledger_must_not_be_zero',
  'code_must_not_be_zero',
] as const;

export type AccountResult = (typeof ACCOUNT_RESULTS)[number];

/** An account to open. A unit that is '' and a code that is 0 stand for absent ones. */
export interface AccountRequest {
  readonly id: string;
  readonly unit: string;
  readonly code: number;
  readonly flags: number;
  readonly userData?: string | undefined;
  readonly holder?: string | undefined;
}

export type AccountDecision =
  | { readonly result: 'created'; readonly account: AccountState }
  | { readonly result: Exclude<AccountResult, 'created'> };

const LIMITS =
  ACCOUNT_FLAGS.debits_must_not_exceed_credits | ACCOUNT_FLAGS.credits_must_not_exceed_debits;

/**
 * Decides one account: pure, first matching rule wins.
 * Method: the precedence of TigerBeetle's create_accounts (reference/requests/create_accounts).
 * @param existing the account of that id, where there is one
 */
export function decideAccount(
  request: AccountRequest,
  existing: AccountState | undefined,
  by: { readonly owner: string; readonly now_ms: number },
): AccountDecision {
  if (existing !== undefined) return { result: compare(request, existing, by.owner) };
  if ((request.flags & LIMITS) === LIMITS) return { result: 'flags_are_mutually_exclusive' };
  if (request.unit === '') return { result: 'ledger_must_not_be_zero' };
  if (request.code === 0) return { result: 'code_must_not_be_zero' };
  return {
    result: 'created',
    account: {
      id: request.id,
      owner: by.owner,
      holder: request.holder,
      unit: request.unit,
      code: request.code,
      flags: request.flags,
      userData: request.userData,
      debitsPendingMinor: 0n,
      debitsPostedMinor: 0n,
      creditsPendingMinor: 0n,
      creditsPostedMinor: 0n,
      created_ms: by.now_ms,
    },
  };
}

/** The owner comes first: to learn what an account of somebody else says is not for others. */
function compare(
  request: AccountRequest,
  existing: AccountState,
  owner: string,
): AccountResult & `exists${string}` {
  if (owner !== existing.owner) return 'exists_with_different_owner';
  if (request.flags !== existing.flags) return 'exists_with_different_flags';
  if (request.userData !== existing.userData) return 'exists_with_different_user_data';
  if (request.holder !== existing.holder) return 'exists_with_different_holder';
  if (request.unit !== existing.unit) return 'exists_with_different_ledger';
  if (request.code !== existing.code) return 'exists_with_different_code';
  return 'exists';
}
