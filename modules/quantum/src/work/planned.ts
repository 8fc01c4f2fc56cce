import type { Speeds } from '@anarq/quantum-engine';
import { isOfVectors } from './vectors.ts';
import type { Asked, Plan, WorkOrder } from './orders.ts';

export type PlanOrder = WorkOrder & { readonly kind: 'plan' };

/** From here on a state vector takes longer than measuring what runs it. */
const QUBITS_MEASURED = 18;

/**
 * Plans a run. Where a state vector is a way to run it, and so large that it matters how fast that is, what
 * would run it is measured first.
 */
export async function planned(
  order: PlanOrder,
  plan: (order: PlanOrder) => Promise<Plan>,
  speedsFor: (asked: Asked) => Promise<Speeds>,
): Promise<Plan> {
  const first = await plan(order);
  const { circuit, method, alternatives } = first;
  const isVector =
    isOfVectors(method) || alternatives.some((one) => one.isPossible && isOfVectors(one.method));
  if (circuit.qubits < QUBITS_MEASURED || !isVector) return first;
  return plan({ ...order, speeds: await speedsFor(order.asked) });
}
