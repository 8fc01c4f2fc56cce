import { ledger } from '@anarq/ledger/contract';
import { startTestNode, type TestNode } from '@anarq/testing';
import { quantum } from '../src/contract.ts';
import { BELL, ended, fund, moneyOf, PRICES } from './support.ts';

/** How a run ended that was paid by somebody with 10 EUR. */
interface RunEnd {
  readonly point: string;
  readonly state: string;
  readonly isPaid: boolean;
  readonly held: string;
  readonly runs: readonly string[];
  readonly resultHash: string | undefined;
}

/** The points that a node passes, and the place among them at which it stops; -1 for none. */
interface Stops {
  passed: string[];
  at: number;
}

/**
 * Stops a node at places of a run, one after the other, starts it again and asks for the same run
 * again.
 * @param isPlace which of the points that a run passes are such places
 * @returns how each run ended, what the operator got for them all, and whether the books balance
 */
export async function stopWithin(isPlace: (point: string) => boolean) {
  const stops: Stops = { passed: [], at: -1 };
  const node = await startTestNode({
    probe: (point) => {
      if (stops.passed.push(point) - 1 === stops.at) throw new Error(`stopped at ${point}`);
    },
  });
  try {
    await node.operator.call(quantum.setPrices, PRICES);
    const ends = [await runOnce(node, stops, -1)];
    const places = stops.passed.flatMap((point, place) => (isPlace(point) ? [place] : []));
    for (const place of places) ends.push(await runOnce(node, stops, place));
    const { books } = await node.operator.call(ledger.books, {});
    return {
      ends,
      isBalanced: books.every(({ sum, pending }) => sum === '0' && pending === '0'),
    };
  } finally {
    await node.close();
  }
}

async function runOnce(node: TestNode, stops: Stops, place: number): Promise<RunEnd> {
  const payer = await node.person(`payer ${place}`);
  await fund(node, payer, '10');
  stops.passed = [];
  stops.at = place;
  const key = { idempotencyKey: 'run-once' };
  const input = { text: BELL, seed: '7', maxPrice: '1', unit: 'EUR' };
  const first = await payer.result(quantum.run, input, key);
  // It stops somewhere in the job, or has passed through it all.
  if (first.status === 'ok')
    for (let looks = 0; looks < 6_000 && stops.passed.length <= place; looks += 1)
      await new Promise((resolve) => setTimeout(resolve, 10));
  if (place === -1 && first.status === 'ok') await ended(payer, first.data.jobId);
  const point = stops.passed[place] ?? 'nowhere';
  stops.at = -1;
  await node.restart();
  const { jobId } = await payer.call(quantum.run, input, key);
  const job = await ended(payer, jobId);
  const { items } = await payer.call(quantum.runs, {});
  const done = items.find(({ state }) => state === 'DONE');
  const { balance, held } = await moneyOf(payer);
  const result =
    done === undefined ? undefined : await payer.call(quantum.result, { runId: done.runId });
  return {
    point,
    state: job.state,
    isPaid: balance === '9.89',
    held,
    runs: items.map(({ state }) => state),
    resultHash: result?.provenance.resultHash,
  };
}

/** What every run of `stopWithin` comes to. */
export const paidOnce = (point: string, resultHash: string | undefined): RunEnd => ({
  point,
  state: 'DONE',
  isPaid: true,
  held: '0',
  runs: ['DONE'],
  resultHash,
});
