import { fail } from '@anarq/common-schemas';

/** Where a payment stands. */
export const INTENT_STATUSES = [
  'PENDING',
  'SIGNED',
  'SETTLED',
  'PARTIALLY_REFUNDED',
  'REFUNDED',
  'VOIDED',
  'EXPIRED',
] as const;

export type IntentStatus = (typeof INTENT_STATUSES)[number];
export type IntentAction = 'sign' | 'settle' | 'void' | 'expire' | 'refundPart' | 'refundAll';

/**
 * Every move that a payment can make. Voiding one that has expired changes nothing: its money is
 * free already, and an undo that comes late must not fail.
 */
const MOVES: Readonly<Record<IntentStatus, Partial<Record<IntentAction, IntentStatus>>>> = {
  PENDING: { sign: 'SIGNED', void: 'VOIDED', expire: 'EXPIRED' },
  SIGNED: { settle: 'SETTLED', void: 'VOIDED', expire: 'EXPIRED' },
  SETTLED: { refundPart: 'PARTIALLY_REFUNDED', refundAll: 'REFUNDED' },
  PARTIALLY_REFUNDED: { refundPart: 'PARTIALLY_REFUNDED', refundAll: 'REFUNDED' },
  REFUNDED: {},
  VOIDED: {},
  EXPIRED: { void: 'EXPIRED' },
};

/** The status after an action, or undefined where the action is not for this status. */
export const moved = (status: IntentStatus, action: IntentAction): IntentStatus | undefined =>
  MOVES[status][action];

/** The status as it stands at `now_ms`: what may expire and is past its time has expired. */
export const statusAt = (
  intent: { readonly status: IntentStatus; readonly expires_ms: number },
  now_ms: number,
): IntentStatus =>
  intent.expires_ms <= now_ms ? (moved(intent.status, 'expire') ?? intent.status) : intent.status;

/**
 * The status that an action leads to.
 * @throws STATE_CONFLICT with the state in the details, where the action is not for it
 */
export function advance(
  intent: { readonly id: string; readonly status: IntentStatus; readonly expires_ms: number },
  action: IntentAction,
  now_ms: number,
): IntentStatus {
  const state = statusAt(intent, now_ms);
  return (
    moved(state, action) ??
    fail('STATE_CONFLICT', `A payment that is ${state} cannot be ${PARTICIPLES[action]}.`, {
      state,
      action,
      intentId: intent.id,
    })
  );
}

const PARTICIPLES: Readonly<Record<IntentAction, string>> = {
  sign: 'reserved',
  settle: 'captured',
  void: 'voided',
  expire: 'expired',
  refundPart: 'refunded',
  refundAll: 'refunded',
};
