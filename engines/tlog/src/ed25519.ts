import { sign, verify } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import { utf8 } from './encoding.ts';
import { malformed } from './errors.ts';
import type { NoteSignature, NoteVerifier } from './note.ts';
import type { Vkey } from './vkey.ts';
import { keyIdHex, keyObjectOf, SIGNATURE_TYPE, vkeyOf } from './vkey.ts';

/** Signs the text of a note with an Ed25519 private key (signature type 0x01). Throws TLOG_MALFORMED on another key. */
export function signEd25519(name: string, privateKey: KeyObject, text: string): NoteSignature {
  const vkey = vkeyOf(name, SIGNATURE_TYPE.ed25519, privateKey);
  return {
    name,
    keyIdHex: keyIdHex(vkey),
    signature: new Uint8Array(sign(null, utf8(text), privateKey)),
  };
}

/** A verifier for Ed25519 signatures over the text of a note. Throws TLOG_MALFORMED on another type of key. */
export function ed25519Verifier(vkey: Vkey): NoteVerifier {
  if (vkey.type !== SIGNATURE_TYPE.ed25519) malformed('the verifier key is not of type Ed25519');
  const key = keyObjectOf(vkey);
  return { vkey, verify: (text, signature) => verify(null, utf8(text), key, signature) };
}
