import { fail, type OutputOf } from '@anarq/common-schemas';
import type { ledger } from '@anarq/ledger/contract';

type Results = OutputOf<typeof ledger.createTransfers>['results'];

/** What the state of a payment must be for the ledger to answer so. */
const STATES: Readonly<Record<string, string>> = {
  pending_transfer_already_posted: 'SETTLED',
  pending_transfer_already_voided: 'VOIDED',
  pending_transfer_expired: 'EXPIRED',
};

/**
 * Holds the answer of the ledger against what the wallet asked for: everything, or an error that
 * says what was in the way.
 * @throws INSUFFICIENT_FUNDS, or STATE_CONFLICT where somebody else was faster
 */
export function checkMoved(results: Results, details: Readonly<Record<string, string>>): void {
  const refused = results.find(
    ({ result }) => result !== 'created' && result !== 'linked_event_failed',
  );
  if (refused === undefined && results.every(({ result }) => result === 'created')) return;
  const result = refused?.result ?? 'linked_event_failed';
  if (result === 'exceeds_credits')
    fail('INSUFFICIENT_FUNDS', 'The account does not hold enough.', details);
  if (result.startsWith('overflows_'))
    fail('AMOUNT_INVALID', 'An account would hold more than the ledger can count.', details);
  fail('STATE_CONFLICT', `The ledger answers ${result}.`, {
    ...details,
    state: STATES[result] ?? result,
  });
}
