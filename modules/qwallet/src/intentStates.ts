import { fail } from '@anarq/common-schemas';

/** Where a payment stands. */
export const INTENT_STATUSES = [
  'PENDING',
  'SIGNED',
  'CAPTURED',
  'SETTLED',
  'PARTIALLY_REFUNDED',
  'REFUNDED',
  'VOIDED',
  'EXPIRED',
] as const;

export type IntentStatus = (typeof INTENT_STATUSES)[number];
export type IntentAction =
  | 'sign'
  | 'settle'
  | 'keep'
  | 'payOut'
  | 'giveBack'
  | 'void'
  | 'expire'
  | 'refundPart'
  | 'refundAll';

/**
 * Every move that a payment can make. CAPTURED: the money is no longer the payer's, and not the
 * recipients' yet. What is done already is done again without effect: voiding one that is void or
 * has expired, paying out, giving back. An undo that comes late, or twice, must not fail.
 */
const MOVES: Readonly<Record<IntentStatus, Partial<Record<IntentAction, IntentStatus>>>> = {
  PENDING: { sign: 'SIGNED', void: 'VOIDED', expire: 'EXPIRED' },
  SIGNED: { settle: 'SETTLED', keep: 'CAPTURED', void: 'VOIDED', expire: 'EXPIRED' },
  CAPTURED: { payOut: 'SETTLED', giveBack: 'VOIDED' },
  SETTLED: { payOut: 'SETTLED', refundPart: 'PARTIALLY_REFUNDED', refundAll: 'REFUNDED' },
  PARTIALLY_REFUNDED: { refundPart: 'PARTIALLY_REFUNDED', refundAll: 'REFUNDED' },
  REFUNDED: {},
  VOIDED: { void: 'VOIDED', giveBack: 'VOIDED' },
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
  keep: 'captured',
  payOut: 'paid out',
  giveBack: 'given back',
  void: 'voided',
  expire: 'expired',
  refundPart: 'refunded',
  refundAll: 'refunded',
};
