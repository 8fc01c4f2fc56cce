import { JOB_STATES, t } from '@anarq/common-schemas';

/** Characters of a question, and of the words that somebody adds to an answer. */
const QUESTION_CHARS_MAX = 1_000;
/** Bytes of the result of a job, and of the payload of a signal. */
export const RESULT_BYTES_MAX = 262_144;

export const note = () =>
  t.string({ maxLength: 256, description: 'What you want to say about it.' });
export const waitName = () => t.string({ minLength: 1, maxLength: 100 });

const operation = () => t.string({ maxLength: 128 });
const refusal = t.named(
  'Refusal',
  t.object({ code: t.string({ maxLength: 64 }), message: t.string({ maxLength: 4_096 }) }),
);

const ProgressModel = t.named(
  'Progress',
  t.object({
    done: t.integer(),
    total: t.optional(t.integer()),
    note: t.optional(t.string({ maxLength: 200 })),
  }),
);

const WaitModel = t.named(
  'Wait',
  t.object({
    name: waitName(),
    kind: t.enum(['sleep', 'signal', 'approval']),
    until: t.optional(t.instant()),
    approver: t.optional(t.did()),
  }),
);

export const JobModel = t.named(
  'Job',
  t.object({
    jobId: t.id(),
    operation: operation(),
    state: t.enum(JOB_STATES),
    progress: t.optional(ProgressModel),
    waitsFor: t.optional(t.array(WaitModel, { maxItems: 64 })),
    result: t.optional(t.json({ maxBytes: RESULT_BYTES_MAX })),
    error: t.optional(refusal),
    createdAt: t.instant(),
    deadlineAt: t.optional(t.instant()),
    record: t.cid({ description: 'Record of its admission; a receipt of it has every step.' }),
  }),
);

const PROCESS_STATES = [
  'RUNNING',
  'WAITING',
  'STOPPING',
  'BLOCKED',
  'NEEDS_ATTENTION',
  'DONE',
  'UNDONE',
  'ABANDONED',
] as const;

const processMembers = {
  processId: t.id(),
  operation: operation(),
  version: t.string({ maxLength: 32, description: 'Of the code that it began with.' }),
  kind: t.enum(['process', 'job', 'event', 'schedule']),
  state: t.enum(PROCESS_STATES, {
    description: 'BLOCKED: the node does not have the code of the version that it began with.',
  }),
  subject: t.did({ description: 'On whose behalf.' }),
  actor: t.did({ description: 'Who called.' }),
  problem: t.optional(t.string({ maxLength: 4_096 })),
  attempts: t.integer({ minimum: 0, description: 'Runs that failed.' }),
  waitsFor: t.optional(t.array(WaitModel, { maxItems: 64 })),
  record: t.cid(),
  createdAt: t.instant(),
  updatedAt: t.instant(),
};

export const ProcessModel = t.named('Process', t.object(processMembers));

export const ProcessDetailModel = t.named(
  'ProcessDetail',
  t.object({
    ...processMembers,
    steps: t.array(
      t.named(
        'ProcessStep',
        t.object({
          name: t.string({ maxLength: 256 }),
          operation: operation(),
          code: t.string({ maxLength: 64 }),
          undo: t.optional(operation()),
          isUndone: t.boolean(),
        }),
      ),
      { maxItems: 256 },
    ),
  }),
);

export const ApprovalModel = t.named(
  'Approval',
  t.object({
    approvalId: t.id(),
    processId: t.id(),
    operation: operation(),
    question: t.string({ maxLength: QUESTION_CHARS_MAX }),
    subject: t.did({ description: 'On whose behalf it is asked.' }),
    askedAt: t.instant(),
    expiresAt: t.instant(),
  }),
);

export const ProcessState = t.object({ processId: t.id(), state: t.enum(PROCESS_STATES) });

export const moduleName = () => t.string({ pattern: '^[a-z][a-z0-9]{1,31}$', maxLength: 32 });

export const AuthorityModel = t.named(
  'Authority',
  t.object({
    module: moduleName(),
    identity: t.did(),
    grant: t.optional(t.cid()),
    state: t.enum(['IN_FORCE', 'REVOKED', 'ASKS_FOR_MORE'], {
      description: 'ASKS_FOR_MORE: it does nothing by itself until the operator gives it anew.',
    }),
    consumes: t.array(t.string({ maxLength: 200 }), { maxItems: 100 }),
    schedules: t.array(
      t.object({ name: t.string({ maxLength: 64 }), every: t.string({ maxLength: 32 }) }),
      { maxItems: 100 },
    ),
    uses: t.array(operation(), { maxItems: 256 }),
  }),
);
