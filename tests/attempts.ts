import { randomUUID } from 'node:crypto';
import type { ErrorCode, Result, Why } from '@anarq/common-schemas';
import { changesBetween, stateOf } from './nodeState.ts';
import type { ServedNode } from './servedNode.ts';

/** What an attempt is answered with, and what it changed. */
export interface Seen {
  readonly code: string;
  readonly changes: readonly string[];
  /** It says what to do. */
  readonly advised: boolean;
  /** Why something was refused; undefined where the answer does not say. */
  readonly why?: Partial<Why> | undefined;
}

/** Does something under an idempotency key, and looks what became of it. */
export async function attempt(
  { node }: ServedNode,
  act: (key: string) => Promise<Result<unknown>>,
): Promise<{ readonly answer: Result<unknown>; readonly seen: Seen }> {
  const key = randomUUID();
  const before = await stateOf(node);
  const answer = await act(key);
  const changes = changesBetween(before, await stateOf(node), key);
  return {
    answer,
    seen: { code: answer.code, changes, why: whyOf(answer), advised: isAdvised(answer) },
  };
}

/** A refusal that left nothing behind; to be matched, with as much of its why as is told. */
export const refused = (code: ErrorCode, why?: Partial<Why>): Seen => ({
  code,
  changes: [],
  advised: true,
  ...(why === undefined ? {} : { why }),
});

export const whyOf = (answer: Result<unknown>): Why | undefined =>
  answer.status === 'error' ? (answer.details?.['why'] as Why | undefined) : undefined;

const isAdvised = (answer: Result<unknown>): boolean =>
  answer.status === 'error' && answer.suggestedActions.length > 0;
