import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { foundApart, killedApart } from './apartKills.ts';
import { removeWorld, type PurchaseWorld } from './purchaseWorld.ts';

describe('a purchase across two processes, one of which is killed with kill -9', () => {
  let world: PurchaseWorld;
  beforeAll(async () => {
    world = await foundApart();
  }, 240_000);
  afterAll(() => removeWorld(world));

  it.each([
    ['money', 'after-step qwallet.reserve hold'],
    ['money', 'after-outcome qwallet.capture'],
    ['front', 'after-step qmarket.purchase capture'],
  ] as const)(
    'ends exactly once, with money and licence in agreement: %s, %s',
    async (which, point) => {
      expect(await killedApart(world, which, point)).toBe('bought');
    },
    360_000,
  );
});
