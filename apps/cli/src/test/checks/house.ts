import { fileURLToPath } from 'node:url';

import type { Verdict } from '../check.ts';
import { toolVerdict } from '../tool.ts';

const configOf = (name: string): string =>
  fileURLToPath(new URL(`../house/${name}.json`, import.meta.url));

/**
 * Whether every import of the house under `root` respects the floors (house/floors.ts), and none
 * runs in a circle.
 */
export function checkImports(root: string): Promise<Verdict> {
  return lintHouse(root, 'imports', ['.']);
}

/** Whether the engines under `root` are pure: no clock, randomness, timer, process, I/O or await. */
export function checkPurity(root: string): Promise<Verdict> {
  return lintHouse(root, 'purity', ['engines', '--ignore-pattern=**/tests/**']);
}

function lintHouse(root: string, config: string, which: readonly string[]): Promise<Verdict> {
  const args = ['-c', configOf(config), '--disable-nested-config', '--format=default', ...which];
  return toolVerdict('oxlint', args, { cwd: root });
}
