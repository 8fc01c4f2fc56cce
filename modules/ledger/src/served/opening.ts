import { fail } from '@anarq/common-schemas';
import { randomBytes, toBase64url } from '@anarq/crypto';
import type { Call, Credential } from '@anarq/kernel';
import { ledger } from '../contract.ts';

const MEMBERS = [
  'token',
  'identity',
  'subId',
  'ts',
  'signature',
  'idempotencyKey',
  'subject',
  'grant',
] as const;
type Given = Partial<Record<(typeof MEMBERS)[number], string>>;

/**
 * The call that opens a connection, of what OPEN carries: the token of an agent, or a full signature
 * over `ledger.openConnection`; and whom it acts for, and the grant that it names.
 * @throws INPUT_INVALID for other members; QLOCK_AUTH_FAIL without a proof
 */
export function openingCall(opened: Readonly<Record<string, unknown>>): Call {
  const given = membersOf(opened);
  const { subject, grant } = given;
  return {
    operation: ledger.openConnection.id,
    input: {},
    surface: 'socket',
    credential: credentialOf(given),
    // A token is no signature over a key: each opening with it is one of its own.
    idempotencyKey: given.idempotencyKey ?? toBase64url(randomBytes(16)),
    ...(subject === undefined ? {} : { subject }),
    ...(grant === undefined ? {} : { grant }),
  };
}

function membersOf(opened: Readonly<Record<string, unknown>>): Given {
  const given: Given = {};
  for (const [name, value] of Object.entries(opened)) {
    const member = MEMBERS.find((known) => known === name);
    if (member === undefined || typeof value !== 'string')
      return fail('INPUT_INVALID', `OPEN has texts named ${MEMBERS.join(', ')}.`);
    given[member] = value;
  }
  return given;
}

function credentialOf({ token, identity, subId, ts, signature }: Given): Credential {
  const isSigned = [identity, subId, ts, signature].some((member) => member !== undefined);
  if (token !== undefined) {
    if (isSigned) fail('INPUT_INVALID', 'OPEN has either a token or a signature, not both.');
    return { kind: 'bearer', token };
  }
  if (identity === undefined || ts === undefined || signature === undefined)
    return fail('QLOCK_AUTH_FAIL', 'OPEN has a token, or identity, ts and signature.');
  const of = { kind: 'signature', identity, ts, signature } as const;
  return subId === undefined ? of : { ...of, subId };
}
