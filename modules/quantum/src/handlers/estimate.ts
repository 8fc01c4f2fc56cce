import { handler } from '@anarq/kernel';
import { formatMinor } from '@anarq/decimal';
import { quantum } from '../contract.ts';
import { deskOf } from '../desks.ts';
import { priceMinor } from '../price.ts';
import { priceListOf, quoteFor } from '../quote.ts';

/** Nothing is allocated for it: the numbers are those that a run is admitted by. */
export const estimate = handler(quantum.estimate, async (input, ctx) => {
  const { text, format, parameters, noise, noiseModel, timeLimit_s, ...asked } = input;
  const desk = deskOf(ctx);
  const plan = await desk.plan({
    kind: 'plan',
    source: { text, format, parameters, noise, noiseModel },
    asked,
    memory_bytes: desk.runBytesMax,
  });
  const list = await priceListOf(ctx);
  const { unit } = list;
  const isFree = ctx.call.subject === ctx.services.node.operator;
  const quote = quoteFor(list, plan, { timeLimit_s, isOnlyAsked: true }, isFree);
  const { circuit, shots, method, why, precision, memory_bytes, duration_us } = plan;
  return {
    circuit,
    shots,
    method,
    why,
    precision,
    memory_bytes,
    duration_ms: duration_us / 1_000,
    timeLimit_ms: quote.limit_ms,
    price: isFree ? '0' : formatMinor(priceMinor(list, plan), unit),
    unit,
    maxPrice: formatMinor(quote.holdMinor, unit),
    isAdmissible: desk.admits(memory_bytes),
    memoryLimit_bytes: desk.memory_bytes,
    alternatives: plan.alternatives.map(({ duration_us: us, ...one }) => ({
      ...one,
      ...(us === undefined ? {} : { duration_ms: us / 1_000 }),
    })),
  };
});
