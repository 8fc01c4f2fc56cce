import type { RunProgress } from '@anarq/quantum-engine';

/** How far a job is, in thousandths: it computes from the first on, and its result is kept at the last. */
export const ALL = 1_000;
export const BEGUN = 1;
const SHOTS_FROM = 500;
const SHOTS_TO = 990;

/** The first half is what comes before the first shot. No forecast of time: noisy circuits are nearly all shots. */
export function shareOf({ part, done, total }: RunProgress): number {
  const [from, to] = part === 'shots' ? [SHOTS_FROM, SHOTS_TO] : [BEGUN, SHOTS_FROM];
  return from + Math.floor((to - from) * Math.min(1, done / Math.max(1, total)));
}
