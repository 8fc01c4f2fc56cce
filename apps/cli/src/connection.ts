import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createClient, http, keys, type Client } from '@anarq/common-clients';
import { fail, type AnyContract } from '@anarq/common-schemas';
import { openRootKey } from '@anarq/crypto';
import { squid } from '@anarq/squid/contract';
import { ADDRESS_FILE, type NodeAddress } from '@anarq/node/address';

/**
 * The address of the node that runs on a data folder.
 * @throws NODE_NOT_RUNNING when none does
 */
export async function findNode(dataFolder: string): Promise<NodeAddress> {
  try {
    return JSON.parse(await readFile(join(dataFolder, ADDRESS_FILE), 'utf8')) as NodeAddress;
  } catch {
    return fail('NODE_NOT_RUNNING', `No node runs on ${dataFolder}.`);
  }
}

/** A client that calls the running node as its operator, with the operator's own keys. */
export async function operatorClient(
  dataFolder: string,
  contracts: readonly AnyContract[],
): Promise<{ client: Client; address: NodeAddress; seed: Uint8Array }> {
  const address = await findNode(dataFolder);
  const { seed } = await openRootKey({
    file: join(address.keysFolder, 'operator.key'),
    create: false,
  });
  const client = createClient({
    // Sessions are opened with an operation of sQuid.
    contracts: [squid, ...contracts],
    transport: http({
      url: address.url,
      credentials: keys({ did: address.operator, seed, nodeDid: address.node }),
    }),
  });
  return { client, address, seed };
}
