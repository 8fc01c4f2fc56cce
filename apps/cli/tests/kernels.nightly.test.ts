import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { compileKernels } from '../src/generateKernels.ts';

const at = (path: string): string =>
  fileURLToPath(new URL(`../../../engines/quantum/${path}`, import.meta.url));

describe('the compiled kernels', () => {
  it('are, to the byte, what their sources compile to', async () => {
    const names = readdirSync(at('kernels')).toSorted();
    const sources = new Map(
      names.map((name) => [name, readFileSync(at(`kernels/${name}`), 'utf8')]),
    );
    const present = readFileSync(at('src/stateVector/kernelBinaries.ts'), 'utf8');
    const note = /Sources and options .*/.exec(present)?.[0] ?? '';
    expect(await compileKernels(sources, note)).toBe(present);
  });
});
