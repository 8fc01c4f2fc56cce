import { call, defineModule, process as processOf } from '@anarq/kernel';
import { contract, process, t, unit, type OutputOf } from '@anarq/common-schemas';
import { qwallet } from '../src/contract.ts';

const MOVES = ['capture', 'keep', 'payOut', 'giveBack', 'void'] as const;
export type Move = (typeof MOVES)[number];

/** A module that sells: it holds a payment of its caller, and then moves it as it is told. */
export const shop = contract({
  name: 'shop',
  version: '1.0.0',
  title: 'Shop',
  purpose: 'A purchase whose steps a test chooses.',
  dependencies: ['qwallet'],
  operations: {
    buy: process({
      summary: 'Hold a payment and move it.',
      http: 'POST /buy',
      scope: 'shop/buy',
      signature: 'full',
      authorises: { amount: 'amount', unit: 'unit' },
      uses: [
        'qwallet.reserve',
        'qwallet.capture',
        'qwallet.payOut',
        'qwallet.giveBack',
        'qwallet.void',
      ],
      input: t.object({
        from: t.did(),
        amount: t.decimal(),
        unit: unit(),
        moves: t.array(t.enum(MOVES), { maxItems: 8 }),
      }),
      output: t.object({ intentId: t.id(), statuses: t.array(t.string(), { maxItems: 8 }) }),
      examples: [
        {
          summary: 'In two steps',
          input: { from: 'did:squid:shop', amount: '1', unit: 'EUR', moves: ['keep', 'payOut'] },
        },
      ],
    }),
  },
});

export const shopModule = defineModule(shop, {
  handlers: {
    buy: processOf(shop.buy, async ({ from, moves, ...price }, ctx) => {
      const { intentId } = await ctx.step('hold', qwallet.reserve, {
        ...price,
        recipients: [{ identity: from, amount: price.amount }],
      });
      const statuses: string[] = [];
      for (const [i, move] of moves.entries()) {
        const name = `${i} ${move}`;
        const moved = async (): Promise<OutputOf<typeof qwallet.void>> => {
          switch (move) {
            case 'capture':
              return ctx.step(name, qwallet.capture, { intentId });
            case 'keep':
              return ctx.step(
                name,
                qwallet.capture,
                { intentId, keep: true },
                { undo: () => call(qwallet.giveBack, { intentId }) },
              );
            case 'payOut':
              return ctx.step(name, qwallet.payOut, { intentId }, { as: 'module' });
            case 'giveBack':
              return ctx.step(name, qwallet.giveBack, { intentId }, { as: 'module' });
            case 'void':
              return ctx.step(name, qwallet.void, { intentId });
          }
        };
        statuses.push((await moved()).status);
      }
      return { intentId, statuses };
    }),
  },
});
