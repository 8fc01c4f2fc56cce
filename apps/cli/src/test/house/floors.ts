import { isBuiltin } from 'node:module';
import { posix } from 'node:path';

/**
 * Which file of the house may import what: the floors of ARCHITECTURE.md as a table. A floor names
 * every floor it may import from, so that a new edge is a decision somebody reads in a diff.
 */
type Floor =
  | 'schemas'
  | 'derive'
  | 'engine'
  | 'base'
  | 'clients'
  | 'kernel'
  | 'module'
  | 'surfaces'
  | 'testing'
  | 'node'
  | 'app'
  | 'tests';

const base: readonly Floor[] = ['schemas', 'derive', 'engine', 'base'];
const belowSurfaces: readonly Floor[] = [...base, 'clients', 'kernel'];

const mayImport: Readonly<Record<Floor, readonly Floor[]>> = {
  schemas: [],
  derive: ['schemas'],
  engine: ['schemas', 'engine'],
  base,
  clients: ['schemas'],
  kernel: base,
  module: belowSurfaces,
  surfaces: belowSurfaces,
  testing: [...belowSurfaces, 'surfaces', 'node'],
  node: [...belowSurfaces, 'surfaces', 'module'],
  app: [...belowSurfaces, 'surfaces', 'node', 'app'],
  tests: [...belowSurfaces, 'surfaces', 'node', 'app', 'testing'],
};

/** Single packages allowed beyond their floor's row. */
const alsoMayImport: Readonly<Record<string, readonly string[]>> = {
  'packages/clients': ['engines/authority', 'packages/content', 'packages/crypto'],
};

const packageFloors: Readonly<Record<string, Floor>> = {
  schemas: 'schemas',
  derive: 'derive',
  store: 'base',
  bridges: 'base',
  bus: 'base',
  ordering: 'base',
  'chain-store': 'base',
  content: 'base',
  crypto: 'base',
  log: 'base',
  p2p: 'base',
  'quantum-native': 'base',
  'quantum-wasm': 'base',
  telemetry: 'base',
  validator: 'base',
  clients: 'clients',
  kernel: 'kernel',
  surfaces: 'surfaces',
  testing: 'testing',
};

/** `node:` modules an engine may use: pure functions over bytes. */
const pureBuiltins = new Set([
  'node:crypto',
  'node:buffer',
  'node:assert',
  'node:util',
  'node:zlib',
]);

/** The package folder a path lies in (`packages/kernel`; `tests` and `bench` are folders of their own). */
function folderOf(path: string): string {
  const [room = '', name = ''] = path.split('/');
  return room === 'tests' || room === 'bench' ? room : `${room}/${name}`;
}

function floorOf(folder: string): Floor | undefined {
  const [room, name = ''] = folder.split('/');
  if (room === 'tests' || room === 'bench') return 'tests';
  if (room === 'engines') return 'engine';
  if (room === 'modules') return 'module';
  if (room === 'apps') return name === 'node' ? 'node' : 'app';
  return room === 'packages' ? packageFloors[name] : undefined;
}

/** What may be tested with: a test runs the real thing, through a client, against a real node. */
const testTools: readonly Floor[] = ['testing', 'clients', 'node', 'surfaces'];

/**
 * Judges one import.
 *
 * @param fromPath the importing file, relative to the repository, with `/`.
 * @param specifier what it imports, as written.
 * @param packages folder of each workspace package by its name (`@anarq/kernel` -> `packages/kernel`).
 * @returns why it is refused and what to do, or undefined where it is allowed.
 */
export function importRefusal(
  fromPath: string,
  specifier: string,
  packages: ReadonlyMap<string, string>,
): string | undefined {
  const from = folderOf(fromPath);
  const floor = floorOf(from);
  if (floor === undefined) {
    return from.startsWith('packages/') &&
      from.split('/').length === 2 &&
      fromPath.includes('/src/')
      ? `${from} has no floor; give it one in apps/cli/src/test/house/floors.ts`
      : undefined;
  }
  const isTest = floor === 'tests' || /\/tests\/|\.test(-d)?\.ts$/.test(fromPath);
  if (specifier.startsWith('.')) {
    const target = posix.normalize(posix.join(posix.dirname(fromPath), specifier));
    // What one package's tests are given to work on, another's may use; nothing shipped does.
    const betweenTests = isTest && /^\w+\/[\w-]+\/tests\//.test(target);
    // A peer that is measured is held to the same answers as what it is measured beside.
    const ofBenchmark = from === 'tests' && target.startsWith('bench/');
    if (target.startsWith(`${from}/`) || betweenTests || ofBenchmark) return undefined;
    return `${specifier} leaves ${from}; import the other package by its name`;
  }
  if (isBuiltin(specifier)) {
    if (floor !== 'engine' || isTest || pureBuiltins.has(specifier)) return undefined;
    return `an engine may not import ${specifier}: no I/O, clock or randomness`;
  }
  const target = targetOf(specifier, packages);
  if (target === undefined || target.folder === from) return undefined;
  return packageRefusal({ from, floor, isTest, specifier, ...target });
}

function targetOf(specifier: string, packages: ReadonlyMap<string, string>) {
  const parts = specifier.split('/');
  const scoped = specifier.startsWith('@');
  const folder = packages.get(parts.slice(0, scoped ? 2 : 1).join('/'));
  return folder === undefined
    ? undefined
    : { folder, subpath: parts.slice(scoped ? 2 : 1).join('/') };
}

interface PackageImport {
  from: string;
  floor: Floor;
  isTest: boolean;
  specifier: string;
  folder: string;
  subpath: string;
}

function packageRefusal(edge: PackageImport): string | undefined {
  const { from, floor, isTest, specifier, folder, subpath } = edge;
  const target = floorOf(folder);
  if (target === undefined) return `${folder} has no floor`;
  // A benchmark measures a part of a module with no node around it.
  if (target === 'module' && from === 'bench' && subpath !== '') return undefined;
  // A circuit on this machine, or a folder of it, needs no node around it either.
  if (target === 'module' && floor === 'app' && subpath === 'local') return undefined;
  // What a module keeps in a log of its own, tests look into as they look into the tables.
  if (target === 'module' && subpath === 'books' && (isTest || floor === 'testing'))
    return undefined;
  if (target === 'module' && floor !== 'node') {
    if (floor === 'surfaces' && !isTest) return `a surface knows no module, so not ${specifier}`;
    if (subpath !== 'contract') {
      return `only apps/node imports a module's implementation; import ${specifier.split('/').slice(0, 2).join('/')}/contract`;
    }
    if (['module', 'app', 'testing'].includes(floor) || isTest) return undefined;
    return `${from} stands below the modules and may not import ${specifier}`;
  }
  if (target === 'testing' && !isTest) return `${specifier} is for tests only`;
  if (isTest && testTools.includes(target)) return undefined;
  if (mayImport[floor].includes(target) || alsoMayImport[from]?.includes(folder)) return undefined;
  return `${from} may not import ${folder}: allowed are its own floor and lower ones (${mayImport[floor].join(', ') || 'none'})`;
}
