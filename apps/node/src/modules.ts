import type { ModuleDefinition } from '@anarq/kernel';

/** The modules of a node, by name. Their order is the order in which their tables are made. */
const moduleLoaders = {
  node: () => import('@anarq/node-module'),
  squid: () => import('@anarq/squid'),
  qlock: () => import('@anarq/qlock'),
  qonsent: () => import('@anarq/qonsent'),
  qerberos: () => import('@anarq/qerberos'),
  qindex: () => import('@anarq/qindex'),
  qdrive: () => import('@anarq/qdrive'),
  ledger: () => import('@anarq/ledger'),
  qwallet: () => import('@anarq/qwallet'),
  qmarket: () => import('@anarq/qmarket'),
} as const satisfies Record<string, () => Promise<{ readonly default: ModuleDefinition }>>;

export type ModuleName = keyof typeof moduleLoaders;
export const moduleNames = Object.keys(moduleLoaders) as readonly ModuleName[];

/** Loads modules by name, in the order of the table. */
export const loadModules = async (
  names: readonly ModuleName[] = moduleNames,
): Promise<ModuleDefinition[]> =>
  Promise.all(
    moduleNames
      .filter((name) => names.includes(name))
      .map(async (name) => (await moduleLoaders[name]()).default),
  );
