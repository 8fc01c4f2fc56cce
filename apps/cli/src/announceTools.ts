import { createClient, http, keys } from '@anarq/common-clients';
import type { RunningNode } from '@anarq/node';
import { node as nodeContract } from '@anarq/node-module/contract';
import { squid } from '@anarq/squid/contract';

/** Has a node that has started say which of its tools are others than at its last start. */
export async function announceTools(node: RunningNode): Promise<void> {
  // A process that runs other modules only leaves it to the one that runs this.
  if (!node.kernel.contracts.some(({ name }) => name === nodeContract.name)) return;
  const { address } = node;
  const client = createClient({
    contracts: [squid, nodeContract],
    transport: http({
      url: address.url,
      credentials: keys({ did: address.operator, seed: node.operatorSeed, nodeDid: address.node }),
    }),
  });
  await client.call(nodeContract.announceTools, {});
}
