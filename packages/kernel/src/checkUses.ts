import type { CompiledOperation } from './invocation.ts';
import type { ModuleDefinition } from './module.ts';

/**
 * What a catalogue names works: a `uses` that leads nowhere is found when the node starts.
 * @throws Error
 */
export function checkUses(
  operations: ReadonlyMap<string, { readonly compiled: CompiledOperation }>,
  modules: readonly ModuleDefinition[],
): void {
  const present = new Set(modules.map(({ contract }) => contract.name));
  const check = (who: string, uses: readonly string[]) => {
    for (const used of uses)
      if (present.has(used.slice(0, used.indexOf('.'))) && !operations.has(used))
        throw new Error(`${who} uses ${used}, which does not exist`);
  };
  for (const { compiled } of operations.values()) check(compiled.op.id, compiled.op.uses);
  for (const { contract } of modules) check(contract.name, contract.ownWork?.uses ?? []);
}
