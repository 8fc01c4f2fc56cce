import { handler } from '@anarq/kernel';
import { chainOf } from '../chainOf.ts';
import { chain as contract } from '../contract.ts';
import { pageOf } from '../pageOf.ts';

export const accountTransactions = handler(
  contract.accountTransactions,
  ({ accountId, ...place }, ctx) => pageOf(chainOf(ctx), place, accountId),
);
