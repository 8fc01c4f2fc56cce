import { fail } from '@anarq/common-schemas';
import type { ApartOptions, ModuleDefinition } from '@anarq/kernel';
import { loadModules, moduleNames, type ModuleName } from './modules.ts';

/** Addresses of the processes that run a module, by its name. */
export type RemoteAddresses = Readonly<Partial<Record<ModuleName, readonly string[]>>>;

export interface ProcessModules {
  readonly modules: readonly ModuleDefinition[];
  /** Present where the node runs in several processes. */
  readonly apart: ApartOptions | undefined;
}

/** The modules that decide who exists and who may what; one process runs both, and tells the others. */
const DECIDING: readonly ModuleName[] = ['squid', 'qonsent'];
const URLS_MAX = 16;

/**
 * Which modules run in this process and which are called in others.
 * @throws INPUT_INVALID, DEPENDENCY_MISSING
 */
export async function modulesOf(order: {
  readonly modules: readonly ModuleName[] | undefined;
  readonly remotes: RemoteAddresses;
  readonly isStandalone: boolean;
  readonly mocks: readonly ModuleName[];
}): Promise<ProcessModules> {
  const elsewhere = Object.keys(order.remotes) as ModuleName[];
  if (order.isStandalone) {
    if (elsewhere.length > 0)
      fail('INPUT_INVALID', 'A standalone node is one process: leave out --remote.');
    const { standaloneModules } = await import('./standalone.ts');
    return { modules: await standaloneModules(order), apart: undefined };
  }
  if (order.mocks.length > 0)
    fail('INPUT_INVALID', 'Modules are mocked on a standalone node only: add --standalone.');
  const here = order.modules ?? moduleNames.filter((name) => !elsewhere.includes(name));
  for (const name of [...here, ...elsewhere])
    if (!moduleNames.includes(name))
      fail('INPUT_INVALID', `There is no module ${name}; there are ${moduleNames.join(', ')}.`);
  for (const name of elsewhere) {
    if (here.includes(name))
      fail('INPUT_INVALID', `${name} is to run here and elsewhere; name it once.`);
    for (const url of order.remotes[name] ?? []) checkUrl(name, url);
  }
  const deciding = DECIDING.filter((name) => here.includes(name));
  if (deciding.length === 1)
    fail('INPUT_INVALID', `${DECIDING.join(' and ')} run in one process, or both elsewhere.`);
  const modules = await loadModules(here);
  for (const { contract } of modules)
    for (const needed of contract.dependencies)
      if (!here.some((name) => name === needed) && !elsewhere.some((name) => name === needed))
        fail(
          'DEPENDENCY_MISSING',
          `${contract.name} uses ${needed}: run it here as well, say where it runs with --remote ${needed}=URL, or have it mocked with --standalone.`,
          { module: needed },
        );
  const follows = deciding.length === 0;
  if (!follows && elsewhere.length === 0) return { modules, apart: undefined };
  const remotes = await Promise.all(
    elsewhere.map(async (name) => {
      const [module] = await loadModules([name]);
      const urls = (order.remotes[name] ?? []).map((url) => url.replace(/\/+$/, ''));
      return module === undefined
        ? fail('INPUT_INVALID', `There is no module ${name}.`)
        : { contract: module.contract, urls };
    }),
  );
  const { PeerLink } = await import('@anarq/common-clients/outward');
  return { modules, apart: { remotes, link: new PeerLink(), follows } };
}

function checkUrl(name: string, url: string): void {
  const parsed = URL.canParse(url) ? new URL(url) : undefined;
  const isPlain =
    parsed !== undefined &&
    ['http:', 'https:'].includes(parsed.protocol) &&
    parsed.pathname === '/' &&
    parsed.search === '' &&
    parsed.username === '';
  if (!isPlain)
    fail(
      'INPUT_INVALID',
      `${name} is reached at something like http://127.0.0.1:8081, not ${url}.`,
    );
}

/** 'qwallet=http://a,http://b' for each module, as flags and environment give it. */
export function parseRemotes(texts: readonly string[]): RemoteAddresses {
  const remotes: Partial<Record<ModuleName, readonly string[]>> = {};
  for (const text of texts) {
    const split = text.indexOf('=');
    const name = text.slice(0, Math.max(0, split)) as ModuleName;
    const urls = text.slice(split + 1).split(',');
    if (split < 1 || urls.some((url) => url === ''))
      fail('INPUT_INVALID', `--remote reads MODULE=URL, or MODULE=URL,URL; not ${text}.`);
    if (urls.length > URLS_MAX)
      fail('LIMIT_EXCEEDED', `A module has at most ${URLS_MAX} addresses.`, { limit: URLS_MAX });
    if (remotes[name] !== undefined)
      fail('INPUT_INVALID', `${name} is named twice; separate its addresses with commas.`);
    remotes[name] = urls;
  }
  return remotes;
}
