import { randomBytes } from 'node:crypto';
import { HEADERS } from '@anarq/common-schemas';
import { fromBase64url, toBase64url } from '@anarq/crypto';
import { qdrive } from '@anarq/qdrive/contract';
import {
  NOTE,
  pay,
  put,
  TAKEN_KEY,
  underSession,
  withBody,
  type AttackTables,
  type BadInputWorld,
} from './badInputWorld.ts';
import { signedRequest, withHeaders } from './rawRequest.ts';
import { bornAtHome } from './servedNode.ts';

const at = (skew_ms: number) => (w: BadInputWorld) =>
  put(w, { ts: new Date(w.here.now_ms() + skew_ms).toISOString() });

/** The signature of a good request, changed. */
const spoiled = (change: (bytes: Uint8Array) => Uint8Array) => (w: BadInputWorld) => {
  const request = put(w);
  const bytes = fromBase64url(String(request.headers[HEADERS.signature]).slice('v1.'.length));
  return withHeaders(request, { [HEADERS.signature]: `v1.${toBase64url(change(bytes))}` });
};
const ED25519_BYTES = 64;

/** A request without any proof. */
const NOBODY = {
  [HEADERS.identity]: undefined,
  [HEADERS.timestamp]: undefined,
  [HEADERS.signature]: undefined,
};

/** Good calls whose time, signature, proof or key is not. */
export const badProofs: AttackTables = {
  'a time': [
    ['of more than five minutes ago', 'TIME_EXPIRED', at(-301_000)],
    ['of a year ago', 'TIME_EXPIRED', at(-31_536_000_000)],
    ['of more than half a minute ahead', 'TIME_IN_FUTURE', at(40_000)],
    ['of next year', 'TIME_IN_FUTURE', at(31_536_000_000)],
    // What cannot be read cannot have been signed.
    ['in words', 'SIGNATURE_INVALID', (w) => withHeaders(put(w), { [HEADERS.timestamp]: 'now' })],
    [
      'on a day that does not exist',
      'SIGNATURE_INVALID',
      (w) => withHeaders(put(w), { [HEADERS.timestamp]: '2026-02-30T00:00:00Z' }),
    ],
    [
      'that was changed after signing',
      'SIGNATURE_INVALID',
      (w) => withHeaders(put(w), { [HEADERS.timestamp]: new Date(0).toISOString() }),
    ],
  ],
  'a signature': [
    ['of another key', 'SIGNATURE_INVALID', (w) => put(w, { signer: w.bob })],
    [
      'over another operation',
      'SIGNATURE_INVALID',
      (w) => put(w, { signed: { operation: 'qdrive.complete' } }),
    ],
    [
      'made for another node, where the same person is known',
      'SIGNATURE_INVALID',
      ({ there, alice }) => signedRequest(there, { op: qdrive.begin, input: NOTE, who: alice }),
    ],
    [
      'over another input',
      'SIGNATURE_INVALID',
      (w) => withBody(put(w), JSON.stringify({ ...NOTE, bytes: 6 })),
    ],
    [
      'over another idempotency key',
      'SIGNATURE_INVALID',
      (w) => withHeaders(put(w), { [HEADERS.idempotencyKey]: 'another' }),
    ],
    [
      'over another subject',
      'SIGNATURE_INVALID',
      (w) => withHeaders(put(w), { [HEADERS.subject]: w.bob.did }),
    ],
    [
      'over another grant',
      'SIGNATURE_INVALID',
      (w) =>
        withHeaders(put(w), {
          [HEADERS.consent]: 'bafkreihdwdcefgh4dqkjv67uzcmw7ojee6xedzdetojuzjevtenxquvyku',
        }),
    ],
    ['over another version', 'SIGNATURE_INVALID', (w) => put(w, { signed: { version: 'v0' } })],
    [
      'of somebody else, under their name',
      'SIGNATURE_INVALID',
      (w) => put(w, { who: w.bob, signer: w.alice }),
    ],
    ['with one bit changed', 'SIGNATURE_INVALID', spoiled((b) => b.with(9, b[9]! ^ 1))],
    ['cut in half', 'SIGNATURE_INVALID', spoiled((b) => b.subarray(0, b.length / 2))],
    ['of Ed25519 alone', 'SIGNATURE_INVALID', spoiled((b) => b.subarray(0, ED25519_BYTES))],
    [
      'whose post-quantum half is noise',
      'SIGNATURE_INVALID',
      spoiled((b) =>
        Buffer.concat([b.subarray(0, ED25519_BYTES), randomBytes(b.length - ED25519_BYTES)]),
      ),
    ],
    [
      'whose Ed25519 half is noise',
      'SIGNATURE_INVALID',
      spoiled((b) => Buffer.concat([randomBytes(ED25519_BYTES), b.subarray(ED25519_BYTES)])),
    ],
    [
      'that is no signature',
      'SIGNATURE_INVALID',
      (w) => withHeaders(put(w), { [HEADERS.signature]: 'yes' }),
    ],
    ['of a session of somebody else', 'SIGNATURE_INVALID', (w) => underSession(w, w.bobsSession)],
    ['of a session that has ended', 'SESSION_EXPIRED', (w) => underSession(w, w.oldSession)],
    [
      'of a session, where money moves',
      'QLOCK_AUTH_FAIL',
      (w) =>
        withHeaders(pay(w, '1'), {
          [HEADERS.signature]: underSession(w, w.session).headers[HEADERS.signature],
        }),
    ],
  ],
  'a proof': [
    ['that is missing', 'QLOCK_AUTH_FAIL', (w) => withHeaders(put(w), NOBODY)],
    [
      'without its signature',
      'QLOCK_AUTH_FAIL',
      (w) => withHeaders(put(w), { [HEADERS.signature]: undefined }),
    ],
    [
      'without its time',
      'QLOCK_AUTH_FAIL',
      (w) => withHeaders(put(w), { [HEADERS.timestamp]: undefined }),
    ],
    [
      'without its identity',
      'QLOCK_AUTH_FAIL',
      (w) => withHeaders(put(w), { [HEADERS.identity]: undefined }),
    ],
    [
      'by a token of nonsense',
      'QLOCK_AUTH_FAIL',
      (w) => withHeaders(put(w), { ...NOBODY, authorization: 'Bearer nonsense' }),
    ],
    [
      'by a token of the right form',
      'QLOCK_AUTH_FAIL',
      (w) => withHeaders(put(w), { ...NOBODY, authorization: `Bearer qat_${'A'.repeat(43)}` }),
    ],
    [
      'by a password',
      'QLOCK_AUTH_FAIL',
      (w) => withHeaders(put(w), { ...NOBODY, authorization: 'Basic YTpi' }),
    ],
    [
      'given twice, by token and signature',
      'INPUT_INVALID',
      (w) => withHeaders(put(w), { authorization: 'Bearer nonsense' }),
    ],
    [
      'of somebody unknown',
      'SQUID_IDENTITY_INVALID',
      (w) => put(w, { who: bornAtHome(w.here.now_ms()) }),
    ],
    [
      'of a name that is no identity',
      'SQUID_IDENTITY_INVALID',
      (w) => withHeaders(put(w), { [HEADERS.identity]: '../alice' }),
    ],
    [
      'of somebody else as sub-identity',
      'SQUID_IDENTITY_INVALID',
      (w) => withHeaders(put(w), { [HEADERS.subIdentity]: w.bob.did }),
    ],
  ],
  'an idempotency key': [
    [
      'that is missing',
      'IDEMPOTENCY_KEY_REQUIRED',
      (w) =>
        withHeaders(put(w, { signed: { idempotencyKey: undefined } }), {
          [HEADERS.idempotencyKey]: undefined,
        }),
    ],
    [
      'of another input',
      'VERSION_CONFLICT',
      (w) => put(w, { idempotencyKey: TAKEN_KEY, input: { ...NOTE, bytes: 6 } }),
    ],
    ['that is too long', 'INPUT_INVALID', (w) => put(w, { idempotencyKey: 'k'.repeat(201) })],
    ['with a blank in it', 'INPUT_INVALID', (w) => put(w, { idempotencyKey: 'a b' })],
  ],
};
