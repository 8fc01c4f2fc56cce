import { handler } from '@anarq/kernel';
import { chainOf } from '../chainOf.ts';
import { chain as contract } from '../contract.ts';
import { pageOf } from '../pageOf.ts';

export const transactions = handler(contract.transactions, (place, ctx) =>
  pageOf(chainOf(ctx), place, undefined),
);
