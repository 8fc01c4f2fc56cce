import type { InputOf, OutputOf } from '@anarq/common-schemas';
import { call, process, type ContextOf } from '@anarq/kernel';
import { qwallet } from '@anarq/qwallet/contract';
import { quantum } from '../contract.ts';
import { deskOf } from '../desks.ts';
import {
  labelsOf,
  outcomeOf,
  runDuration,
  runMemory,
  runsEnded,
  runWait,
  shotsTaken,
} from '../metrics.ts';
import { HOLD_MORE_MS } from '../quote.ts';
import { runs } from '../store.ts';
import { ALL, BEGUN, shareOf } from '../work/share.ts';

type Context = ContextOf<typeof quantum.run>;
type Input = InputOf<typeof quantum.run>;
type Admission = OutputOf<typeof quantum.admit>;
type RunResult = OutputOf<typeof quantum.keep>;

/**
 * Admit, hold, compute, keep, capture. Computing is no step: it has no effect but its result, which
 * the seed decides, so after a crash it is done again until the result is kept. What it took is
 * measured where the result is kept, once; what was held beyond that is free again.
 */
export const run = process(quantum.run, async (input, ctx) => {
  const progress = { hasBegun: false };
  try {
    return await carryOut(input, ctx, progress);
  } catch (error) {
    const outcome = outcomeOf(error, progress.hasBegun);
    if (outcome !== undefined) ctx.measure(runsEnded, 1, { outcome });
    throw error;
  }
});

async function carryOut(
  input: Input,
  ctx: Context,
  progress: { hasBegun: boolean },
): Promise<RunResult> {
  const admitted = await ctx.step('admit', quantum.admit, input, {
    undo: ({ runId }) => call(quantum.drop, { runId }),
  });
  const { runId, unit } = admitted;
  const intentId = await hold(ctx, admitted);
  progress.hasBegun = true;
  await compute(ctx, input, admitted);
  const kept = await ctx.step('keep', quantum.keep, { runId });
  ctx.progress(ALL, ALL, 'is computed');
  if (intentId !== undefined) {
    if (kept.price === '0') await ctx.step('free', qwallet.void, { intentId });
    else await ctx.step('capture', qwallet.capture, { intentId, amount: kept.price });
  }
  if (input.maxPrice !== undefined) ctx.spent(input.unit === unit ? kept.price : '0');

  const rows = ctx.rows(runs);
  rows.update(await rows.require(runId), { state: 'DONE' });
  ctx.emit('q.quantum.job.completed.v1', {
    runId,
    circuitHash: kept.circuit.circuitHash,
    method: kept.method,
    shots: kept.shots,
    memory_bytes: kept.memory_bytes,
    duration_ms: kept.duration_ms,
    price: kept.price,
    unit,
  });
  ctx.afterCommit(() => count(ctx, kept));
  return kept;
}

function count(ctx: Context, kept: RunResult): void {
  const labels = labelsOf(kept.method, kept.provenance.executor);
  ctx.measure(runsEnded, 1, { outcome: 'done' });
  ctx.measure(runDuration, kept.duration_ms / 1_000, labels);
  ctx.measure(runMemory, kept.memory_bytes, {});
  ctx.measure(shotsTaken, kept.shots, { method: labels.method });
}

/** Holds the most that the run can cost, until it would be over at the latest. */
async function hold(ctx: Context, admitted: Admission): Promise<string | undefined> {
  const { hold: amount, unit, payee, runId } = admitted;
  if (amount === '0') return undefined;
  const { intentId } = await ctx.step(
    'hold',
    qwallet.reserve,
    {
      amount,
      unit,
      recipients: [{ identity: payee, amount }],
      purpose: `quantum run ${runId}`,
      expiresAt: new Date(ctx.now_ms + HOLD_MORE_MS).toISOString(),
    },
    { undo: (held) => call(qwallet.void, { intentId: held.intentId }) },
  );
  return intentId;
}

async function compute(ctx: Context, input: Input, admitted: Admission): Promise<void> {
  const { runId, seed, shots, method, memory_bytes, timeLimit_ms } = admitted;
  const { state, owner, priority } = await ctx.rows(runs).require(runId);
  // It was kept by a run of this handler before this one.
  if (state !== 'ADMITTED') return;
  const { text, format, parameters, noise, noiseModel, observables, precision, threads, strict } =
    input;
  ctx.progress(0, ALL, `waits for ${memory_bytes} bytes`);
  await deskOf(ctx).run(
    runId,
    {
      kind: 'run',
      source: { text, format, parameters, noise, noiseModel },
      asked: { shots, observables, method, precision, threads, strict },
      seed,
      memory_bytes,
    },
    {
      owner,
      priority,
      limit_ms: timeLimit_ms,
      isStopped: () => ctx.cancelled(),
      onBegin: (waited_ms) => {
        ctx.measure(runWait, waited_ms / 1_000, {});
        ctx.progress(BEGUN, ALL, `computes by ${method}`);
      },
      onProgress: (told) => {
        const { part, done, total } = told;
        ctx.progress(shareOf(told), ALL, `computes by ${method}: ${done} of ${total} ${part}`);
      },
    },
  );
}
