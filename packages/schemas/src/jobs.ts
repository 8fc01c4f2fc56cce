import type { TSchema } from 'typebox';
import { t } from './dialect.ts';

/** How a job stands. */
export const JOB_STATES = [
  'RUNNING',
  'WAITING',
  'STOPPING',
  'DONE',
  'FAILED',
  'CANCELLED',
  'NEEDS_ATTENTION',
  'BLOCKED',
] as const;

/** What the author of a job may say of it. */
export interface JobSpec {
  /** From its start on, waiting included; then it is stopped and undone. Default: a day. */
  readonly deadline_ms?: number;
}

/** The terms of a job, and the schema of what it gives in the end. */
export interface JobTerms<R extends TSchema = TSchema> {
  readonly deadline_ms: number;
  readonly result: R;
}

export const JOB_DEFAULTS = { deadline_ms: 24 * 3_600_000 } as const;

/** What a job answers at once: its id, under which `node.job` knows it. */
export const JobStarted = t.named(
  'JobStarted',
  t.object({
    jobId: t.id({ description: 'Ask node.job for its progress and its result.' }),
    state: t.enum(JOB_STATES),
  }),
);
