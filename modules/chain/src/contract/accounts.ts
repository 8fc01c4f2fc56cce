import { pageInput, query, t } from '@anarq/common-schemas';
import {
  Account,
  accountId,
  nonce,
  Prepared,
  Proof,
  publicKey,
  TransactionPage,
  whole,
} from '../models.ts';

export const EXAMPLE_ACCOUNT = '0f'.repeat(32);

/** What the chain knows of accounts. */
export const accountOperations = {
  createAccount: query({
    summary:
      'Begin an account: its id, and the transaction that makes its key known, to be signed.',
    http: 'POST /accounts',
    access: 'tenant',
    scope: 'chain/prepare',
    input: t.object({
      publicKey: publicKey(),
      nonce: t.optional(nonce('Default: 1.')),
      fee: t.optional(whole('Default: the least that the chain takes; the account pays it.')),
    }),
    output: Prepared,
    errors: ['DEPENDENCY_MISSING'],
    examples: [{ summary: 'From a public key', input: { publicKey: 'AAAA' } }],
  }),
  account: query({
    summary: 'One account of the chain: balance, nonce, key.',
    http: 'GET /accounts/{accountId}',
    access: 'tenant',
    scope: 'chain/read',
    input: t.object({ accountId: accountId() }),
    output: Account,
    errors: ['DEPENDENCY_MISSING'],
    examples: [{ summary: 'An account', input: { accountId: EXAMPLE_ACCOUNT } }],
  }),
  accountTransactions: query({
    summary: 'What an account made and what paid it, the latest first, page by page.',
    http: 'GET /accounts/{accountId}/transactions',
    access: 'tenant',
    scope: 'chain/read',
    input: t.object({ accountId: accountId(), ...pageInput }),
    output: TransactionPage,
    errors: ['DEPENDENCY_MISSING'],
    examples: [{ summary: 'The last ten', input: { accountId: EXAMPLE_ACCOUNT, limit: 10 } }],
  }),
  proveAccount: query({
    summary: 'Prove what an account has, as of the last certificate.',
    http: 'GET /accounts/{accountId}/proof',
    access: 'tenant',
    scope: 'chain/read',
    input: t.object({ accountId: accountId() }),
    output: Proof,
    errors: ['DEPENDENCY_MISSING', 'STATE_CONFLICT'],
    examples: [{ summary: 'A balance', input: { accountId: EXAMPLE_ACCOUNT } }],
  }),
};
