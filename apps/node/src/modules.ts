import type { AnyContract } from '@anarq/common-schemas';
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
  quantum: () => import('@anarq/quantum'),
  chain: () => import('@anarq/chain'),
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

/** The package of a module; the module that is called node shares its name with this package. */
export const packageOf = (module: string): string =>
  module === 'node' ? '@anarq/node-module' : `@anarq/${module}`;

/** The contracts of all modules, in the order of the table, without the code behind them. */
export const loadContracts = (): Promise<readonly AnyContract[]> =>
  Promise.all(
    moduleNames.map(async (name) => {
      const exported = (await import(`${packageOf(name)}/contract`)) as Record<string, AnyContract>;
      const contract = Object.values(exported).find((value) => value.name === name);
      if (contract === undefined) throw new Error(`${packageOf(name)}/contract exports none`);
      return contract;
    }),
  );
