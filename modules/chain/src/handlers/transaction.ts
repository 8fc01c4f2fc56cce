import { fail } from '@anarq/common-schemas';
import { handler } from '@anarq/kernel';
import { chainOf } from '../chainOf.ts';
import { chain as contract } from '../contract.ts';
import { statusOf } from '../statusOf.ts';

export const transaction = handler(
  contract.transaction,
  async ({ transactionId }, ctx) =>
    (await statusOf(chainOf(ctx), transactionId)) ??
    fail('QINDEX_NOT_FOUND', `This node knows no transaction ${transactionId}.`),
);
