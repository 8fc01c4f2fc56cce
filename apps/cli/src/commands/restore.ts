import { readFile } from 'node:fs/promises';
import { fail } from '@anarq/common-schemas';
import { restoreBackup } from '../backup/restoreBackup.ts';
import { liftFence } from '../backup/unfence.ts';
import { dot, paint, say, tick, warn } from '../terminal.ts';
import { passphraseOf } from './backup.ts';

interface RestoreOptions {
  readonly data: string;
  readonly keys?: string;
  readonly checkpoint?: string;
  readonly withKeys?: boolean;
  readonly passphraseFile?: string;
  readonly json?: boolean;
  readonly chain?: string;
}

/** Puts a backup into an empty folder, fenced. */
export async function restore(backup: string, options: RestoreOptions): Promise<void> {
  const restored = await restoreBackup({
    backup,
    dataFolder: options.data,
    keysFolder: options.keys,
    chainFolder: options.chain,
    passphrase: options.withKeys === true ? await passphraseOf(options) : undefined,
    checkpoint:
      options.checkpoint === undefined ? undefined : await checkpointIn(options.checkpoint),
  });
  const { manifest, missing, newer, keysFound } = restored;
  if (options.json === true) {
    const { manifest: _, ...rest } = restored;
    return say(
      JSON.stringify({
        ok: true,
        fenced: true,
        madeAt: manifest.madeAt,
        node: manifest.node,
        ...rest,
      }),
    );
  }
  say(`${tick} ${paint.bold('restored')} into ${restored.dataFolder}`);
  say(`  made ${manifest.madeAt}  ${dot}  ${restored.records} records, consistent with their log`);
  if (missing !== undefined && missing > 0)
    say(
      `  ${paint.yellow(`${missing} records are missing`)}: the checkpoint you gave is newer than the backup`,
    );
  else if (newer !== undefined)
    say(`  nothing is missing of the checkpoint you gave (${newer} more)`);
  if (!keysFound)
    say(
      `  ${paint.yellow('The keys are not here')}: copy them to ${restored.keysFolder} before you start it`,
    );
  if (options.chain !== undefined)
    say(`  its chain follows from ${options.chain}, and never makes a block under the old key`);
  if (restored.leavesChain)
    say(`  ${paint.yellow('Its chain is not put back')}: name an empty folder with --chain FOLDER`);
  say('\n  This copy is fenced: it answers questions, and changes nothing, so that it can never');
  say('  spend what the old node spends too. When the old one is gone for good:');
  say(`    ./q unfence --data ${restored.dataFolder} --i-know-the-old-one-is-gone`);
}

const CHECKPOINT_BYTES_MAX = 16 * 1024 ** 2;

/** A signed note, or the receipt that carries one. */
async function checkpointIn(file: string): Promise<string> {
  const bytes = await readFile(file).catch((error: NodeJS.ErrnoException) =>
    fail('FOLDER_UNUSABLE', `${file} cannot be read: ${error.code ?? error.message}.`),
  );
  if (bytes.length > CHECKPOINT_BYTES_MAX)
    return fail('INPUT_TOO_LARGE', `${file} is larger than any receipt.`);
  const text = bytes.toString('utf8');
  if (!text.trimStart().startsWith('{')) return text;
  const value = JSON.parse(text) as {
    checkpoint?: unknown;
    note?: unknown;
    receipt?: { checkpoint?: unknown };
    data?: { note?: unknown; receipt?: { checkpoint?: unknown } };
  };
  const found = [
    value.checkpoint,
    value.receipt?.checkpoint,
    value.data?.receipt?.checkpoint,
    value.note,
    value.data?.note,
  ].find((one) => typeof one === 'string');
  return typeof found === 'string'
    ? found
    : fail('INPUT_MALFORMED', `${file} holds neither a receipt nor a checkpoint.`);
}

/** Lets a restored copy write. */
export async function unfence(options: {
  readonly data: string;
  readonly iKnowTheOldOneIsGone?: boolean;
  readonly nothingIsMissing?: boolean;
  readonly json?: boolean;
}): Promise<void> {
  if (options.iKnowTheOldOneIsGone !== true)
    fail(
      'INPUT_INVALID',
      'Two nodes with the same keys could both spend. Say --i-know-the-old-one-is-gone when that is so.',
    );
  const isNewest = options.nothingIsMissing === true;
  const { generation, since } = await liftFence(options.data, isNewest);
  if (options.json === true)
    return say(JSON.stringify({ ok: true, generation, since, budgetsKept: isNewest }));
  say(`${tick} ${paint.bold('this copy may write from its next start on')}  ${dot}  ${generation}`);
  say('  Sessions and tokens of agents ended: people sign in again, agents get new tokens.');
  if (!isNewest) {
    say('  Nothing is left of any budget: what agents spent after the backup is not known here.');
    say('  Give them new grants. What was under way waits for you: ./q processes --attention');
  }
  warn(
    paint.dim(
      '  Grants that were revoked after the backup are in force again: look at qonsent.list.',
    ),
  );
}
