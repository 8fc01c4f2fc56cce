import {
  AuthorityError,
  BUDGET_KEY,
  CALLS_KEY,
  MLDSA_CONTEXT,
  parseBudget,
  parseCalls,
  parsePolicy,
  prepareDelegation,
  type Budget,
} from '@anarq/authority';
import { fail } from '@anarq/common-schemas';
import { concatBytes, randomBytes } from './bytes.ts';
import type { IdentityKeys } from './derive.ts';
import { signSingle } from './primitives.ts';

/** Limits on how many calls a grant is good for: in all, and in each minute, hour, day or month of UTC. */
export interface CallLimits {
  readonly total?: number;
  readonly perMinute?: number;
  readonly perHour?: number;
  readonly perDay?: number;
  readonly perMonth?: number;
}

export interface DelegateOrder {
  /** Keys of the issuer; they stay here. */
  readonly keys: Pick<IdentityKeys, 'ed25519' | 'mldsa65'>;
  readonly issuer: string;
  readonly audience: string;
  /** Whose authority it is; the issuer, unless it passes on what it was given. */
  readonly subject: string;
  /** '/qdrive/get'; '/' for everything. */
  readonly command: string;
  /** Statements over the arguments of a call; default: none, every call of the command. */
  readonly policy?: unknown;
  /** Seconds since 1970; absent: until it is revoked. */
  readonly exp_s?: number | undefined;
  readonly nbf_s?: number | undefined;
  readonly budget?: Budget | undefined;
  /** How many calls there may be. */
  readonly calls?: CallLimits | undefined;
}

const NONCE_BYTES = 12;
/**
 * Signs a UCAN 1.0-rc.1 delegation with the keys of its issuer, Ed25519 and ML-DSA-65 together. A
 * node takes it with qonsent.grant.
 * @returns the sealed token
 * @throws QError GRANT_MALFORMED when a member is not of UCAN's form
 */
export function delegate(order: DelegateOrder): Uint8Array {
  try {
    const meta = {
      ...(order.budget === undefined ? {} : { [BUDGET_KEY]: { ...order.budget } }),
      ...(order.calls === undefined ? {} : { [CALLS_KEY]: { ...order.calls } }),
    };
    parseBudget(meta);
    parseCalls(meta);
    const prepared = prepareDelegation(
      {
        iss: order.issuer,
        aud: order.audience,
        sub: order.subject,
        cmd: order.command,
        pol: parsePolicy(order.policy ?? []),
        nonce: randomBytes(NONCE_BYTES),
        exp: order.exp_s ?? null,
        ...(order.nbf_s === undefined ? {} : { nbf: order.nbf_s }),
        meta,
      },
      'ed25519+mldsa65',
    );
    const { signedBytes } = prepared;
    return prepared.seal(
      concatBytes(
        signSingle(order.keys.ed25519, signedBytes),
        signSingle(order.keys.mldsa65, signedBytes, MLDSA_CONTEXT),
      ),
    );
  } catch (error) {
    if (error instanceof AuthorityError) return fail('GRANT_MALFORMED', `${error.message}.`);
    throw error;
  }
}
