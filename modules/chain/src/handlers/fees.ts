import {
  BATCH_MAX,
  DATA_BYTES_MAX,
  ENTRY_BYTES_MAX,
  EXPIRY_MAX_ms,
  MEMO_BYTES_MAX,
  NONCES_OPEN,
} from '@anarq/dag';
import { handler } from '@anarq/kernel';
import { chainOf } from '../chainOf.ts';
import { chain as contract } from '../contract.ts';
import { faultModelOf } from '../views.ts';

export const fees = handler(contract.fees, (_input, ctx) => {
  const chain = chainOf(ctx);
  return {
    feeMin: String(chain.validator.chain().feeMin),
    transactionsPerEntry_max: BATCH_MAX,
    entryBytes_max: ENTRY_BYTES_MAX,
    memoBytes_max: MEMO_BYTES_MAX,
    dataBytes_max: DATA_BYTES_MAX,
    notAfter_ms_max: EXPIRY_MAX_ms,
    noncesOpen_max: NONCES_OPEN,
    faultModel: faultModelOf(chain),
  };
});
