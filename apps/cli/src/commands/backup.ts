import { readFile } from 'node:fs/promises';
import { fail } from '@anarq/common-schemas';
import { keysFolderOf, storePlaceOf } from '@anarq/node';
import { makeBackup } from '../backup/makeBackup.ts';
import { bytesText, dot, paint, say, tick } from '../terminal.ts';
import { version } from '../version.ts';

interface BackupOptions {
  readonly data: string;
  readonly keys?: string;
  readonly withKeys?: boolean;
  readonly passphraseFile?: string;
  readonly json?: boolean;
  readonly chain?: string;
}

/** Makes a backup of the node on a data folder, whether it runs or not. */
export async function backup(folder: string, options: BackupOptions): Promise<void> {
  const place = await storePlaceOf(options.data, undefined);
  if (place.kind === 'postgres')
    fail(
      'INPUT_INVALID',
      `The rows of this node are on ${place.shown}: stop it, and copy them with pg_dump, with the folders of data and keys.`,
    );
  const keysFolder = options.keys ?? (await keysFolderOf(options.data));
  const passphrase = options.withKeys === true ? await passphraseOf(options) : undefined;
  const made = await makeBackup({
    dataFolder: options.data,
    keysFolder,
    folder,
    version,
    passphrase,
    chainFolder: options.chain,
  });
  const { manifest } = made;
  if (options.json === true)
    return say(
      JSON.stringify({
        ok: true,
        folder: made.folder,
        madeAt: manifest.madeAt,
        node: manifest.node,
        records: manifest.log.size,
        blocks: manifest.blocks,
        newBlocks: made.newBlocks,
        open: manifest.open,
        withKeys: passphrase !== undefined,
      }),
    );
  const [store] = manifest.files;
  say(`${tick} ${paint.bold('backup')} ${made.folder}`);
  say(
    `  ${bytesText(store?.bytes ?? 0)} of data  ${dot}  ${manifest.blocks.count} blocks of content, ${bytesText(manifest.blocks.bytes)} (${made.newBlocks} new)`,
  );
  say(`  log at ${manifest.log.size} records  ${dot}  ${manifest.open} processes under way`);
  if (passphrase === undefined) {
    say(
      `\n  ${paint.yellow('The keys are not in it')}, and without them it cannot be read. Copy them`,
    );
    say(`  somewhere else, once: ${keysFolder}`);
    say('  or put them in, sealed: ./q backup FOLDER --with-keys --passphrase-file FILE');
  } else say('  The keys are in it, sealed under your passphrase.');
}

/** From a file, or from the environment; never from the command line, which others can see. */
export async function passphraseOf({
  passphraseFile,
}: {
  readonly passphraseFile?: string;
}): Promise<string> {
  if (passphraseFile !== undefined) {
    const text = await readFile(passphraseFile, 'utf8').catch((error: NodeJS.ErrnoException) =>
      fail('FOLDER_UNUSABLE', `${passphraseFile} cannot be read: ${error.code ?? error.message}.`),
    );
    return text.replace(/\r?\n$/, '');
  }
  return (
    process.env['Q_PASSPHRASE'] ??
    fail('INPUT_INVALID', 'A passphrase comes from --passphrase-file FILE, or from Q_PASSPHRASE.')
  );
}
