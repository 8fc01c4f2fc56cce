import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { delimiter, dirname, join, resolve } from 'node:path';
import { QError } from '@anarq/common-schemas';
import { compile } from './compile.ts';
import { stage } from './stage.ts';
import { publishable } from './workspaces.ts';

interface PackedPackage {
  readonly name: string;
  readonly version: string;
  /** Path of the tarball. */
  readonly file: string;
}

/** Builds every package that can be published, and packs each with npm into a folder. */
export async function packAll(root: string, folder: string): Promise<PackedPackage[]> {
  const workspaces = await publishable(root);
  const to = resolve(folder);
  await mkdir(to, { recursive: true });
  // Below the repository, where the compiler finds what is installed.
  await mkdir(join(root, '.q'), { recursive: true });
  const build = await mkdtemp(join(root, '.q', 'pack-'));
  try {
    const compiled = join(build, 'compiled');
    await compile(root, workspaces, compiled);
    const staged = workspaces.map(({ path }) => join(build, 'staged', path));
    for (const [place, workspace] of workspaces.entries())
      await stage(root, workspace, compiled, staged[place] ?? '');
    const packed = await npmPack(staged, to);
    return packed.map(({ name, version, filename }) => ({
      name,
      version,
      file: join(to, filename),
    }));
  } finally {
    await rm(build, { recursive: true, force: true });
  }
}

interface NpmPacked {
  readonly name: string;
  readonly version: string;
  readonly filename: string;
}

function npmPack(folders: readonly string[], to: string): Promise<NpmPacked[]> {
  const args = ['pack', '--json', '--ignore-scripts', '--pack-destination', to, ...folders];
  // Under the Node that runs this: an older one would have npm pick other files and versions.
  const path = `${dirname(process.execPath)}${delimiter}${process.env['PATH'] ?? ''}`;
  return new Promise((done, reject) => {
    execFile(
      'npm',
      args,
      { env: { ...process.env, PATH: path }, maxBuffer: 64 * 1024 ** 2 },
      (error, stdout, stderr) => {
        if (error === null) done(JSON.parse(stdout) as NpmPacked[]);
        else reject(new QError('DEPENDENCY_MISSING', `npm packs nothing: ${stderr.slice(-500)}`));
      },
    );
  });
}
