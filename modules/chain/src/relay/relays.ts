import type { ModuleEnvironment, Services } from '@anarq/kernel';
import { ChainNode } from '../chain/chainNode.ts';
import { chain as contract } from '../contract.ts';
import { RelayLoop } from './relayLoop.ts';

/** One for each node of this process that keeps a chain. */
const loops = new WeakMap<Services, RelayLoop>();

/** Begins to tell watchers, where the node keeps a chain. */
export async function beginRelay(env: ModuleEnvironment): Promise<void> {
  const { services, ownLog } = env;
  const identity = services.node.modules[contract.name];
  if (!(ownLog instanceof ChainNode) || identity === undefined) return;
  const keys = await services.identities.custodyKeys(identity);
  loops.set(services, new RelayLoop(env, ownLog, identity, keys));
}

/** Nobody waits any more, and nobody is told anything. */
export async function endRelay({ services }: { readonly services: Services }): Promise<void> {
  await loops.get(services)?.close();
}
