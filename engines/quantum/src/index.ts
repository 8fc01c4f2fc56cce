export {
  chooseMethod,
  METHODS,
  simulate,
  speedsOn,
  SPEEDS_DEFAULT,
  type Candidate,
  type Choice,
  type ChoiceOptions,
  type Method,
  type SimulateOptions,
  type Simulated,
  type Speeds,
} from './automatic/index.ts';
export {
  DENSITY_QUBITS_MAX,
  densityBytes,
  DensityMatrix,
  exactDistribution,
  runDensity,
} from './density/index.ts';
export {
  MPS_BOND_DEFAULT,
  MPS_CUT_OFF_DEFAULT,
  MPS_GATE_QUBITS_MAX,
  mpsBytes,
  MpsState,
  runMps,
  type MpsOptions,
} from './mps/index.ts';
export { Random } from './random.ts';
export {
  runSparse,
  SPARSE_ENTRIES_DEFAULT,
  sparseBytes,
  SparseState,
  type SparseOptions,
} from './sparse/index.ts';
export * from './stabiliser/index.ts';
export { gradientOf, type Gradient } from './stateVector/gradient.ts';
export { interpret } from './stateVector/interpreter.ts';
export type { Executor } from './stateVector/executor.ts';
export { KERNEL_BINARIES } from './stateVector/kernelBinaries.ts';
export * from './stateVector/layout.ts';
export * from './stateVector/plan.ts';
export { readPlan, writePlan } from './stateVector/planWriter.ts';
export { originalPositions, planSteps, type PlanOptions } from './stateVector/planner.ts';
export type { Step } from './stateVector/step.ts';
export { WasmExecutor, type KernelCall, type KernelHost } from './stateVector/wasmExecutor.ts';
export type {
  Expectation,
  Observable,
  Outcome,
  PauliFactor,
  PauliTerm,
  RunProgress,
  Task,
  TellProgress,
} from './task.ts';
export { runTrajectories, type TrajectoryOptions } from './trajectories/index.ts';
export { executorOf, ExecutorState, plainExecutor, type PlanRunner } from './vector/index.ts';
