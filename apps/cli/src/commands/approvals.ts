import { delegate, type Client } from '@anarq/common-clients';
import { fail, type OutputOf } from '@anarq/common-schemas';
import { deriveKeys, toBase64url } from '@anarq/crypto';
import { node } from '@anarq/node-module/contract';
import { qonsent } from '@anarq/qonsent/contract';
import { operatorClient } from '../connection.ts';
import { paint, say, tick } from '../terminal.ts';

interface Options {
  readonly data: string;
  readonly json?: boolean;
}

type Asked = OutputOf<typeof qonsent.requests>['items'][number];

const LISTED_MAX = 200;

/** What waits for the operator: questions of processes, and requests for grants. */
export async function approvalsList(options: Options): Promise<void> {
  const { client } = await operatorClient(options.data, [node, qonsent]);
  const { items, next } = await client.call(node.approvals, { limit: LISTED_MAX });
  const asked = await client.call(qonsent.requests, { limit: LISTED_MAX });
  const more = next !== undefined || asked.next !== undefined;
  if (options.json === true)
    return say(JSON.stringify({ approvals: items, requests: asked.items, more }));
  if (items.length + asked.items.length === 0) return say('Nothing waits for your approval.');
  for (const { approvalId, question, operation, subject, expiresAt } of items) {
    say(`${paint.bold(question)}`);
    say(`  asked by ${operation} for ${subject}, until ${expiresAt}`);
    tellAnswers(approvalId);
  }
  for (const request of asked.items) tellRequest(request);
}

function tellRequest(request: Asked): void {
  const { command, policy, budget, calls, expiresAt, asker, openUntil, reason, requestId } =
    request;
  say(paint.bold(`${command === '/' ? 'any operation' : command}, for ${asker}`));
  say(`  because  ${reason}`);
  for (const statement of policy as readonly unknown[])
    say(`  only if  ${JSON.stringify(statement)}`);
  const limits = [...limitsOf(budget), ...callsOf(calls)];
  if (limits.length > 0) say(`  budget   ${limits.join(', ')}`);
  say(`  ends     ${expiresAt ?? 'when you revoke it'}`);
  say(`  asked    until ${openUntil}`);
  tellAnswers(requestId);
}

const SPANS = [
  ['total', 'in all'],
  ['perCall', 'a call'],
  ['perMinute', 'a minute'],
  ['perHour', 'an hour'],
  ['perDay', 'a day'],
  ['perMonth', 'a month'],
] as const;

/** Every limit that a budget has, in words: nobody agrees to one that was not shown. */
function limitsOf(budget: Asked['budget']): string[] {
  if (budget === undefined) return [];
  const { unit, until, node: counter } = budget;
  return [
    ...SPANS.flatMap(([member, words]) =>
      budget[member] === undefined ? [] : [`${budget[member]} ${unit} ${words}`],
    ),
    ...(until === undefined ? [] : [`until ${until}`]),
    ...(counter === undefined ? [] : [`counted by ${counter}`]),
  ];
}

const callsOf = (calls: Asked['calls']): string[] =>
  SPANS.flatMap(([member, words]) => {
    const count = member === 'perCall' ? undefined : calls?.[member];
    return count === undefined ? [] : [`${count} calls ${words}`];
  });

function tellAnswers(id: string): void {
  say(`  yes      ./q approvals approve ${id}`);
  say(`  no       ./q approvals refuse ${id}`);
}

/** Answers what a process asked, or who asks for a grant. */
export async function approvalsAnswer(
  answer: 'approve' | 'refuse',
  id: string,
  options: Options & { readonly note?: string },
): Promise<void> {
  const note = options.note === undefined ? {} : { note: options.note };
  if (id.startsWith('request_')) return answerRequest(answer, id, options, note);
  const { client } = await operatorClient(options.data, [node]);
  const { processId } = await client.call(node[answer], { approvalId: id, ...note });
  if (options.json === true) return say(JSON.stringify({ ok: true, approvalId: id, processId }));
  say(`${tick} ${answer === 'approve' ? 'approved' : 'refused'}  the process ${processId} goes on`);
}

async function answerRequest(
  answer: 'approve' | 'refuse',
  requestId: string,
  options: Options,
  note: { readonly note?: string },
): Promise<void> {
  const { client, address, seed } = await operatorClient(options.data, [qonsent]);
  if (answer === 'refuse') {
    const { asker } = await client.call(qonsent.refuseRequest, { requestId, ...note });
    if (options.json === true) return say(JSON.stringify({ ok: true, requestId }));
    return say(`${tick} refused  ${asker} is told`);
  }
  const request = await findRequest(client, requestId);
  const { asker: audience, subject, command, policy, budget, calls, expiresAt } = request;
  const { operator: issuer } = address;
  if (subject !== issuer)
    fail(
      'STATE_CONFLICT',
      `It is about authority of ${subject}: approve it with ./q call qonsent.approveRequest and the grant that you pass on as proof.`,
    );
  // The operator keeps its own keys, so the delegation is signed here.
  const token = delegate({
    keys: deriveKeys(seed, { index: 0 }),
    issuer,
    audience,
    subject,
    command,
    policy,
    budget: budget === undefined ? undefined : asSigned(budget),
    calls,
    exp_s: expiresAt === undefined ? undefined : Math.floor(Date.parse(expiresAt) / 1000),
  });
  const { grant } = await client.call(qonsent.approveRequest, {
    requestId,
    token: toBase64url(token),
    ...note,
  });
  if (options.json === true) return say(JSON.stringify({ ok: true, requestId, grant }));
  say(`${tick} approved  ${audience} may ${command}`);
  say(`  grant    ${grant}`);
  say(`  end it   ./q revoke ${grant}`);
}

/** A budget as a delegation carries it: its end in whole seconds. */
const asSigned = ({ until, ...limits }: NonNullable<Asked['budget']>) => ({
  ...limits,
  ...(until === undefined ? {} : { until_s: Math.floor(Date.parse(until) / 1000) }),
});

async function findRequest(client: Client, requestId: string): Promise<Asked> {
  const { items } = await client.call(qonsent.requests, { limit: LISTED_MAX });
  return (
    items.find((one) => one.requestId === requestId) ??
    fail('QINDEX_NOT_FOUND', `No request ${requestId} waits for your answer.`)
  );
}
