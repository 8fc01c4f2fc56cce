import { fail } from '@anarq/common-schemas';
import { handler } from '@anarq/kernel';
import { hasCome } from '../chain/waits.ts';
import { chainOf } from '../chainOf.ts';
import { chain as contract } from '../contract.ts';
import { statusOf } from '../statusOf.ts';

const TIMEOUT_S = 20;

export const waitFor = handler(contract.waitFor, async (input, ctx) => {
  const { transactionId, until = 'Finalized', timeout_s = TIMEOUT_S } = input;
  const chain = chainOf(ctx);
  const end_ms = performance.now() + timeout_s * 1_000;
  for (;;) {
    const left_ms = end_ms - performance.now();
    // Before the look, so that no change between the two is missed.
    const wait = chain.waits.next(transactionId, Math.max(0, left_ms));
    try {
      const status = await statusOf(chain, transactionId);
      if (status !== undefined && (hasCome(status.state, until) || left_ms <= 0)) return status;
      if (left_ms <= 0)
        return fail('QINDEX_NOT_FOUND', `This node knows no transaction ${transactionId}.`);
      await wait.come;
    } finally {
      wait.stop();
    }
  }
});
