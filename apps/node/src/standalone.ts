import { mockedAnswers } from '@anarq/derive/mock';
import { fail, type AnyContract, type AnyOperation } from '@anarq/common-schemas';
import type { ModuleDefinition } from '@anarq/kernel';
import { loadModules, moduleNames, type ModuleName } from './modules.ts';

/** Who exists, who may what, what was done and what waits is real in every mode. */
const ALWAYS_REAL: readonly ModuleName[] = ['node', 'squid', 'qonsent', 'qerberos'];

/**
 * The modules of a standalone node: those that were asked for, those without which there is no node,
 * and a mock of each other one that they call.
 * @throws QError INPUT_INVALID
 */
export async function standaloneModules(order: {
  /** To run; default: all that are not mocked. */
  readonly modules: readonly ModuleName[] | undefined;
  /** To be mocked although they are there. */
  readonly mocks: readonly ModuleName[];
}): Promise<ModuleDefinition[]> {
  const { mocks } = order;
  for (const name of [...(order.modules ?? []), ...mocks])
    if (!moduleNames.includes(name))
      fail('INPUT_INVALID', `There is no module ${name}; there are ${moduleNames.join(', ')}.`);
  for (const name of mocks) {
    if (ALWAYS_REAL.includes(name))
      fail('INPUT_INVALID', `${name} cannot be mocked: ${ALWAYS_REAL.join(', ')} are always real.`);
    if (order.modules?.includes(name) === true)
      fail('INPUT_INVALID', `${name} is to run and to be mocked; name it once.`);
  }
  const asked = order.modules ?? moduleNames.filter((name) => !mocks.includes(name));
  const real = await loadModules([...ALWAYS_REAL, ...asked]);
  const isReal = (name: string) => real.some(({ contract }) => contract.name === name);
  const needed = real.flatMap(({ contract }) => contract.dependencies);
  const missing = moduleNames.filter(
    (name) => !isReal(name) && (mocks.includes(name) || needed.includes(name)),
  );
  const mocked = (await loadModules(missing)).map(({ contract }) => mockOf(contract));
  return [...real, ...mocked];
}

/**
 * A module that answers from what its contract says and does nothing. It keeps no rows, so what is
 * named to it belongs to whoever names it; what is the operator's alone stays so. It calls nobody
 * and does nothing by itself.
 */
function mockOf(contract: AnyContract): ModuleDefinition {
  const operations = Object.fromEntries(
    Object.entries(contract.operations).map(([name, op]) => [name, withoutOwner(op)]),
  );
  const handlers = Object.fromEntries(
    Object.entries(operations).map(([name, op]) => [name, mockedAnswers(op)]),
  );
  return {
    contract: { ...contract, operations, dependencies: [], ownWork: undefined },
    migrations: [],
    handlers: handlers as ModuleDefinition['handlers'],
    mock: true,
  };
}

const withoutOwner = (op: AnyOperation): AnyOperation => ({
  ...op,
  uses: [],
  resource: op.resource === 'node' ? 'node' : undefined,
});
