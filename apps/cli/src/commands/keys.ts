import { epochOf, openRootKey } from '@anarq/crypto';
import { keysFolderOf, keyStoresOf } from '@anarq/node';
import { forgetEarlierKeys, rotateRootKey } from '../keys/changeRootKey.ts';
import { recoverKeys } from '../keys/recoverKeys.ts';
import { rootKeyFile } from '../keys/rootKeyFile.ts';
import { loadOutside } from '../outsideModule.ts';
import { columns, dot, paint, say, tick } from '../terminal.ts';
import { passphraseOf } from './backup.ts';

interface KeysOptions {
  readonly data: string;
  readonly keys?: string;
  readonly json?: boolean;
}

const folderOf = async ({ keys, data }: KeysOptions): Promise<string> =>
  keys ?? (await keysFolderOf(data));

/** Which root keys there were, and what still leans on them. */
export async function keysList(options: KeysOptions): Promise<void> {
  const keysFolder = await folderOf(options);
  const rootKey = await openRootKey({ file: rootKeyFile(keysFolder), create: false });
  const inForce = epochOf(rootKey) + 1;
  const earlier = (rootKey.earlier ?? []).map(({ seed, retiredAt, reason }, place) => ({
    number: place + 1,
    retiredAt,
    reason,
    kept: seed !== undefined,
  }));
  const stores = (await keyStoresOf(keysFolder)).map(({ place, sealed }) => ({
    place,
    follows: sealed + 1 === inForce,
  }));
  if (options.json === true)
    return say(JSON.stringify({ ok: true, keysFolder, inForce, earlier, stores }));
  say(`${tick} root key ${paint.bold(String(inForce))} is in force  ${dot}  ${keysFolder}`);
  const lines = earlier.map((key) => [
    `  key ${key.number}`,
    `until ${key.retiredAt}`,
    key.reason,
    key.kept ? 'kept: ./q keys forget lets it go' : 'forgotten',
  ]);
  for (const line of columns(lines)) say(line);
  for (const { place, follows } of stores)
    say(`  ${place}  ${follows ? 'follows it' : 'has something under an earlier key'}`);
}

/** Gives a node that does not run another root key. */
export async function keysRotate(
  options: KeysOptions & { readonly stolen?: boolean },
): Promise<void> {
  const keysFolder = await folderOf(options);
  const isStolen = options.stolen === true;
  const inForce = await rotateRootKey(
    { dataFolder: options.data, keysFolder },
    isStolen ? 'stolen' : 'planned',
  );
  if (options.json === true) return say(JSON.stringify({ ok: true, inForce, stolen: isStolen }));
  say(`${tick} ${paint.bold(`root key ${inForce} is in force`)} from the next start on`);
  say('  That start hands the log over to its new keys, and seals anew what is sealed.');
  if (isStolen)
    say(
      '  Sessions and tokens of agents end with it: people sign in again, agents get new tokens.',
    );
  say(`\n  ${paint.yellow('A copy of the keys from before does not open what comes after')}: copy`);
  say(`  ${keysFolder}`);
  say('  again, or make a backup with its keys: ./q backup FOLDER --with-keys');
}

/** Lets earlier root keys go, once nothing is sealed under them. */
export async function keysForget(
  options: KeysOptions & { readonly module?: readonly string[] },
): Promise<void> {
  const place = { dataFolder: options.data, keysFolder: await folderOf(options) };
  const others = await Promise.all((options.module ?? []).map((path) => loadOutside(path)));
  const count = await forgetEarlierKeys(place, others);
  if (options.json === true) return say(JSON.stringify({ ok: true, forgotten: count }));
  say(count === 0 ? `${tick} there was none` : `${tick} forgot ${count} earlier root key(s)`);
}

/** Takes lost keys out of a backup. */
export async function keysRecover(
  backup: string,
  options: KeysOptions & { readonly passphraseFile?: string },
): Promise<void> {
  const keysFolder = await folderOf(options);
  const found = await recoverKeys({
    backup,
    dataFolder: options.data,
    keysFolder,
    passphrase: await passphraseOf(options),
  });
  if (options.json === true) return say(JSON.stringify({ ok: true, backup: found, keysFolder }));
  say(`${tick} ${paint.bold('the keys are back')} in ${keysFolder}  ${dot}  from ${found}`);
}
