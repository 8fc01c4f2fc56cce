import { fail, type AnyOperation } from '@anarq/common-schemas';
import type { GraphqlArguments, GraphqlProof } from '@anarq/derive/graphql';
import type { Call, Credential } from '@anarq/kernel';
import type { GraphqlContext } from './caller.ts';

/**
 * The call of one field. What its arguments say counts; the headers of the request say the rest: a
 * bearer token, subject and grant hold for every call of the document, a signature and an idempotency
 * key for one call only.
 * @throws QError INPUT_INVALID
 */
export function callOf(
  op: AnyOperation,
  input: unknown,
  args: GraphqlArguments,
  { facts, isSingle, requestId, peer }: GraphqlContext,
): Call {
  const subject = agree('subject', args.subject, facts.subject);
  const grant = agree('grant', args.grant, facts.grant);
  if (!isSingle && facts.idempotencyKey !== undefined)
    fail(
      'INPUT_INVALID',
      'The header Idempotency-Key is that of one call; give each field its own idempotencyKey.',
    );
  const idempotencyKey = agree('idempotencyKey', args.idempotencyKey, facts.idempotencyKey);
  return {
    operation: op.id,
    input,
    surface: 'graphql',
    credential: credentialOf(args.proof ?? undefined, facts.credential, isSingle),
    requestId,
    peer,
    ...(subject === undefined ? {} : { subject }),
    ...(grant === undefined ? {} : { grant }),
    ...(idempotencyKey === undefined ? {} : { idempotencyKey }),
    ...(facts.apiVersion === undefined ? {} : { apiVersion: facts.apiVersion }),
    ...(facts.traceparent === undefined ? {} : { traceparent: facts.traceparent }),
  };
}

function credentialOf(
  proof: GraphqlProof | undefined,
  header: Credential,
  isSingle: boolean,
): Credential {
  if (proof === undefined) {
    if (header.kind === 'signature' && !isSingle)
      fail('INPUT_INVALID', 'The header x-sig covers one call; give each field its own proof.');
    return header;
  }
  if (header.kind !== 'anonymous')
    fail('INPUT_INVALID', 'Send either the headers of a credential or a proof, not both.');
  const { identity, ts, signature, subId } = proof;
  return {
    kind: 'signature',
    identity,
    ts,
    signature,
    ...(subId === undefined || subId === null ? {} : { subId }),
  };
}

function agree(
  name: string,
  argument: string | null | undefined,
  header: string | undefined,
): string | undefined {
  const given = argument ?? undefined;
  if (given !== undefined && header !== undefined && given !== header)
    fail('INPUT_INVALID', `${name} in the arguments differs from the one in the headers.`);
  return given ?? header;
}
