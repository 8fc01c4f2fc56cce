import { fail } from '@anarq/common-schemas';
import { handler, type IdentityKind, type IdentityRecord } from '@anarq/kernel';
import { squid } from '../contract.ts';
import { judge, MESSAGE_DOMAIN, readDocument } from '../verification.ts';

export const verify = handler(squid.verify, async (input, ctx) => {
  const { did, document, message, signature, domain = MESSAGE_DOMAIN } = input;
  if (did === undefined && document === undefined)
    fail('INPUT_INVALID', 'Say whom to verify: did, document or both.');
  if ((message === undefined) !== (signature === undefined))
    fail('INPUT_INVALID', 'A signature is verified over a message: send both or neither.');

  const asked = document === undefined ? did : readDocument(document)?.did;
  const found = asked === undefined ? undefined : await ctx.services.identities.get(asked);
  // Whoever shows the document knows of the identity already.
  const record = document === undefined && !mayKnow(found, ctx.call.tenant) ? undefined : found;
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

/** Kinds that deal with the public: anybody may ask whether they are in force. */
const PUBLIC_KINDS = new Set<IdentityKind>(['node', 'module', 'organisation']);

/** That a person or an agent exists is for its tenant to know. */
const mayKnow = (record: IdentityRecord | undefined, tenant: string): boolean =>
  record !== undefined &&
  (record.tenant === tenant || (record.parent === undefined && PUBLIC_KINDS.has(record.kind)));
