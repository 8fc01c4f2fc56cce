import { setTimeout } from 'node:timers/promises';
import { bearer, createClient, http, type Client } from '@anarq/common-clients';
import { fail, isErrorCode, type InputOf, type OutputOf } from '@anarq/common-schemas';
import { node as nodeOps } from '@anarq/node-module/contract';
import { quantum } from '@anarq/quantum/contract';
import type { Asked, Source } from '@anarq/quantum/local';
import { findNode, operatorClient } from '../connection.ts';
import { ProgressLine } from './progressLine.ts';
import type { ShownRun } from './show.ts';

/** Where a node is, and who calls it. */
export interface NodeOptions {
  readonly node?: boolean;
  readonly data: string;
  readonly token?: string;
  readonly priority?: number;
  readonly maxPrice?: { readonly amount: string; readonly unit: string };
}

const ASK_MS = [50, 50, 100, 200, 400];
const ASK_MS_MAX = 1_000;
const contracts = [quantum, nodeOps];

export const nodeClient = async ({ data, token }: NodeOptions): Promise<Client> =>
  token === undefined
    ? (await operatorClient(data, contracts)).client
    : createClient({
        contracts,
        transport: http({ url: (await findNode(data)).url, credentials: bearer(token) }),
      });

interface Order {
  readonly source: Source;
  readonly asked: Asked;
}

export const estimateOnNode = async (
  order: Order,
  options: NodeOptions,
): Promise<OutputOf<typeof quantum.estimate>> =>
  (await nodeClient(options)).call(quantum.estimate, inputOf(order));

/** Submits a run, waits for its job, and reads all of its outcomes. Ctrl-C cancels it. */
export async function runOnNode(
  order: Order & { readonly seed: string | undefined },
  options: NodeOptions,
): Promise<ShownRun & { readonly runId: string; readonly jobId: string }> {
  const client = await nodeClient(options);
  const { maxPrice, priority } = options;
  const { jobId } = await client.call(quantum.run, {
    ...inputOf(order),
    ...(order.seed === undefined ? {} : { seed: order.seed }),
    ...(priority === undefined ? {} : { priority }),
    ...(maxPrice === undefined ? {} : { maxPrice: maxPrice.amount, unit: maxPrice.unit }),
  });
  const cancel = (): void => void client.call(nodeOps.cancelJob, { jobId }).catch(() => undefined);
  process.once('SIGINT', cancel);
  const line = new ProgressLine();
  try {
    const { runId } = await untilDone(client, jobId, line);
    line.end();
    return await readResult(client, runId);
  } finally {
    line.end();
    process.off('SIGINT', cancel);
  }
}

async function untilDone(
  client: Client,
  jobId: string,
  line: ProgressLine,
): Promise<{ readonly runId: string }> {
  for (let asked = 0; ; asked += 1) {
    const { state, result, error, progress } = await client.call(nodeOps.job, { jobId });
    if (progress?.note !== undefined) line.show(progress.note);
    // The job of a run has its result as the contract says.
    if (state === 'DONE') return result as { readonly runId: string };
    if (error !== undefined)
      return fail(isErrorCode(error.code) ? error.code : 'INTERNAL', error.message, { jobId });
    if (state === 'NEEDS_ATTENTION') return fail('NEEDS_ATTENTION', undefined, { process: jobId });
    await setTimeout(ASK_MS[asked] ?? ASK_MS_MAX);
  }
}

async function readResult(
  client: Client,
  runId: string,
): Promise<ShownRun & { readonly runId: string; readonly jobId: string }> {
  const first = await client.call(quantum.result, { runId });
  const counts = [...first.counts];
  for (let { next } = first; next !== undefined;) {
    const part = await client.call(quantum.result, { runId, cursor: next });
    counts.push(...part.counts);
    next = part.next;
  }
  const { price, unit, next: _, ...rest } = first;
  return {
    ...rest,
    counts: counts.map(({ bits, count }) => [bits, count] as const),
    executor: rest.provenance.executor,
    ...(rest.provenance.strict === undefined ? {} : { strict: rest.provenance.strict }),
    price: `${price} ${unit}`,
  };
}

/** What is left out is left out of the input, too. */
function inputOf({ source, asked }: Order): InputOf<typeof quantum.estimate> {
  const input = JSON.parse(JSON.stringify({ ...source, ...asked }));
  return input;
}
