import { fail, type Static } from '@anarq/common-schemas';
import { toBase64url } from '@anarq/crypto';
import {
  encodeEntry,
  EXPIRY_MAX_ms,
  Malformed,
  signedBytes,
  transactionId,
  type Action,
  type Transaction,
} from '@anarq/dag';
import type { ChainNode } from './chain/chainNode.ts';
import type { Prepared } from './models.ts';
import { amountIn, faultModelOf, instantOf, nonceIn } from './views.ts';

const PATIENCE_MS = 300_000;

/** Transactions that nobody has signed yet, with what the owner of their account signs. @throws QError */
export function prepared(
  chain: ChainNode,
  order: {
    readonly accountId: string;
    readonly actions: readonly Action[];
    readonly nonce: string | undefined;
    readonly fee: string | undefined;
    readonly notAfter: string | undefined;
    readonly now_ms: number;
  },
): Static<typeof Prepared> {
  const { accountId, actions, now_ms } = order;
  const { feeMin } = chain.validator.chain();
  const fee = order.fee === undefined ? feeMin : amountIn(order.fee);
  const used = chain.validator.account(accountId)?.nonce ?? 0n;
  const first = order.nonce === undefined ? used + 1n : nonceIn(order.nonce);
  const notAfter_ms = endOf(order.notAfter, now_ms);
  // The last of them has to be one, too.
  nonceIn(String(first + BigInt(actions.length - 1)));
  const transactions = actions.map((action, at): Transaction => {
    const nonce = first + BigInt(at);
    return { account: accountId, nonce, fee, notAfter_ms, action };
  });
  const ids = transactions.map((each) => transactionId(chain.chainId, each));
  return {
    state: 'Created',
    accountId,
    transactionIds: ids,
    unsigned: toBase64url(unsigned(transactions)),
    toSign: toBase64url(signedBytes(chain.chainId, accountId, ids)),
    notAfter: instantOf(notAfter_ms),
    faultModel: faultModelOf(chain),
  };
}

/** @throws TIME_EXPIRED, INPUT_INVALID */
function endOf(notAfter: string | undefined, now_ms: number): number {
  const end_ms = notAfter === undefined ? now_ms + PATIENCE_MS : Date.parse(notAfter);
  if (end_ms < now_ms) fail('TIME_EXPIRED', `notAfter ${instantOf(end_ms)} has passed.`);
  if (end_ms > now_ms + EXPIRY_MAX_ms)
    fail('INPUT_INVALID', `notAfter is at most ${EXPIRY_MAX_ms} ms ahead.`);
  return end_ms;
}

/** @throws INPUT_INVALID where they are too many bytes for one entry */
function unsigned(transactions: readonly Transaction[]): Uint8Array {
  try {
    return encodeEntry(transactions, new Uint8Array());
  } catch (error) {
    if (error instanceof Malformed) return fail('INPUT_INVALID', `${error.message}.`);
    throw error;
  }
}
