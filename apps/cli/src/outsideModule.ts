import { readFile, stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { fail } from '@anarq/common-schemas';
import type { ModuleDefinition } from '@anarq/kernel';
import { moduleNames } from '@anarq/node';

/**
 * Loads a module that is not of this repository: the default export of a file, or of the package in
 * a folder. It runs in the node's process, as trusted code.
 * @throws QError INPUT_INVALID where there is none, or a module of the node has its name
 */
export async function loadOutside(path: string): Promise<ModuleDefinition> {
  const file = await fileOf(resolve(path));
  const loaded = await import(pathToFileURL(file).href).catch((error: unknown) =>
    fail('INPUT_INVALID', `${file} cannot be loaded: ${String(error)}`),
  );
  const found = (loaded as { readonly default?: Partial<ModuleDefinition> }).default;
  if (found?.contract === undefined || found.handlers === undefined)
    return fail('INPUT_INVALID', `${file} has no default export that defineModule made.`);
  const { name } = found.contract;
  if (moduleNames.some((known) => known === name))
    return fail('INPUT_INVALID', `There is a module ${name} in the node already.`);
  // What defineModule made has the rest.
  return found as ModuleDefinition;
}

async function fileOf(path: string): Promise<string> {
  const there = await stat(path).catch(() => undefined);
  if (there === undefined) return fail('INPUT_INVALID', `There is nothing at ${path}.`);
  if (!there.isDirectory()) return path;
  const text = await readFile(join(path, 'package.json'), 'utf8').catch(() =>
    fail('INPUT_INVALID', `${path} has no package.json: name the file of the module.`),
  );
  const { exports: all } = JSON.parse(text) as { exports?: Record<string, unknown> };
  const main = all?.['.'];
  const target =
    typeof main === 'object' && main !== null ? (main as { default?: unknown }).default : main;
  return typeof target === 'string'
    ? join(path, target)
    : fail('INPUT_INVALID', `${path}/package.json exports no module: "exports": { ".": … }.`);
}
