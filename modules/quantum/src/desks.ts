import type { Services } from '@anarq/kernel';
import { Desk } from './work/desk.ts';

/** The desk of each node of this process; most processes have one. */
const desks = new WeakMap<Services['node'], Desk>();

/** The workers of the node whose call this is. */
export function deskOf({ services }: { readonly services: Services }): Desk {
  const known = desks.get(services.node);
  if (known !== undefined) return known;
  const desk = new Desk();
  desks.set(services.node, desk);
  return desk;
}

/** Ends the workers of a node that stops. */
export function closeDesk({ services }: { readonly services: Services }): Promise<void> {
  desks.get(services.node)?.close();
  return Promise.resolve();
}
