import { chmod, readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { epochOf, openRootKey, type RootKey } from '@anarq/crypto';
import { keyStoreFile, keyStoresOf } from '@anarq/node';
import { lastBackup } from '../backup/lastBackup.ts';
import { rootKeyFile } from '../keys/rootKeyFile.ts';
import type { Finding } from './finding.ts';

interface KeyPlace {
  readonly dataFolder: string;
  readonly keysFolder: string;
  /** A node has the folder in use: what it may be writing is left alone. */
  readonly isRunning: boolean;
}

/** What the folder of the keys says: who can look into it, what an interrupted change left, and earlier root keys. */
export async function keyFindings(place: KeyPlace): Promise<Finding[]> {
  const { keysFolder } = place;
  const names = await readdir(keysFolder).catch(() => undefined);
  if (names === undefined) return [];
  const findings = [
    await folderFinding(keysFolder),
    await filesFinding(keysFolder, names),
    ...leftFinding(place, names),
  ];
  const file = rootKeyFile(keysFolder);
  // One that cannot be opened has a finding of its own.
  const rootKey = await openRootKey({ file, create: false }).catch(() => undefined);
  if (rootKey !== undefined && epochOf(rootKey) > 0)
    findings.push(await earlierFinding(place, rootKey), await copyFinding(place, rootKey));
  return findings;
}

async function folderFinding(keysFolder: string): Promise<Finding> {
  const check = 'Key folder';
  const mode = (await stat(keysFolder)).mode & 0o777;
  if ((mode & 0o077) === 0) return { check, state: 'ok', found: `mode ${mode.toString(8)}` };
  // Whoever can write here can put another key in the place of a key.
  const isWritable = (mode & 0o022) !== 0;
  return {
    check,
    state: isWritable ? 'fail' : 'warn',
    found: `others of this machine can ${isWritable ? 'write to' : 'look into'} ${keysFolder} (mode ${mode.toString(8)})`,
    fix: `chmod 700 ${keysFolder}, or ./q doctor --fix`,
    repair: () => chmod(keysFolder, 0o700),
  };
}

/** Beside the two keys there is what derives from them: identities of the node, a token for metrics. */
async function filesFinding(keysFolder: string, names: readonly string[]): Promise<Finding> {
  const check = 'Key files';
  const open: string[] = [];
  for (const name of names) {
    const info = await stat(join(keysFolder, name)).catch(() => undefined);
    if (info?.isFile() === true && (info.mode & 0o077) !== 0) open.push(name);
  }
  if (open.length === 0) return { check, state: 'ok', found: 'nobody else reads them' };
  return {
    check,
    state: 'fail',
    found: `others of this machine may read ${open.join(', ')}`,
    fix: `if nobody did: chmod 600, or ./q doctor --fix; otherwise: ./q keys rotate --stolen`,
    repair: async () => {
      for (const name of open) await chmod(join(keysFolder, name), 0o600);
    },
  };
}

/** A change of a key that was killed leaves the new one under another name: it never came into force. */
function leftFinding({ keysFolder, isRunning }: KeyPlace, names: readonly string[]): Finding[] {
  const left = names.filter((name) => name.endsWith('.tmp') || name.endsWith('.new'));
  if (left.length === 0 || isRunning) return [];
  return [
    {
      check: 'Left keys',
      state: 'warn',
      found: `an interrupted command left ${left.join(', ')} in ${keysFolder}`,
      fix: 'nothing uses them: ./q doctor --fix removes them',
      repair: async () => {
        for (const name of left) await rm(join(keysFolder, name), { force: true });
      },
    },
  ];
}

async function earlierFinding(place: KeyPlace, rootKey: RootKey): Promise<Finding> {
  const check = 'Earlier root keys';
  const kept = (rootKey.earlier ?? []).filter(({ seed }) => seed !== undefined).length;
  if (kept === 0) return { check, state: 'ok', found: 'forgotten' };
  const stores = await keyStoresOf(place.keysFolder);
  const behind = stores.filter(({ sealed }) => sealed < epochOf(rootKey));
  // One that never started with these keys says nothing of itself.
  if (behind.length > 0 || stores.length === 0)
    return {
      check,
      state: 'warn',
      found: `${kept} kept: something may be sealed under them${behind.map((one) => `, in ${one.place}`).join('')}`,
      fix: `start the node: it seals that anew${behind.map((one) => `; or, where ${one.place} is gone for good, delete ${join(place.keysFolder, keyStoreFile(one.place))}`).join('')}`,
    };
  return {
    check,
    state: 'warn',
    found: `${kept} kept, and nothing needs them`,
    fix: place.isRunning
      ? 'stop the node, and let them go: ./q keys forget'
      : './q keys forget, or ./q doctor --fix, lets them go',
    ...(place.isRunning
      ? {}
      : {
          repair: async () => {
            const { forgetEarlierKeys } = await import('../keys/changeRootKey.ts');
            await forgetEarlierKeys(place);
          },
        }),
  };
}

/** A copy of the keys from before a change opens nothing that came after it. */
async function copyFinding({ dataFolder }: KeyPlace, rootKey: RootKey): Promise<Finding> {
  const check = 'Copy of the keys';
  const changedAt = rootKey.earlier?.at(-1)?.retiredAt ?? '';
  const last = await lastBackup(dataFolder);
  if (last !== undefined && last.at > changedAt && last.withKeys === true)
    return { check, state: 'ok', found: `in the backup of ${last.at.slice(0, 16)}Z` };
  return {
    check,
    state: 'warn',
    found: `no backup has the keys since the root key was changed at ${changedAt.slice(0, 16)}Z`,
    fix: './q backup FOLDER --with-keys; or copy the key folder again, and keep this in mind',
  };
}
