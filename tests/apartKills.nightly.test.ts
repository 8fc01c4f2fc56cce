import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { foundApart, killedApart } from './apartKills.ts';
import { removeWorld, type PurchaseWorld } from './purchaseWorld.ts';

describe('a purchase across two processes, killed at every further step', () => {
  let world: PurchaseWorld;
  beforeAll(async () => {
    world = await foundApart();
  }, 240_000);
  afterAll(() => removeWorld(world));

  it.each([
    ['money', 'before-admission qwallet.reserve'],
    ['money', 'after-outcome qwallet.reserve'],
    ['money', 'after-step qwallet.capture settle'],
    ['money', 'after-outcome qwallet.payOut'],
    ['front', 'before-step qmarket.purchase hold'],
    ['front', 'after-step qmarket.purchase hold'],
    ['front', 'after-step qmarket.purchase payout'],
    ['front', 'before-outcome qmarket.purchase'],
  ] as const)(
    'ends exactly once, with money and licence in agreement: %s, %s',
    async (which, point) => {
      expect(await killedApart(world, which, point)).toBe('bought');
    },
    360_000,
  );
});
