import type { AnyContract } from '@anarq/common-schemas';
import { loadModules } from '@anarq/node';

/** The contracts of this version's modules, without starting anything. */
export const loadContracts = async (): Promise<readonly AnyContract[]> =>
  (await loadModules()).map(({ contract }) => contract);
