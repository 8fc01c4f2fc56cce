import type { JsonValue, OutputOf } from '@anarq/common-schemas';
import type { ProcessView } from '@anarq/kernel';
import type { node } from './contract.ts';

type Job = OutputOf<typeof node.job>;
type Process = OutputOf<typeof node.processes>['items'][number];

const instant = (at_ms: number): string => new Date(at_ms).toISOString();

/** A job as its owner sees it. */
export function jobView(view: ProcessView): Job {
  const { outcome, deadline_ms, progress } = view;
  return {
    jobId: view.id,
    operation: view.operation,
    state: jobState(view),
    ...(progress === undefined ? {} : { progress }),
    ...waitsOf(view),
    ...(outcome?.status === 'ok' ? { result: outcome.data as JsonValue } : {}),
    ...(outcome?.status === 'error'
      ? { error: { code: outcome.code, message: outcome.message } }
      : {}),
    createdAt: instant(view.created_ms),
    ...(deadline_ms === undefined ? {} : { deadlineAt: instant(deadline_ms) }),
    record: view.record,
  };
}

function jobState({ state, outcome }: ProcessView): Job['state'] {
  if (state === 'UNDONE') return outcome?.code === 'CANCELLED' ? 'CANCELLED' : 'FAILED';
  return state === 'ABANDONED' ? 'CANCELLED' : state;
}

/** A process as the operator sees it. */
export function processView(view: ProcessView): Process {
  const { id, operation, version, kind, state, subject, actor, problem, attempts, record } = view;
  return {
    processId: id,
    operation,
    version,
    kind,
    state,
    subject,
    actor,
    ...(problem === undefined ? {} : { problem }),
    attempts,
    ...waitsOf(view),
    record,
    createdAt: instant(view.created_ms),
    updatedAt: instant(view.updated_ms),
  };
}

function waitsOf({ waits }: ProcessView): Pick<Job, 'waitsFor'> {
  if (waits.length === 0) return {};
  return {
    waitsFor: waits.map(({ name, kind, due_ms, approver }) => ({
      name,
      kind,
      ...(due_ms === undefined ? {} : { until: instant(due_ms) }),
      ...(approver === undefined ? {} : { approver }),
    })),
  };
}
