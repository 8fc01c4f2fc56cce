import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import type { AnyContract } from '@anarq/common-schemas';
import { LOCK_FILE, readLock, type FieldLock } from '@anarq/derive/proto';
import { packageOf } from './modules.ts';

const { resolve } = createRequire(import.meta.url);

/**
 * The numbers under which the fields of each module travel over gRPC, from beside their contracts.
 * @throws Error for a module without them: numbers that were made up here could be others tomorrow
 */
export async function fieldLocks(
  contracts: readonly AnyContract[],
): Promise<ReadonlyMap<string, FieldLock>> {
  const read = contracts.map(async ({ name }) => {
    try {
      const file = join(dirname(resolve(packageOf(name))), '..', LOCK_FILE);
      return [name, readLock(await readFile(file, 'utf8'))] as const;
    } catch (error) {
      throw new Error(`gRPC needs ${LOCK_FILE} of the module ${name}; ./q generate writes it.`, {
        cause: error,
      });
    }
  });
  return new Map(await Promise.all(read));
}
