import { DEFAULT_SETTINGS } from '@anarq/dag';
import type { ValidatorSettings } from './types.ts';

export const DEFAULT_VALIDATOR_SETTINGS: ValidatorSettings = {
  ...DEFAULT_SETTINGS,
  statuses_max: 100_000,
  provableCheckpoints_max: 256,
  checks_max: 8,
  orderedChecks_max: 4_096,
  listenFirst_ms: 1_000,
  segment_bytes: 16 << 20,
};
