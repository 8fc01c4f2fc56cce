import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

/**
 * Writes files into a new folder, lets `use` work on it, and takes it away.
 * Workspace packages among them can be imported by name, as after an install.
 *
 * @param files text by path.
 */
export async function withFiles<T>(
  files: Readonly<Record<string, string>>,
  use: (root: string) => Promise<T>,
): Promise<T> {
  const root = await mkdtemp(join(tmpdir(), 'q-house-'));
  try {
    for (const [path, text] of Object.entries(files)) {
      await mkdir(join(root, dirname(path)), { recursive: true });
      await writeFile(join(root, path), text);
      const folder = /^(packages|engines|modules|apps)\/[^/]+(?=\/package\.json$)/.exec(path)?.[0];
      if (folder !== undefined) await link(root, folder, text);
    }
    return await use(root);
  } finally {
    await rm(root, { recursive: true, force: true });
  }
}

async function link(root: string, folder: string, manifest: string): Promise<void> {
  const { name } = JSON.parse(manifest) as { name: string };
  const place = join(root, 'node_modules', name);
  await mkdir(dirname(place), { recursive: true });
  await symlink(join(root, folder), place);
}
