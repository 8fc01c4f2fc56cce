import { fail } from '@anarq/common-schemas';
import type { ModuleDefinition } from '@anarq/kernel';

/**
 * Gives the chain module the chain in a folder; its libraries are loaded only where there is one.
 * @throws INPUT_INVALID where the module does not run in this process
 */
export async function withChain(
  modules: readonly ModuleDefinition[],
  folder: string | undefined,
): Promise<readonly ModuleDefinition[]> {
  if (folder === undefined) return modules;
  if (!modules.some(({ contract }) => contract.name === 'chain'))
    fail('INPUT_INVALID', 'The chain module does not run in this process: leave out --chain.');
  const { chainLog } = await import('@anarq/chain/open');
  const ownLog = chainLog({ folder });
  return modules.map((module) =>
    module.contract.name === 'chain' ? { ...module, ownLog } : module,
  );
}
