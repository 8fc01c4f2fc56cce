/** A node of an ordered ledger that brings batches until it is killed: folder, broker, space, first batch, last. */

import { createHash } from 'node:crypto';
import { writeSync } from 'node:fs';
import { openJetStreamOrdering } from '@anarq/ordering';
import { causeOfText, OrderedLedger } from '../../src/ordered/index.ts';
import { accountRecords, recordsOf, SMALL } from '../crashes/load.ts';

const [, , folder = '', url = '', space = '', from = '0', to = '0'] = process.argv;
const STDOUT = 1;
const DEPTH = 6;

const ledger = await OrderedLedger.open({
  folder,
  writer: SMALL,
  order: (applier) =>
    openJetStreamOrdering({
      url,
      space,
      key32: new Uint8Array(32).fill(5),
      applier,
      onError: () => undefined,
    }),
  onError: () => undefined,
});
writeSync(STDOUT, 'open\n');
await ledger.createAccounts(accountRecords(), causeOfText('accounts'));
let next = Number(from);
const end = Number(to);

async function bring(): Promise<void> {
  while (next < end) {
    const batch = next++;
    const { results, timestamp, page } = await ledger.createTransfers(
      recordsOf(batch),
      causeOfText(`batch ${batch}`),
    );
    const digest = createHash('sha256')
      .update(`${timestamp} ${page} `)
      .update(results)
      .digest('hex');
    writeSync(STDOUT, `answered ${batch} ${digest}\n`);
  }
}
await Promise.all(Array.from({ length: DEPTH }, bring));
writeSync(STDOUT, 'done\n');
// It follows the others until it is told to end.
process.on('message', () => {
  void ledger.close().then(() => process.disconnect?.());
});
