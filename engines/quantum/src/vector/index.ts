export { ExecutorState } from './executorState.ts';
export { executorOf, plainExecutor, type PlanRunner } from './plainExecutor.ts';
