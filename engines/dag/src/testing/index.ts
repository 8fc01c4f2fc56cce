export { STRATEGIES, type Strategy } from './simulation/byzantine.ts';
export {
  FAULTS,
  simulateDag,
  type DagReport,
  type Fault,
  type SimulationOptions,
} from './simulation/simulate.ts';
export { IdealKeys } from './simulation/keys.ts';
export type { SampledCounts, SchemeKey, SignatureScheme } from './simulation/sampledKeys.ts';
export { viewsDisagree } from './simulation/views.ts';
export { certificateSize, simulateFollowers } from './simulation/followers.ts';
