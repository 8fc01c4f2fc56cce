import { startApart } from './apartWorld.ts';
import { buy, look, outcomeOf } from './purchaseKills.ts';
import { copyWorld, peopled, removeWorld, type PurchaseWorld } from './purchaseWorld.ts';

/** Founds the world on a node in two processes, and stops both. */
export async function foundApart(): Promise<PurchaseWorld> {
  const node = await startApart();
  try {
    return await peopled(node.front.address, node.folder);
  } finally {
    await node.stop();
  }
}

/** Kills one of the two at a point while somebody buys, starts both again, and looks. */
export async function killedApart(
  world: PurchaseWorld,
  which: 'front' | 'money',
  killAt: string,
): Promise<unknown> {
  const copy = await copyWorld(world);
  const doomed = await startApart(copy.folder, { [which]: { killAt } });
  try {
    // Where the money is gone, the front has admitted the purchase and says so.
    await buy(doomed.front, world, false);
    if ((await doomed[which].exited) !== 'SIGKILL') return 'was not killed';
    await doomed[which === 'front' ? 'money' : 'front'].kill();
    await doomed.startMoney();
    await doomed.startFront();
    const found = await look(doomed.front, world);
    return outcomeOf(found) === 'bought' ? 'bought' : found;
  } finally {
    await doomed.stop();
    await removeWorld(copy);
  }
}
