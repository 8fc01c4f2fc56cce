import { verdictOf } from '../check.ts';
import type { Verdict } from '../check.ts';

/** Whether every derived file of the repository is what its contract says. */
export async function checkDerived(): Promise<Verdict> {
  // Late, since it loads every module's contract, and one that is broken must fail this check only.
  const { generate } = await import('../../generate.ts');
  const { stale, checked } = await generate({ check: true });
  if (checked === 0) return verdictOf(['nothing was checked: no derived file is known']);
  const problems = stale.map((path) => `${path} is stale`);
  return verdictOf(problems.length > 0 ? [...problems, 'Run ./q generate.'] : []);
}
