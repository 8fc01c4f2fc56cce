import { fail } from '@anarq/common-schemas';
import { handler } from '@anarq/kernel';
import { qerberos } from '../contract.ts';
import { inTableWords } from '../logErrors.ts';
import { RECEIPT_BYTES_MAX } from '../models.ts';
import { asJson } from '../recordView.ts';

export const receipt = handler(qerberos.receipt, async (input, ctx) => {
  const { receipt: made, missing } = await inTableWords(() =>
    ctx.services.receipts.of(input.cid, ctx.call.subject),
  );
  const bytes = Buffer.byteLength(JSON.stringify(made));
  if (bytes > RECEIPT_BYTES_MAX)
    fail('LIMIT_EXCEEDED', 'The receipt has more steps than fit in one answer.', {
      limit: RECEIPT_BYTES_MAX,
      bytes,
    });
  return { receipt: asJson(made), ...(missing.length === 0 ? {} : { missing: [...missing] }) };
});
