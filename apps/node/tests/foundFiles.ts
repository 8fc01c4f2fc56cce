import { registerHooks } from 'node:module';

/** Loads what a node consists of, and prints where each import of it was found; started by URL. */
const found = new Map<string, string>();
registerHooks({
  resolve(specifier, context, next) {
    const resolved = next(specifier, context);
    found.set(`${context.parentURL} ${specifier}`, `${resolved.url} ${resolved.format}`);
    return resolved;
  },
});
await import('@anarq/node');
const { loadModules } = await import('@anarq/node/modules');
await loadModules();
process.stdout.write(JSON.stringify([...found].toSorted(([a], [b]) => (a < b ? -1 : 1))));
