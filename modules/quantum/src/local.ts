/**
 * Circuits without a node: the same thread that a worker of a node computes in, for whoever runs
 * one on this machine and pays nobody.
 */
/** Memories and their decoders, for whoever buys the measurements and decodes them here. */
export { repetitionCode, writeStim } from '@anarq/circuit';
/** The gate table, for who writes of it. */
export { expressionText, GATES, type Gate, type GateUse } from '@anarq/circuit';
export { decodeCounts, logicalErrorRate } from '@anarq/quantum-engine';
export type { Format, MethodName } from './models.ts';
export { ComputeThread } from './work/computeThread.ts';
export { optimiseLater } from './work/optimiseLater.ts';
export { planned } from './work/planned.ts';
export { memoryOfMachine } from './work/memory.ts';
export {
  Refused,
  type Asked,
  type Measured,
  type Plan,
  type Precision,
  type Refusal,
  type Source,
} from './work/orders.ts';
