import { prepareDelegation } from '@anarq/authority';
import { deriveKeys, randomBytes, signSingle } from '@anarq/crypto';
import type { Party } from './servedNode.ts';

const MLDSA_CONTEXT = new TextEncoder().encode('ucan/dlg');
/** RFC 8949: a list of two, and byte strings whose length takes two bytes. */
const LIST_OF_TWO = 0x82;
const BYTES_16 = 0x59;
const LIST_16 = 0x99;

/** What a delegation says, as far as its forger cares. */
export interface Forgery {
  readonly audience: Party;
  readonly command: string;
  /** Whose authority it pretends to be about. */
  readonly subject: Party;
}

/**
 * A delegation that is well signed, by its issuer's own keys, and has a policy that no honest
 * library writes: `policy` stands in the signed bytes exactly as given.
 * @param policy DAG-CBOR
 */
export function withRawPolicy(
  issuer: Party,
  { audience, command, subject }: Forgery,
  policy: Uint8Array,
) {
  const keys = deriveKeys(issuer.seed, { index: 0 });
  const { signedBytes } = prepareDelegation(
    {
      iss: issuer.did,
      aud: audience.did,
      sub: subject.did,
      cmd: command,
      pol: [],
      nonce: randomBytes(12),
      exp: null,
      meta: {},
    },
    'ed25519+mldsa65',
  );
  const bytes = Buffer.from(signedBytes);
  // The member `pol` and its empty list.
  const at = bytes.indexOf(Buffer.from([0x63, 0x70, 0x6f, 0x6c, 0x80])) + 4;
  const forged = Buffer.concat([bytes.subarray(0, at), policy, bytes.subarray(at + 1)]);
  const signature = Buffer.concat([
    signSingle(keys.ed25519, forged),
    signSingle(keys.mldsa65, forged, MLDSA_CONTEXT),
  ]);
  const head = [LIST_OF_TWO, BYTES_16, signature.length >> 8, signature.length & 0xff];
  return Buffer.concat([Buffer.from(head), signature, forged]);
}

/** Up to 23 or from 256 statements, as many as are asked for: `["==", ".a", 1]` each. */
export function manyStatements(count: number): Uint8Array {
  const statement = Buffer.from([0x83, 0x62, 0x3d, 0x3d, 0x62, 0x2e, 0x61, 0x01]);
  // Canonical form takes the shortest head there is.
  const head = count < 24 ? [0x80 + count] : [LIST_16, count >> 8, count & 0xff];
  const list = Buffer.from(head);
  return Buffer.concat([list, ...Array.from({ length: count }, () => statement)]);
}

/** `["not", ["not", … ["==", ".a", 1]]]` to any depth, as the only statement. */
export function deepStatement(depth: number): Uint8Array {
  const not = Buffer.from([LIST_OF_TWO, 0x63, 0x6e, 0x6f, 0x74]);
  const inner = Buffer.from([0x83, 0x62, 0x3d, 0x3d, 0x62, 0x2e, 0x61, 0x01]);
  return Buffer.concat([Buffer.from([0x81]), ...Array.from({ length: depth }, () => not), inner]);
}
