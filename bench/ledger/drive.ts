import { percentile } from '../measuring/figures.ts';

/** What a load came to. */
export interface Load {
  readonly perSecond: number;
  /** From when a request was sent until its answer was there. */
  readonly mean_ms: number;
  readonly p99_ms: number;
}

/**
 * Sends requests, each lane one after the other.
 * @param lanes as many as requests may be under way
 * @param transfers of a request
 * @param lanes send one request, and give back how many of its transfers were refused
 * @throws Error where one was: a refusal costs less than a transfer, and is none
 */
export async function drive(
  lanes: readonly (() => Promise<number>)[],
  requests: number,
  transfers: number,
): Promise<Load> {
  const latencies_ms: number[] = [];
  let sent = 0;
  let refused = 0;
  const begun_ms = performance.now();
  await Promise.all(
    lanes.map(async (send) => {
      while (sent < requests) {
        sent++;
        const sent_ms = performance.now();
        refused += await send();
        latencies_ms.push(performance.now() - sent_ms);
      }
    }),
  );
  const took_s = (performance.now() - begun_ms) / 1_000;
  if (refused > 0) throw new Error(`${refused} of ${requests * transfers} transfers were refused`);
  return {
    perSecond: (requests * transfers) / took_s,
    mean_ms: latencies_ms.reduce((sum, each) => sum + each, 0) / latencies_ms.length,
    p99_ms: percentile(latencies_ms, 0.99),
  };
}
