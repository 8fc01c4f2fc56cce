import { readdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { syncFolder } from '@anarq/store/folder';

/** Where a move between layers may be stopped, by name: for tests. */
export type Probe = (step: string) => void;

const digits = (number: number): string => String(number).padStart(8, '0');
export const warmName = (number: number): string => `${digits(number)}.warm`;
export const witnessName = (number: number): string => `${digits(number)}.witness`;
export const coldName = (number: number): string => `${digits(number)}.cold`;
export const archiveName = (first: number, last: number): string =>
  `${digits(first)}-${digits(last)}.archive`;

/** What lies in a folder, by number. */
export interface Found {
  readonly warm: readonly number[];
  readonly cold: readonly number[];
  readonly witnesses: readonly number[];
  readonly archives: readonly { readonly first: number; readonly last: number }[];
}

/** Puts a file in its place: what has the name is whole. */
export async function takeName(folder: string, name: string, probe: Probe): Promise<void> {
  probe(`${name}: before rename`);
  await rename(join(folder, `${name}.half`), join(folder, name));
  probe(`${name}: before its name is synced`);
  await syncFolder(folder);
}

export async function remove(
  folder: string,
  names: readonly string[],
  probe: Probe,
): Promise<void> {
  for (const name of names) {
    probe(`${name}: before it is deleted`);
    await rm(join(folder, name), { force: true });
  }
  probe('before the deletion is synced');
  await syncFolder(folder);
}

/** Reads a folder, after what a crash left over is gone: halves, and what lies in a later layer already. */
export async function tidied(folder: string): Promise<Found> {
  const names = await readdir(folder);
  const numbers = (suffix: string): number[] =>
    names
      .filter((name) => name.endsWith(suffix) && /^\d{8}\./.test(name))
      .map((name) => Number(name.slice(0, 8)))
      .toSorted((a, b) => a - b);
  const archives = names
    .flatMap((name) => {
      const [, first, last] = /^(\d{8})-(\d{8})\.archive$/.exec(name) ?? [];
      return first === undefined || last === undefined
        ? []
        : [{ first: Number(first), last: Number(last) }];
    })
    .toSorted((a, b) => a.first - b.first);
  const cold = numbers('.cold');
  const isArchived = (number: number): boolean =>
    archives.some(({ first, last }) => number >= first && number <= last);
  const gone = [
    ...names.filter((name) => name.endsWith('.half')),
    ...cold.filter(isArchived).map(coldName),
    ...numbers('.warm')
      .filter((number) => cold.includes(number) || isArchived(number))
      .map(warmName),
  ];
  for (const name of gone) await rm(join(folder, name), { force: true });
  if (gone.length > 0) await syncFolder(folder);
  const left = (all: readonly number[], name: (number: number) => string): number[] =>
    all.filter((number) => !gone.includes(name(number)));
  return {
    warm: left(numbers('.warm'), warmName),
    cold: left(cold, coldName),
    witnesses: numbers('.witness'),
    archives,
  };
}
