import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { killAtEach } from './purchaseKills.ts';
import { foundWorld, pointsOf, removeWorld, type PurchaseWorld } from './purchaseWorld.ts';

/** Here at each step of the purchase; at every point of every nested commit in the nightly tier. */
const ofThePurchase = (point: string): boolean => point.includes('qmarket.purchase');

describe('a purchase that is killed with kill -9 and started again', () => {
  let world: PurchaseWorld;
  beforeAll(async () => {
    world = await foundWorld();
  });
  afterAll(() => removeWorld(world));

  it('ends exactly once at each of its steps, with money and licence in agreement', async () => {
    const points = (await pointsOf(world)).filter(ofThePurchase);
    expect(points).toEqual([
      'before-admission qmarket.purchase',
      'after-admission qmarket.purchase',
      ...['order', 'hold', 'capture', 'license', 'payout'].flatMap((step) => [
        `before-step qmarket.purchase ${step}`,
        `after-step qmarket.purchase ${step}`,
      ]),
      'before-outcome qmarket.purchase',
      'after-outcome qmarket.purchase',
    ]);
    const aftermath = await killAtEach(world, points);
    expect(aftermath.filter(({ outcome }) => outcome !== 'bought')).toEqual([]);
  }, 900_000);

  it('is wholly undone when the seller ends the grant midway, also when the undoing is killed', async () => {
    const revokeAt = { point: 'after-step qmarket.purchase capture', grant: world.grant };
    const points = (await pointsOf(world, { revokeAt })).filter(
      (point) => ofThePurchase(point) && /license|undo/.test(point),
    );
    for (const step of ['capture', 'hold', 'order'])
      expect(points).toContain(`before-undo qmarket.purchase ${step}`);
    const aftermath = await killAtEach(world, points, revokeAt);
    expect(aftermath.filter(({ outcome }) => outcome === 'WRONG')).toEqual([]);
    expect(aftermath.filter(({ outcome }) => outcome === 'undone').length).toBeGreaterThan(2);
  }, 900_000);
});
