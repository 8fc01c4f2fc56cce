import { randomUUID } from 'node:crypto';
import type { AnyOperation } from '@anarq/common-schemas';
import { ephemeralKem, fromBase64url, toBase64url } from '@anarq/crypto';
import { CallError, localFailure } from './callError.ts';
import type { Proof, ProofContext, UnprovedCall } from './transport.ts';

export interface OpenSession {
  readonly id: string;
  readonly key: Uint8Array;
  readonly expires_ms: number;
}

/** Names the use of the key that both sides derive. */
const SESSION_CONTEXT = 'q.session.v1';
/** A call on its way when the session ends is refused; the next is opened before. */
const MARGIN_MS = 30_000;

/** Opens a session with a full signature when there is none, and shares it between calls. */
export function createSessionOpener(
  proveInFull: (call: UnprovedCall) => Proof,
  now_ms: () => number,
) {
  let opening: Promise<OpenSession> | undefined;
  let expires_ms = 0;

  async function open(op: AnyOperation, context: ProofContext): Promise<OpenSession> {
    const kem = ephemeralKem();
    const call: UnprovedCall = {
      op,
      input: {
        kem: {
          x25519: toBase64url(kem.publicKeys.x25519),
          mlkem768: toBase64url(kem.publicKeys.mlkem768),
        },
      },
      subject: undefined,
      grant: undefined,
      idempotencyKey: randomUUID(),
    };
    const answer = await context.send({ ...call, proof: proveInFull(call), signal: undefined });
    if (answer.status === 'error') throw new CallError(answer);
    const { sessionId, ciphertext, expiresAt } = answer.data as Partial<Record<string, unknown>>;
    if (
      typeof sessionId !== 'string' ||
      typeof ciphertext !== 'string' ||
      typeof expiresAt !== 'string'
    )
      throw new CallError(localFailure('INTERNAL', 'The node opened no session.'));
    return {
      id: sessionId,
      key: kem.decapsulate(fromBase64url(ciphertext), SESSION_CONTEXT),
      expires_ms: Date.parse(expiresAt),
    };
  }

  return {
    /** The session of now; calls that come while it is being opened wait for the same one. */
    async current(op: AnyOperation, context: ProofContext): Promise<OpenSession> {
      if (opening !== undefined && expires_ms - MARGIN_MS > now_ms()) return opening;
      const mine = open(op, context);
      opening = mine;
      // While it is being opened it counts as in force.
      expires_ms = Number.POSITIVE_INFINITY;
      try {
        const session = await mine;
        if (opening === mine) ({ expires_ms } = session);
        return session;
      } catch (error) {
        if (opening === mine) opening = undefined;
        throw error;
      }
    },
    /** @returns whether there was one to forget */
    forget(): boolean {
      const had = opening !== undefined;
      opening = undefined;
      return had;
    },
  };
}
