// A process that is killed: it writes into a ledger until it is, and says on its output what was
// answered. Arguments: the folder, the batch to begin with, and the number of batches (0: without end).
import { writeSync } from 'node:fs';
import { flushCompileCache } from 'node:module';
import { LedgerWriter } from '../../src/engine/index.ts';
import { accountRecords, DEPTH, recordsOf, SMALL } from './load.ts';

const STDOUT = 1;
const [folder = '', first = '0', count = '0'] = process.argv.slice(2);
const end = count === '0' ? Infinity : Number(first) + Number(count);

// A process that is killed leaves nothing for the next one to load, unless it does so now.
flushCompileCache();
const writer = await LedgerWriter.open(folder, SMALL);
writeSync(STDOUT, 'open\n');
if (first === '0') await writer.createAccounts(accountRecords());
let next = Number(first);

async function bring(): Promise<void> {
  while (next < end) {
    const batch = next++;
    const { results } = await writer.createTransfers(recordsOf(batch));
    const refused = results.filter((result) => result !== 0).length;
    writeSync(STDOUT, `answered ${batch} ${refused}\n`);
  }
}
await Promise.all(Array.from({ length: DEPTH }, bring));
await writer.close();
