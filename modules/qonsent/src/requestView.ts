import { fail } from '@anarq/common-schemas';
import { budgetModel, callTerms } from './budgetTerms.ts';
import type { RequestRow } from './store.ts';

type State = 'OPEN' | 'APPROVED' | 'REFUSED' | 'WITHDRAWN' | 'EXPIRED';
type Kept = Pick<RequestRow, 'state' | 'open_until_ms'>;

/** How a request stands; one that nobody answered in time has run out. */
export const stateOf = ({ state, open_until_ms }: Kept, now_ms: number): State =>
  state === 'OPEN' && open_until_ms <= now_ms ? 'EXPIRED' : (state as State);

/** @throws STATE_CONFLICT where it waits for no answer any more */
export function requireOpen(row: RequestRow, now_ms: number): void {
  const state = stateOf(row, now_ms);
  if (state === 'OPEN') return;
  fail('STATE_CONFLICT', `The request ${row.id} is not open any more.`, {
    request: row.id,
    state,
  });
}

const instant = (at_ms: number): string => new Date(at_ms).toISOString();

/** A request as those two see it whom it is between. */
export function requestView(
  row: Omit<RequestRow, 'version' | 'updated_ms' | 'ask' | 'asker_root' | 'asked_under'>,
  now_ms: number,
) {
  const { command, policy, budget, calls, expiresAt } = row.terms;
  return {
    requestId: row.id,
    asker: row.asker,
    from: row.owner,
    subject: row.subject,
    command,
    policy,
    ...(budget === undefined ? {} : { budget: budgetModel(budget) }),
    ...(calls === undefined ? {} : { calls: callTerms(calls) }),
    ...(expiresAt === undefined ? {} : { expiresAt }),
    reason: row.reason,
    state: stateOf(row, now_ms),
    askedAt: instant(row.created_ms),
    openUntil: instant(row.open_until_ms),
    ...(row.answered_ms === null ? {} : { answeredAt: instant(row.answered_ms) }),
    ...(row.grant_cid === null ? {} : { grant: row.grant_cid }),
    ...(row.note === null ? {} : { note: row.note }),
  };
}
