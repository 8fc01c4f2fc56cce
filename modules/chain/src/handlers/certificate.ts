import { fail } from '@anarq/common-schemas';
import { decodeProof, encodeProof, hexOf } from '@anarq/dag';
import { handler } from '@anarq/kernel';
import type { ChainNode } from '../chain/chainNode.ts';
import { chainOf } from '../chainOf.ts';
import { chain as contract } from '../contract.ts';
import { proofText } from '../proofView.ts';
import { faultModelOf, instantOf } from '../views.ts';

export const certificate = handler(contract.certificate, async ({ checkpoint: seq }, ctx) => {
  const chain = chainOf(ctx);
  const proof = chain.validator.certificate(seq) ?? (await fromHistory(chain, seq));
  if (proof === undefined)
    return fail(
      'QINDEX_NOT_FOUND',
      seq === undefined
        ? 'This node has seen no certificate yet: ask again in a second.'
        : `This node keeps no certificate of checkpoint ${seq}: a later one covers what it did.`,
    );
  const { certificate: found } = decodeProof(proof);
  const { checkpoint, signatures } = found;
  return {
    checkpoint: checkpoint.seq,
    epoch: checkpoint.epoch,
    time: instantOf(checkpoint.time_ms),
    commits: checkpoint.commits,
    receipts: checkpoint.receipts,
    stateRoot: hexOf(checkpoint.stateRoot),
    receiptsRoot: hexOf(checkpoint.receiptsRoot),
    supply: String(checkpoint.supply),
    signatures: signatures.length,
    endsEpoch: checkpoint.endsEpoch,
    proof: proofText(proof),
    faultModel: faultModelOf(chain),
  };
});

async function fromHistory(
  chain: ChainNode,
  seq: number | undefined,
): Promise<Uint8Array | undefined> {
  const found = seq === undefined ? undefined : await chain.archive.certificate(seq);
  if (found === undefined) return undefined;
  const { epoch } = found.checkpoint;
  const ends = chain.trail() ?? (await chain.archive.epochEnds(epoch));
  const trail = ends.filter((end) => end.certificate.checkpoint.epoch < epoch);
  return encodeProof({ trail, certificate: found, subject: undefined });
}
