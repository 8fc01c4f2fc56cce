import { command, pageInput, query, t } from '@anarq/common-schemas';
import {
  accountId,
  Action,
  BATCH_MAX,
  ENTRY_BYTES_MAX,
  FaultModel,
  nonce,
  Prepared,
  Proof,
  TransactionPage,
  transactionId,
  TransactionStatus,
  whole,
} from '../models.ts';
import { EXAMPLE_ACCOUNT } from './accounts.ts';

const EXAMPLE_TRANSACTION = 'a1'.repeat(32);
/** A body of an entry in base64url. */
const limits = { bodyBytes: 131_072 } as const;
/** So long a question may wait for its answer. */
const WAIT_S_MAX = 25;

/** From a transaction that nobody has signed to one that is final. */
export const transactionOperations = {
  prepare: query({
    summary: 'Make transactions of one account, to be signed: nothing happens yet.',
    http: 'POST /transactions/prepare',
    access: 'tenant',
    scope: 'chain/prepare',
    limits,
    input: t.object({
      accountId: accountId(),
      actions: t.array(Action, {
        minItems: 1,
        maxItems: BATCH_MAX,
        description: 'One transaction each, under one signature.',
      }),
      nonce: t.optional(nonce('Of the first; default: the next one that this node knows of.')),
      fee: t.optional(whole('Of each; default: the least that the chain takes.')),
      notAfter: t.optional(t.instant({ description: 'At most 10 minutes ahead; default: 5.' })),
    }),
    output: Prepared,
    errors: ['DEPENDENCY_MISSING', 'AMOUNT_INVALID', 'TIME_EXPIRED'],
    examples: [
      {
        summary: 'A payment',
        input: {
          accountId: EXAMPLE_ACCOUNT,
          actions: [{ kind: 'transfer', to: '1e'.repeat(32), amount: '250' }],
        },
      },
    ],
  }),
  submit: command({
    summary:
      'Hand in signed transactions. The same again acts once: hand it in until there is a receipt.',
    http: 'POST /transactions',
    access: 'tenant',
    scope: 'chain/submit',
    limits,
    input: t.object({
      entry: t.bytes({
        maxBytes: ENTRY_BYTES_MAX,
        description: 'A signed entry; or an unsigned one, with its signature beside it.',
      }),
      signature: t.optional(
        t.bytes({ maxBytes: 4_627, description: 'Of the account over what prepare gave.' }),
      ),
    }),
    output: t.object({
      transactionIds: t.array(transactionId(), { minItems: 1, maxItems: BATCH_MAX }),
      faultModel: FaultModel,
    }),
    errors: ['DEPENDENCY_MISSING', 'STATE_CONFLICT', 'INSUFFICIENT_FUNDS'],
    examples: [
      { summary: 'What prepare gave, signed', input: { entry: 'AAAA', signature: 'AAAA' } },
    ],
  }),
  transaction: query({
    summary: 'One transaction: how far it is, and what became of it.',
    http: 'GET /transactions/{transactionId}',
    access: 'tenant',
    scope: 'chain/read',
    input: t.object({ transactionId: transactionId() }),
    output: TransactionStatus,
    errors: ['DEPENDENCY_MISSING'],
    examples: [{ summary: 'By its id', input: { transactionId: EXAMPLE_TRANSACTION } }],
  }),
  waitFor: query({
    summary:
      'Wait until a transaction has come to its end, or the time is over; then as transaction.',
    http: 'GET /transactions/{transactionId}/end',
    access: 'tenant',
    scope: 'chain/read',
    slo: { latency_ms_p50: 2_000, latency_ms_p95: 10_000, latency_ms_p99: WAIT_S_MAX * 1_000 },
    input: t.object({
      transactionId: transactionId(),
      until: t.optional(
        t.enum(['Confirmed', 'Finalized'], {
          description: 'Default: Finalized. A refusal ends it as well.',
        }),
      ),
      timeout_s: t.optional(
        t.integer({ minimum: 1, maximum: WAIT_S_MAX, description: 'Default: 20.' }),
      ),
    }),
    output: TransactionStatus,
    errors: ['DEPENDENCY_MISSING'],
    examples: [
      {
        summary: 'Until it is final, for five seconds',
        input: { transactionId: EXAMPLE_TRANSACTION, timeout_s: 5 },
      },
    ],
  }),
  transactions: query({
    summary: 'The transactions of the chain, the latest first, page by page.',
    http: 'GET /transactions',
    access: 'tenant',
    scope: 'chain/read',
    input: t.object({ ...pageInput }),
    output: TransactionPage,
    errors: ['DEPENDENCY_MISSING'],
    examples: [{ summary: 'The last ten', input: { limit: 10 } }],
  }),
  proveTransaction: query({
    summary: 'Prove what became of a transaction, by its certificate.',
    http: 'GET /transactions/{transactionId}/proof',
    access: 'tenant',
    scope: 'chain/read',
    input: t.object({ transactionId: transactionId() }),
    output: Proof,
    errors: ['DEPENDENCY_MISSING', 'STATE_CONFLICT'],
    examples: [{ summary: 'By its id', input: { transactionId: EXAMPLE_TRANSACTION } }],
  }),
};
