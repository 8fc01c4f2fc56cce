// A process that is killed: it writes into a ledger and signs checkpoints of it, and says on its output
// how many events each has. Arguments: the folder, the batch to begin with, and the key as hex digits.
import { writeSync } from 'node:fs';
import { flushCompileCache } from 'node:module';
import { Checkpoints, LedgerWriter } from '../../src/engine/index.ts';
import { accountRecords, FOLLOWED, recordsOf, SMALL } from './load.ts';

const STDOUT = 1;
const [folder = '', first = '0', keyHex = ''] = process.argv.slice(2);

// A process that is killed leaves nothing for the next one to load, unless it does so now.
flushCompileCache();
const writer = await LedgerWriter.open(folder, SMALL);
await writer.createAccounts(accountRecords());
const checkpoints = new Checkpoints(folder, writer, {
  ...FOLLOWED,
  keyDer: Buffer.from(keyHex, 'hex'),
  interval_ms: 15,
});

/** One batch at a time, so that the follower keeps up. */
async function bring(): Promise<void> {
  for (let batch = Number(first); ; batch++) await writer.createTransfers(recordsOf(batch));
}
async function tell(): Promise<void> {
  for (let events = 0; ;) {
    const { position } = await checkpoints.covering(events);
    writeSync(STDOUT, `signed ${position.events}\n`);
    events = position.events + 1;
  }
}
await Promise.all([bring(), tell()]);
