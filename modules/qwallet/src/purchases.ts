import { fail } from '@anarq/common-schemas';
import type { ReadContext } from '@anarq/kernel';
import type { IntentRow } from './store.ts';

/** While a payment stands so, money of it may still move either way. */
const UNDER_WAY: readonly string[] = ['PENDING', 'SIGNED', 'CAPTURED'];

type Caller = Pick<ReadContext, 'call'>;

/**
 * A payment that a process began, such as a purchase, is moved on by the steps of that process
 * alone until it is settled or void: who pays cannot take the money back between two of its steps.
 * @throws STATE_CONFLICT for everybody else, the payer included
 */
export function checkPurchase(
  { call }: Caller,
  row: Pick<IntentRow, 'id' | 'process' | 'status'>,
): void {
  if (row.process === null || row.process === call.process) return;
  if (!UNDER_WAY.includes(row.status)) return;
  fail('STATE_CONFLICT', 'This payment belongs to a purchase under way, which moves it itself.', {
    state: row.status,
    intentId: row.id,
  });
}

/**
 * A payment of the process that this call is a step of. For what no caller may ask for by itself:
 * there is no other authority than being that process.
 * @throws QINDEX_NOT_FOUND, the same for no payment and somebody else's; STATE_CONFLICT for the
 * payer outside of the process
 */
export function ofThisPurchase(
  { call }: Caller,
  intentId: string,
  row: IntentRow | undefined,
): IntentRow {
  const isOurs = row?.process === call.process && call.process !== undefined;
  if (row === undefined || (!isOurs && row.owner !== call.subject))
    return fail('QINDEX_NOT_FOUND', `There is no payment ${intentId} for you here.`, {
      id: intentId,
    });
  if (!isOurs)
    fail('STATE_CONFLICT', 'The purchase that a payment belongs to moves it, and nobody else.', {
      state: row.status,
      intentId,
    });
  return row;
}
