import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { createClient, http, keys, uploadFile } from '@anarq/common-clients';
import type { RunningNode } from '@anarq/node';
import { qdrive } from '@anarq/qdrive/contract';
import { qmarket } from '@anarq/qmarket/contract';
import { qwallet } from '@anarq/qwallet/contract';
import { squid } from '@anarq/squid/contract';

const EXAMPLE = join(import.meta.dirname, '../../../examples/time-zones/zone1970.tab');
const UNIT = 'rUv';

/**
 * What a new node begins with, so that an agent has something to find: a library that offers the
 * time zone table for 3 rUv, and 100 rUv in the operator's wallet.
 */
export async function seedExample(node: RunningNode): Promise<void> {
  const { address } = node;
  const client = createClient({
    contracts: [squid, qdrive, qmarket, qwallet],
    transport: http({
      url: address.url,
      credentials: keys({ did: address.operator, seed: node.operatorSeed, nodeDid: address.node }),
    }),
  });
  try {
    await client.call(qwallet.fund, { identity: address.operator, amount: '100', unit: UNIT });
    const { did: library } = await client.call(squid.createOrganisation, { name: 'library' });
    const onBehalf = { subject: library };
    const { fileId } = await uploadFile(client, createReadStream(EXAMPLE), {
      name: 'zone1970.tab',
      bytes: (await stat(EXAMPLE)).size,
      mediaType: 'text/tab-separated-values',
      ...onBehalf,
    });
    await client.call(
      qmarket.list,
      {
        fileId,
        title: 'Time zones of the world',
        description: 'Countries, coordinates and names of every time zone; IANA, public domain.',
        price: '3',
        unit: UNIT,
        shares: [{ identity: library, weight: 1 }],
        tags: ['geography', 'time'],
        terms: { kind: 'use' },
      },
      onBehalf,
    );
  } finally {
    await client.close();
  }
}
