import { afterAll, beforeAll, expect, it } from 'vitest';
import { killAtEach } from './purchaseKills.ts';
import { foundWorld, pointsOf, removeWorld, type PurchaseWorld } from './purchaseWorld.ts';

let world: PurchaseWorld;
beforeAll(async () => {
  world = await foundWorld();
});
afterAll(() => removeWorld(world));

it('a purchase killed at every point of every nested commit ends exactly once', async () => {
  const points = await pointsOf(world);
  expect(points.length).toBeGreaterThan(30);
  const aftermath = await killAtEach(world, points);
  expect(aftermath.filter(({ outcome }) => outcome !== 'bought')).toEqual([]);
}, 1_200_000);

it('a purchase that is undone, killed at every point, ends as bought or as undone', async () => {
  const revokeAt = { point: 'after-step qmarket.purchase capture', grant: world.grant };
  const points = await pointsOf(world, { revokeAt });
  const aftermath = await killAtEach(world, points, revokeAt);
  expect(aftermath.filter(({ outcome }) => outcome === 'WRONG')).toEqual([]);
}, 1_200_000);
