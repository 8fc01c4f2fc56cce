import { fail } from '@anarq/common-schemas';
import { handler, type ReadContext } from '@anarq/kernel';
import { verifyReceipt } from '@anarq/log';
import { qerberos } from '../contract.ts';
import { amountOf, chainsOf, latencyOf, stepView } from '../explaining.ts';
import { inTableWords } from '../logErrors.ts';

type Asking = Pick<ReadContext, 'call' | 'services'>;

const CID = /^b[a-z2-7]{58}$/;

export const why = handler(qerberos.why, async (input, ctx) => {
  const { log, grants } = ctx.services;
  const cid = CID.test(input.record) ? input.record : await cidOf(input.record, ctx);
  const receipt = await inTableWords(() => log.receipt(cid, ctx.call.subject));
  const [root, ...steps] = verifyReceipt(receipt).records;
  const body = root?.body ?? unknown(cid);
  const drawn = await grants.drawn([cid, ...steps.map((step) => step.cid)]);
  // A process is admitted first; what came of it, and what it cost, is said at its end.
  const outcome = steps.find(
    (step) => step.body?.['kind'] === 'outcome' && step.body['parent'] === cid,
  )?.body;
  const verdict = membersOf(body['why']);
  const behind = Array.isArray(body['grants']) ? body['grants'].map(String) : [];
  const { at, kind, op, code, actor, signedBy } = body;
  return {
    record: cid,
    kind: String(kind),
    at: String(at),
    op: String(op),
    code: String(code),
    actor: String(actor),
    signedBy: String(signedBy),
    ...textAt('surface', body['surface']),
    ...textAt('subject', body['subject']),
    ...textAt('resource', body['resource']),
    rule: String(verdict['rule'] ?? ''),
    limit: Object.fromEntries(
      Object.entries(membersOf(verdict['limit'])).map(([name, value]) => [name, String(value)]),
    ),
    ...textAt('changeableBy', verdict['changeableBy']),
    ...amountOf('ceiling', body['ceiling']),
    ...amountOf('cost', outcome?.['cost'] ?? body['cost']),
    ...textAt('outcome', outcome?.['code']),
    ...textAt('note', body['note']),
    ...latencyOf(body['latency']),
    chains: await chainsOf({ grants: behind, why: verdict }, drawn, ctx),
    steps: steps.map(stepView),
  };
});

/** The newest record of a call, by the id of its request. */
async function cidOf(id: string, { call, services }: Asking): Promise<string> {
  const { items } = await inTableWords(() =>
    services.log.search({ party: call.subject, tenant: call.tenant, id, limit: 1 }),
  );
  return items[0]?.cid ?? unknown(id);
}

const unknown = (name: string): never =>
  fail(
    'QINDEX_NOT_FOUND',
    `There is no record ${name} for you. Refusals are counted: the first of each kind in a second is kept, a second later.`,
    { record: name },
  );

const membersOf = (value: unknown): Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};

const textAt = <const N extends string>(name: N, value: unknown): { readonly [K in N]?: string } =>
  typeof value === 'string' && value !== '' ? ({ [name]: value } as { [K in N]: string }) : {};
