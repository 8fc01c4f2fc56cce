import { defineModule } from '@anarq/kernel';
import { qerberos } from './contract.ts';
import { audit } from './handlers/audit.ts';
import { checkpoint } from './handlers/checkpoint.ts';
import { consistency } from './handlers/consistency.ts';
import { inclusion } from './handlers/inclusion.ts';
import { logStatus } from './handlers/logStatus.ts';
import { receipt } from './handlers/receipt.ts';
import { record } from './handlers/record.ts';
import { search } from './handlers/search.ts';
import { verifyReceipt } from './handlers/verifyReceipt.ts';
import { why } from './handlers/why.ts';

/** Audit: the log, which the kernel writes in the commit of every call, for those it concerns. */
export default defineModule(qerberos, {
  handlers: {
    search,
    record,
    receipt,
    why,
    verifyReceipt,
    checkpoint,
    inclusion,
    consistency,
    audit,
    logStatus,
  },
});
