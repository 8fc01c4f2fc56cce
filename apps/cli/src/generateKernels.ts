import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';

const SOURCES = 'engines/quantum/kernels';
const TARGET = 'engines/quantum/src/stateVector/kernelBinaries.ts';
const COMPILER = 'assemblyscript 0.28.20';

/** One build of the kernels a precision, with and without multiply-adds that round once. */
const VARIANTS = [
  { name: 'f32Relaxed', real: 'f32', fused: true },
  { name: 'f64Relaxed', real: 'f64', fused: true },
  { name: 'f32Strict', real: 'f32', fused: false },
  { name: 'f64Strict', real: 'f64', fused: false },
] as const;

const OPTIONS = (
  'run.ts --outFile run.wasm --runtime stub -O3 --converge --noAssert ' +
  '--importMemory --sharedMemory --initialMemory 1 --maximumMemory 65536 ' +
  '--enable simd --enable relaxed-simd --enable threads'
).split(' ');

/**
 * The compiled kernels of the state vector as a TypeScript file, so that whoever loads the engine has them.
 * Compiling takes seconds, so it happens only where the file names other sources than are there.
 * @param check only say whether the file is stale; what is returned then differs from it
 * @returns path and text, or undefined below a root without kernels
 * @throws Error for sources that do not compile
 */
export async function kernelBinaries(
  root: string,
  check: boolean,
): Promise<readonly [string, string] | undefined> {
  const sources = await sourcesOf(root);
  if (sources.size === 0) return undefined;
  const digestHex = digestOf(sources);
  const present = await readFile(join(root, TARGET), 'utf8').catch(() => '');
  const note = `Sources and options have the SHA-256 digest ${digestHex}.`;
  if (present.includes(note)) return [TARGET, present];
  return [TARGET, check ? note : await compileKernels(sources, note)];
}

async function sourcesOf(root: string): Promise<Map<string, string>> {
  const folder = join(root, SOURCES);
  const names = await readdir(folder).catch(() => []);
  const sources = new Map<string, string>();
  for (const name of names.filter((one) => one.endsWith('.as')).toSorted())
    sources.set(name, await readFile(join(folder, name), 'utf8'));
  return sources;
}

const digestOf = (sources: ReadonlyMap<string, string>): string =>
  createHash('sha256')
    .update(JSON.stringify([COMPILER, OPTIONS, VARIANTS, [...sources]]))
    .digest('hex');

/** What is used of assemblyscript/asc; its own types declare a `console` for all files that are checked. */
interface Compiler {
  main(
    options: readonly string[],
    files: {
      readFile(path: string): string | null;
      writeFile(path: string, contents: string | Uint8Array): void;
      listFiles(path: string): string[];
    },
  ): Promise<{ error: Error | null; stderr: { toString(): string } }>;
}

/** Compiles anew, whatever the file says. */
export async function compileKernels(
  sources: ReadonlyMap<string, string>,
  note: string,
): Promise<string> {
  // Late: the compiler is large, is needed only here, and is not installed at a user's.
  const { default: asc }: { default: Compiler } = await import(
    import.meta.resolve('assemblyscript/asc')
  );
  const lines: string[] = [];
  for (const { name, real, fused } of VARIANTS) {
    const config = `export type Real = ${real};\nexport const FUSED: bool = ${fused};\n`;
    let binary: Uint8Array | undefined;
    const { error, stderr } = await asc.main(OPTIONS, {
      readFile: (path) => {
        const file = path.split('/').at(-1) ?? '';
        if (file === 'config.ts') return config;
        return sources.get(file.replace(/\.ts$/, '.as')) ?? null;
      },
      writeFile: (_path, contents) => {
        if (typeof contents !== 'string') binary = contents;
      },
      listFiles: () => [],
    });
    if (error !== null) throw new Error(`${SOURCES}: ${error.message}\n${stderr.toString()}`);
    if (binary === undefined) throw new Error(`${SOURCES}: the compiler wrote nothing`);
    lines.push(`  ${name}:\n    '${Buffer.from(binary).toString('base64')}',\n`);
  }
  return (
    `/**\n * Derived from ${SOURCES}; do not edit. Renew with: ./q generate\n * ${note}\n */\n` +
    `export const KERNEL_BINARIES = {\n${lines.join('')}} as const;\n`
  );
}
