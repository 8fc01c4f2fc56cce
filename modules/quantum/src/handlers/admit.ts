import { randomBytes } from 'node:crypto';
import { fail } from '@anarq/common-schemas';
import { formatMinor } from '@anarq/decimal';
import { handler } from '@anarq/kernel';
import { quantum } from '../contract.ts';
import { deskOf } from '../desks.ts';
import { PRIORITY_DEFAULT } from '../limits.ts';
import { checkSeed } from '../seed.ts';
import { checkAdmissible, priceListOf, quoteFor } from '../quote.ts';
import { orders, runs, type RunOrder } from '../store.ts';

/**
 * A commit of its own before any money is held: seed, method, memory and price list stay as they
 * are decided here for the rest of the run, whatever changes meanwhile.
 */
export const admit = handler(quantum.admit, async (input, ctx) => {
  const job = ctx.call.process;
  if (job === undefined)
    return fail('STATE_CONFLICT', 'A run is admitted by quantum.run, and not by itself.', {
      state: 'NO_RUN',
    });
  // The price list is the operator's, and no payment crosses tenants.
  if (ctx.call.tenant !== ctx.services.node.tenant)
    fail('STATE_CONFLICT', 'Runs are paid to the operator, and payments stay within a tenant.', {
      state: 'OTHER_TENANT',
    });
  const { text, format, parameters, noise, noiseModel } = input;
  const source = { text, format, parameters, noise, noiseModel };
  const { shots: shotsAsked, observables, method: methodAsked, precision, threads, strict } = input;
  const asked = { shots: shotsAsked, observables, method: methodAsked, precision, threads, strict };
  const seed = input.seed ?? randomBytes(8).readBigUInt64LE().toString();
  checkSeed(seed);
  const desk = deskOf(ctx);
  const plan = await desk.plan({
    kind: 'plan',
    source,
    asked,
    memory_bytes: desk.runBytesMax,
  });
  checkAdmissible(desk, plan);
  const list = await priceListOf(ctx);
  const payee = ctx.services.node.operator;
  // What would go to the payer itself is not paid.
  const isFree = ctx.call.subject === payee;
  const quote = quoteFor(list, plan, input, isFree);
  const { method, why, memory_bytes, shots } = plan;
  const runId = ctx.id('run');
  const order: RunOrder = { ...source, ...asked };
  ctx.rows(orders).insert({ id: runId, order_json: JSON.stringify(order) });
  ctx.rows(runs).insert({
    id: runId,
    state: 'ADMITTED',
    job,
    ran_by: ctx.call.actor,
    name: input.name ?? null,
    circuit_hash: plan.circuit.circuitHash,
    qubits: plan.circuit.qubits,
    shots,
    seed,
    method,
    why,
    memory_bytes,
    estimated_us: plan.duration_us,
    limit_ms: quote.limit_ms,
    unit: list.unit,
    hold_minor: quote.holdMinor,
    price_minor: null,
    duration_us: null,
    prices: isFree ? { ...list, perJob: '0', perSecond: '0', perGibSecond: '0' } : list,
    result: null,
    priority: input.priority ?? PRIORITY_DEFAULT,
  });
  return {
    runId,
    seed,
    shots,
    method,
    why,
    memory_bytes,
    timeLimit_ms: quote.limit_ms,
    hold: formatMinor(quote.holdMinor, list.unit),
    unit: list.unit,
    payee,
  };
});
