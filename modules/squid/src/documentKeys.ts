import type { GenesisDocument } from '@anarq/crypto';

/** The four public keys of a document as Multikeys, in the order in which documents list them. */
export function publicKeysOfDocument(document: GenesisDocument) {
  const [ed25519, mldsa65, x25519, mlkem768] = document.state.verificationMethod.map(
    ({ publicKeyMultibase }) => publicKeyMultibase,
  );
  if (!ed25519 || !mldsa65 || !x25519 || !mlkem768)
    throw new Error(`${document.state.id} has a document without its four keys`);
  return { ed25519, mldsa65, x25519, mlkem768 };
}
