import { errorCodes, errorEntry, type Result } from '@anarq/common-schemas';

/**
 * Classes of outcomes: few and fixed, so that a label of them stays bounded. `ok`; `refused`: the
 * caller is to do something else; `limited`: it comes too often; `unavailable`: the node or somebody
 * it needs cannot just now; `failed`: a defect. The last two count against the objective.
 */
export const OUTCOMES = ['ok', 'refused', 'limited', 'unavailable', 'failed'] as const;
export type Outcome = (typeof OUTCOMES)[number];

/** Outcomes that are the node's own fault: they use up the error budget. */
export const FAULTS: readonly Outcome[] = ['unavailable', 'failed'];

const classes = new Map<string, Outcome>(errorCodes.map((code) => [code, classOf(code)]));

function classOf(code: (typeof errorCodes)[number]): Outcome {
  const { http } = errorEntry(code);
  if (http === 429) return 'limited';
  if (http < 500) return 'refused';
  return http === 500 ? 'failed' : 'unavailable';
}

/** The class of a result. */
export const outcomeOf = (result: Pick<Result<unknown>, 'status' | 'code'>): Outcome =>
  result.status === 'ok' ? 'ok' : (classes.get(result.code) ?? 'failed');
