import { API_VERSION, HEADERS } from '@anarq/common-schemas';
import { ephemeralKem, fromBase64url, macCall, toBase64url, type CallFields } from '@anarq/crypto';
import { squid } from '@anarq/squid/contract';
import { exchange, signedRequest, withHeaders, type RawRequest } from './rawRequest.ts';
import type { Party, ServedNode } from './servedNode.ts';

/** A session opened by hand. */
export interface RawSession {
  /** The request with the session's code over a call in place of its signature. */
  sign(request: RawRequest, fields: Omit<CallFields, 'version'>): RawRequest;
}

export async function openRawSession(served: ServedNode, who: Party): Promise<RawSession> {
  const kem = ephemeralKem();
  const input = {
    kem: {
      x25519: toBase64url(kem.publicKeys.x25519),
      mlkem768: toBase64url(kem.publicKeys.mlkem768),
    },
  };
  const request = signedRequest(served, { op: squid.openSession, input, who });
  const { body } = await exchange(served.port, request);
  const { data } = JSON.parse(body) as { data: { sessionId: string; ciphertext: string } };
  const key = kem.decapsulate(fromBase64url(data.ciphertext), 'q.session.v1');
  return {
    sign: (unsigned, fields) =>
      withHeaders(unsigned, {
        [HEADERS.signature]: macCall(key, data.sessionId, { ...fields, version: API_VERSION }),
      }),
  };
}
