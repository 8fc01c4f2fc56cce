import { fail, type Static } from '@anarq/common-schemas';
import { toBase64url } from '@anarq/crypto';
import { decodeProof } from '@anarq/dag';
import type { ChainNode } from './chain/chainNode.ts';
import { PROOF_BYTES_MAX, type Proof } from './models.ts';
import { faultModelOf } from './views.ts';

/** @throws LIMIT_EXCEEDED where the way from the first validators is too long for one answer */
export function proofText(proof: Uint8Array): string {
  if (proof.length > PROOF_BYTES_MAX)
    fail(
      'LIMIT_EXCEEDED',
      `The proof has ${proof.length} bytes with the ends of epochs after which other validators followed; an answer carries ${PROOF_BYTES_MAX}.`,
    );
  return toBase64url(proof);
}

export function proofView(chain: ChainNode, proof: Uint8Array): Static<typeof Proof> {
  const { seq } = decodeProof(proof).certificate.checkpoint;
  return { proof: proofText(proof), checkpoint: seq, faultModel: faultModelOf(chain) };
}
