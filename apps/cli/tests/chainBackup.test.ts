import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { copyOf, hasChain, takeChain } from '../src/backup/chain.ts';
import { fileFacts } from '../src/backup/manifest.ts';

/** A folder as a chain has it, with keys and a lock beside what is copied. */
async function chainFolder(root: string): Promise<string> {
  const folder = join(root, 'chain');
  const names = [
    'genesis.json',
    'network.json',
    'validator.key',
    'authority.key',
    'validator/begin',
    'validator/lock',
    'validator/log-00000001',
    'history/00000001.warm',
    'history/00000002.warm.half',
  ];
  for (const part of ['', 'validator', 'history']) await mkdir(join(folder, part));
  for (const name of names) await writeFile(join(folder, name), `the bytes of ${name}`);
  return folder;
}

it('a backup of a chain holds no key, and what is put back says that it is a copy', async () => {
  const root = await mkdtemp(join(tmpdir(), 'q-chain-backup-'));
  onTestFinished(() => rm(root, { recursive: true, force: true }));
  const backup = join(root, 'backup');
  await mkdir(backup);
  const names = await copyOf(await chainFolder(root), backup);
  expect(names.toSorted()).toEqual([
    'chain/genesis.json',
    'chain/history/00000001.warm',
    'chain/network.json',
    'chain/validator/begin',
    'chain/validator/log-00000001',
  ]);
  const files = await Promise.all(names.map((name) => fileFacts(backup, name)));
  // Whoever changes a manifest puts nothing elsewhere.
  const elsewhere = { name: 'chain/../validator.key', bytes: 1, sha256: '' };
  const manifest = { files: [...files, elsewhere] };
  expect(hasChain(manifest)).toBe(true);
  const to = join(root, 'restored');
  await takeChain(backup, manifest, to);
  expect((await readdir(to)).toSorted()).toEqual([
    'genesis.json',
    'history',
    'network.json',
    'restored',
    'validator',
  ]);
  expect(await readFile(join(to, 'validator/begin'), 'utf8')).toBe('the bytes of validator/begin');
  await expect(takeChain(backup, { files: [] }, join(root, 'none'))).rejects.toMatchObject({
    code: 'INPUT_INVALID',
  });
});
