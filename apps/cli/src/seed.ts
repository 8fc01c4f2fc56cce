import { createReadStream } from 'node:fs';
import { stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createClient, http, keys, uploadFile } from '@anarq/common-clients';
import type { RunningNode } from '@anarq/node';
import { qdrive } from '@anarq/qdrive/contract';
import { qmarket } from '@anarq/qmarket/contract';
import { qwallet } from '@anarq/qwallet/contract';
import { squid } from '@anarq/squid/contract';

const EXAMPLE = join(import.meta.dirname, '../../../examples/time-zones/zone1970.tab');
const UNIT = 'rUv';

const TITLE = 'Time zones of the world';
/** Written once the example is offered, or was not wanted: it is made once, whatever happens. */
const MARK = 'example';

/**
 * Offers the example on a node that has not decided about it yet.
 * @returns whether it was offered now
 */
export async function offerExample(
  node: RunningNode,
  dataFolder: string,
  isUnwanted: boolean,
): Promise<boolean> {
  const mark = join(dataFolder, MARK);
  const isDecided = (await stat(mark).catch(() => undefined)) !== undefined;
  if (isDecided) return false;
  if (!isUnwanted) await seedExample(node);
  await writeFile(mark, isUnwanted ? 'unwanted\n' : 'offered\n');
  return !isUnwanted;
}

/**
 * What a new node begins with, so that an agent has something to find: a library that offers the
 * time zone table for 3 rUv, and 100 rUv in the operator's wallet. Interrupted, it is taken up: each
 * call has a key of its own, and a listing that stands is not made again.
 */
async function seedExample(node: RunningNode): Promise<void> {
  const { address } = node;
  const client = createClient({
    contracts: [squid, qdrive, qmarket, qwallet],
    transport: http({
      url: address.url,
      credentials: keys({ did: address.operator, seed: node.operatorSeed, nodeDid: address.node }),
    }),
  });
  try {
    await client.call(
      qwallet.fund,
      { identity: address.operator, amount: '100', unit: UNIT },
      { idempotencyKey: 'example-funds' },
    );
    const { items } = await client.call(qmarket.search, { query: TITLE });
    if (items.some(({ title }) => title === TITLE)) return;
    const { did: library } = await client.call(
      squid.createOrganisation,
      { name: 'library' },
      { idempotencyKey: 'example-library' },
    );
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
        title: TITLE,
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
