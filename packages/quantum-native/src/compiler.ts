import { execFile } from 'node:child_process';
import { access } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** A C++ compiler that is there, and what it says of itself. */
export interface Compiler {
  readonly command: string;
  readonly version: string;
}

const COMMANDS = ['c++', 'g++', 'clang++'];
const ANSWER_MS_MAX = 10_000;

/** The compiler that `CXX` names, else the first of the usual ones that answers. */
export async function findCompiler(): Promise<Compiler | undefined> {
  const named = process.env['CXX'];
  for (const command of named === undefined || named === '' ? COMMANDS : [named]) {
    try {
      const { stdout } = await run(command, ['--version'], { timeout: ANSWER_MS_MAX });
      return { command, version: stdout.split('\n', 1)[0]?.trim() ?? '' };
    } catch {
      // Not there, or none: the next one.
    }
  }
  return undefined;
}

/** The folder with Node's own headers (node_api.h), beside the Node that runs, as npm's `node` brings them. */
export async function findHeaders(): Promise<string | undefined> {
  const folder = join(dirname(process.execPath), '../include/node');
  return access(join(folder, 'node_api.h')).then(
    () => folder,
    () => undefined,
  );
}

/** One call of the compiler. */
export interface Command {
  readonly file: string;
  readonly args: readonly string[];
}

const COMMON = ['-std=gnu++20', '-O3', '-fPIC', '-fvisibility=hidden', '-Wno-psabi'];
const SOURCES = ['read', 'prepare', 'run', 'addon'];

/** Flags by the names of the kernels, as addon.cpp knows them. Kernels are never compiled with those of others. */
const KERNELS: Readonly<Record<string, Readonly<Record<string, readonly string[]>>>> = {
  x64: {
    avx512: ['-mavx512f', '-mavx512dq', '-mavx512bw', '-mavx512vl', '-mavx2', '-mfma'],
    avx2: ['-mavx2', '-mfma'],
    sse2: [],
  },
  arm64: { neon: [] },
};

export const isSupportedMachine = (): boolean =>
  process.arch in KERNELS && (process.platform === 'linux' || process.platform === 'darwin');

/** What is compiled, each on its own, and what links it then. @param to the folder for objects and addon */
export function commandsFor(
  compiler: Compiler,
  headers: string,
  from: string,
  to: string,
): { readonly compile: readonly Command[]; readonly link: Command; readonly addon: string } {
  const objects: string[] = [];
  const command = (source: string, object: string, flags: readonly string[]): Command => {
    objects.push(join(to, `${object}.o`));
    const files = ['-c', join(from, `${source}.cpp`), '-o', join(to, `${object}.o`)];
    return { file: compiler.command, args: [...COMMON, ...flags, ...files] };
  };
  const compile = [
    ...Object.entries(KERNELS[process.arch] ?? {}).map(([name, flags]) =>
      command('kernels', name, [`-DKERNELS=${name}`, ...flags]),
    ),
    ...SOURCES.map((source) => command(source, source, [`-I${headers}`])),
  ];
  const addon = join(to, 'quantum.node');
  const kind =
    process.platform === 'darwin' ? ['-bundle', '-undefined', 'dynamic_lookup'] : ['-shared'];
  return {
    compile,
    link: { file: compiler.command, args: [...kind, '-pthread', '-o', addon, ...objects] },
    addon,
  };
}

/** How it was compiled, in words that change when anything of it does. */
export const recipeOf = (compiler: Compiler): string =>
  [compiler.command, compiler.version, ...COMMON, JSON.stringify(KERNELS[process.arch])].join(' ');
