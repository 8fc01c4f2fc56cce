import { fail } from '@anarq/common-schemas';
import { handler } from '@anarq/kernel';
import { chainOf } from '../chainOf.ts';
import { chain as contract } from '../contract.ts';
import { proofView } from '../proofView.ts';
import { statusOf } from '../statusOf.ts';

export const proveTransaction = handler(
  contract.proveTransaction,
  async ({ transactionId }, ctx) => {
    const chain = chainOf(ctx);
    const proof =
      chain.validator.receiptProof(transactionId) ??
      (await chain.archive.receiptProof(transactionId, chain.trail()));
    if (proof !== undefined) return proofView(chain, proof);
    const status = await statusOf(chain, transactionId);
    if (status === undefined)
      return fail('QINDEX_NOT_FOUND', `This node knows no transaction ${transactionId}.`);
    return fail(
      'STATE_CONFLICT',
      `The transaction is ${status.state}, and this node has no certificate over its receipt.`,
      { state: status.state },
    );
  },
);
