import { registerHooks, type ResolveHookContext, type ResolveFnOutput } from 'node:module';

/**
 * A node loads more than a thousand files, and a third of that time Node spends on finding them: for each import it
 * asks the disk whether there is such a file, whether it is a link, and what the package.json above it says. For an
 * import by a path beside a file of the project the answer is known: that path, an ES module.
 *
 * Whoever imports this first loads the rest so, by dynamic imports.
 */
const ROOT = new URL('../../../', import.meta.url).href;

const packages = new Map<string, ResolveFnOutput>();

registerHooks({
  resolve(specifier, context, next) {
    const { parentURL } = context;
    if (parentURL?.startsWith(ROOT) !== true) return next(specifier, context);
    if (specifier.startsWith('.')) {
      const format = formatOf(specifier, parentURL);
      return format === undefined
        ? next(specifier, context)
        : { url: new URL(specifier, parentURL).href, format, shortCircuit: true };
    }
    return specifier.startsWith('@anarq/')
      ? packageOf(specifier, context, next)
      : next(specifier, context);
  },
});

/** Of a path that needs no look at the disk. Node strips types nowhere below node_modules. */
function formatOf(path: string, parentURL: string): ResolveFnOutput['format'] | undefined {
  if (path.endsWith('.mjs')) return 'module';
  return path.endsWith('.ts') && !parentURL.includes('/node_modules/')
    ? 'module-typescript'
    : undefined;
}

/** One package stands at one place, whoever of the project imports it. */
function packageOf(
  specifier: string,
  context: ResolveHookContext,
  next: (specifier: string, context: ResolveHookContext) => ResolveFnOutput,
): ResolveFnOutput {
  const known = packages.get(specifier);
  if (known !== undefined) return { ...known, shortCircuit: true };
  const found = next(specifier, context);
  packages.set(specifier, found);
  return found;
}
