import { measureCalls } from './kernel/calls.ts';
import { measureGrantCheck } from './kernel/grants.ts';
import { measureStart } from './kernel/start.ts';
import { measureStore } from './kernel/store.ts';
import type { BenchRun, Figure } from './measuring/figures.ts';

/** What a call costs beside a bare handler, a commit beside a bare worker, a grant, and a start. */
export async function run(order: BenchRun): Promise<Figure[]> {
  return [
    ...(await measureCalls(order)),
    ...(await measureGrantCheck(order)),
    ...(await measureStore(order)),
    ...(await measureStart(order)),
  ];
}
