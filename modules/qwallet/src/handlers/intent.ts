import { handler } from '@anarq/kernel';
import { qwallet } from '../contract.ts';
import { intents } from '../store.ts';
import { intentView } from '../views.ts';

export const intent = handler(qwallet.intent, async ({ intentId }, ctx) =>
  intentView(await ctx.rows(intents).require(intentId), ctx.now_ms),
);
