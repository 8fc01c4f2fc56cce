import { fail } from '@anarq/common-schemas';
import { handler } from '@anarq/kernel';
import { squid } from '../contract.ts';
import { judge, MESSAGE_DOMAIN, readDocument } from '../verification.ts';

export const verify = handler(squid.verify, async (input, ctx) => {
  const { did, document, message, signature, domain = MESSAGE_DOMAIN } = input;
  if (did === undefined && document === undefined)
    fail('INPUT_INVALID', 'Say whom to verify: did, document or both.');
  if ((message === undefined) !== (signature === undefined))
    fail('INPUT_INVALID', 'A signature is verified over a message: send both or neither.');

  const asked = document === undefined ? did : readDocument(document)?.did;
  const record = asked === undefined ? undefined : await ctx.services.identities.get(asked);
  return judge(
    {
      did,
      document,
      ...(message === undefined || signature === undefined
        ? {}
        : { signed: { message, signature, domain } }),
    },
    () => record,
  );
});
