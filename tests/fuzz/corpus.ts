import { createHash } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const folder = fileURLToPath(new URL('../corpus/', import.meta.url));

/** Bytes that were once taken wrongly, or nearly; replayed for good. One file each, named by its digest. */
export function keptFor(decoder: string): { readonly name: string; readonly bytes: Uint8Array }[] {
  try {
    return readdirSync(join(folder, decoder)).map((name) => ({
      name,
      bytes: new Uint8Array(readFileSync(join(folder, decoder, name))),
    }));
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return [];
    throw error;
  }
}

/** @returns the path of the file, from the root of the repository */
export function keep(decoder: string, bytes: Uint8Array): string {
  const name = createHash('sha256').update(bytes).digest('hex').slice(0, 16);
  mkdirSync(join(folder, decoder), { recursive: true });
  writeFileSync(join(folder, decoder, name), bytes);
  return `tests/corpus/${decoder}/${name}`;
}

export const keptDecoders = (): string[] => readdirSync(folder);
