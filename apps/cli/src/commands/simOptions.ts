import { fail } from '@anarq/common-schemas';

/** Options of `q sim` that one of its simulations has alone. */
const OWNERS = {
  bug: 'ledger',
  nodes: 'dag',
  byzantine: 'dag',
  fault: 'dag',
  strategy: 'dag',
  signatures: 'dag',
  followers: 'dag',
  svg: 'dag',
} as const;

/** @throws INPUT_INVALID for an option of another simulation, which would change nothing */
export function refuseOptionsOfOthers(
  name: string,
  options: Readonly<Record<string, unknown>>,
): void {
  for (const [option, owner] of Object.entries(OWNERS))
    if (options[option] !== undefined && owner !== name)
      fail('INPUT_INVALID', `--${option} is of ./q sim ${owner}, not of ${name}.`);
}
