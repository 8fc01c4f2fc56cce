import { handler } from '@anarq/kernel';
import { qmarket } from '../contract.ts';
import { licenses } from '../store.ts';
import { licenseOf } from '../views.ts';

export const license = handler(qmarket.license, async ({ licenseId }, ctx) =>
  licenseOf(await ctx.rows(licenses).require(licenseId), ctx.now_ms),
);
