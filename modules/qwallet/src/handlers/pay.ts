import { call, process } from '@anarq/kernel';
import { qwallet } from '../contract.ts';

export const pay = process(qwallet.pay, async (input, ctx) => {
  const held = await ctx.step('reserve', qwallet.reserve, input, {
    undo: ({ intentId }) => call(qwallet.void, { intentId }),
  });
  return ctx.step('capture', qwallet.capture, { intentId: held.intentId });
});
