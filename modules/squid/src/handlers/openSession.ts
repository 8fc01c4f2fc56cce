import { fail } from '@anarq/common-schemas';
import { CryptoError, fromBase64url, toBase64url } from '@anarq/crypto';
import { handler } from '@anarq/kernel';
import { squid } from '../contract.ts';

export const openSession = handler(squid.openSession, (input, ctx) => {
  const { actor, root, tenant, signedBy, subject } = ctx.call;
  // A session speaks as the identity itself: a token, or a grant, must not become one.
  if (signedBy !== 'self' || subject !== actor)
    fail('QLOCK_AUTH_FAIL', 'A session is opened by the identity itself, with a full signature.');
  const prepared = (() => {
    try {
      return ctx.services.sessions.prepareOpen({
        tenant,
        identity: root,
        subId: actor === root ? undefined : actor,
        kem: {
          x25519: fromBase64url(input.kem.x25519),
          mlkem768: fromBase64url(input.kem.mlkem768),
        },
        now_ms: ctx.now_ms,
      });
    } catch (error) {
      if (!(error instanceof CryptoError)) throw error;
      return fail('INPUT_INVALID', `kem: ${error.message}.`, { path: '/kem' });
    }
  })();
  ctx.carry(prepared.statements);
  return {
    sessionId: prepared.session.id,
    ciphertext: toBase64url(prepared.ciphertext),
    expiresAt: new Date(prepared.session.expires_ms).toISOString(),
  };
});
