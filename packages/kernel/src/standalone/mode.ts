import { fail } from '@anarq/common-schemas';
import type { Store } from '@anarq/store';
import type { FoundingPlace } from '../founding.ts';
import type { Invocation } from '../invocation.ts';
import type { ModuleDefinition } from '../module.ts';
import { MODE, STANDALONE } from './marks.ts';

/** How the record of a mocked call is marked. */
export const MOCK_NOTE = 'mock: true';

export interface Standalone {
  /** Modules that answer from the examples of their contracts. */
  readonly mocked: readonly string[];
}

export const isMock = ({ compiled }: Pick<Invocation, 'compiled'>): boolean =>
  compiled.module.mock === true;

/**
 * Which modules of a standalone node are mocks; undefined where the node is not one.
 * @throws QError INPUT_INVALID where a mock is to run on a node that is not standalone
 */
export function standaloneOf(
  modules: readonly ModuleDefinition[],
  isStandalone: boolean,
): Standalone | undefined {
  const mocked = modules.filter(({ mock }) => mock === true).map(({ contract }) => contract.name);
  if (isStandalone) return { mocked };
  if (mocked.length > 0)
    fail('INPUT_INVALID', `${mocked.join(', ')} can be mocked on a standalone node only.`);
  return undefined;
}

/**
 * A node is standalone from its first start on, or never: what was paid with mocked money is never
 * taken for paid, and no mock is let in where real money lies. The keys are marked too, because a
 * node that is founded beside them would be the same one.
 * @throws QError FOLDER_UNUSABLE
 */
export async function checkMode(
  store: Store,
  place: FoundingPlace | undefined,
  isStandalone: boolean,
): Promise<void> {
  const rows = await store.read(`SELECT key, value FROM kernel_meta`);
  const meta = new Map(rows.map(({ key, value }) => [key, value]));
  if (meta.has('operator')) judge('This data folder', meta.get(MODE) === STANDALONE, isStandalone);
  if (place === undefined) return;
  const mode = await place.read(MODE);
  if (mode !== undefined || (await place.read('node')) !== undefined)
    judge('The folder of its keys', mode?.trim() === STANDALONE, isStandalone);
  else if (isStandalone) await place.keep(MODE, STANDALONE);
}

function judge(what: string, wasStandalone: boolean, isStandalone: boolean): void {
  if (wasStandalone === isStandalone) return;
  fail(
    'FOLDER_UNUSABLE',
    wasStandalone
      ? `${what} was started standalone, so what it holds may be mocked: start it with --standalone, or a real node on other folders.`
      : `${what} belongs to a node that is real: start it without --standalone, or a standalone node on other folders.`,
  );
}
