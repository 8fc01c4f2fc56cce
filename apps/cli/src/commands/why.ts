import type { Client } from '@anarq/common-clients';
import { fail, QError, type OutputOf } from '@anarq/common-schemas';
import { verifyReceipt } from '@anarq/log';
import { qerberos } from '@anarq/qerberos/contract';
import { qonsent } from '@anarq/qonsent/contract';
import { operatorClient } from '../connection.ts';
import { columns, cross, dot, paint, say, tick } from '../terminal.ts';

interface Options {
  readonly data: string;
  readonly json?: boolean;
}

type Body = Readonly<Record<string, unknown>>;
type Grant = OutputOf<typeof qonsent.get>;
type Budget = OutputOf<typeof qonsent.budget>['budgets'][number];

interface Link {
  readonly grant: string;
  /** Absent where it does not concern the operator. */
  readonly shown: Grant | undefined;
  readonly budget: Budget | undefined;
}

const CID = /^b[a-z2-7]{58}$/;
const CHAIN_MAX = 8;
/** How many of the newest records are looked through for a request id. */
const LOOKED_MAX = 1_000;
const PAGE = 200;

/** Why something happened, or did not: who, under which grants, by which rule, at what cost. */
export async function why(name: string, options: Options): Promise<void> {
  const { client } = await operatorClient(options.data, [qerberos, qonsent]);
  const cid = CID.test(name) ? name : await cidOf(client, name);
  const { receipt } = await client.call(qerberos.receipt, { cid });
  const [root, ...steps] = verifyReceipt(receipt).records;
  const { body } = root ?? fail('QINDEX_NOT_FOUND', `There is no record ${cid} for you.`);
  if (body === null) return fail('QINDEX_NOT_FOUND', `The record ${cid} is not for you to open.`);
  const verdict = (body['why'] ?? {}) as Body;
  const chains = await Promise.all(leavesOf(body, verdict).map((leaf) => chainOf(client, leaf)));
  if (options.json === true)
    return say(
      JSON.stringify(
        { record: cid, ...body, chains, steps: steps.map((s) => ({ record: s.cid, ...s.body })) },
        (_, value: unknown) => (typeof value === 'bigint' ? value.toString() : value),
      ),
    );
  tellCall(cid, body, verdict);
  for (const chain of chains) tellChain(chain);
  if (steps.length > 0) say(paint.bold('  steps'));
  for (const line of columns(
    steps.map(({ cid: step, body: done }) => [
      `    ${markOf(done)} ${text(done?.['op'], 'sealed: not for you')}`,
      text(done?.['kind']),
      text(done?.['code']),
      paint.dim(step),
    ]),
  ))
    say(line);
  say(`  receipt   ./q call qerberos.receipt '{"cid":"${cid}"}' --json > receipt.json`);
}

/** The record of a call, by the id of its request, among the newest. */
async function cidOf(client: Client, requestId: string): Promise<string> {
  let cursor: string | undefined;
  for (let looked = 0; looked < LOOKED_MAX; looked += PAGE) {
    const page = await client.call(qerberos.search, {
      limit: PAGE,
      ...(cursor === undefined ? {} : { cursor }),
    });
    const found = page.items.find(({ body }) => (body as Body)['id'] === requestId);
    if (found !== undefined) return found.cid;
    cursor = page.next;
    if (cursor === undefined) break;
  }
  return fail(
    'QINDEX_NOT_FOUND',
    `No record of ${requestId} is among your newest ${LOOKED_MAX}. Refusals are counted: the first of each kind in a second is kept, a second later.`,
  );
}

/** The grants that allowed it; of a refusal, the one whose rule decided. */
function leavesOf(body: Body, verdict: Body): string[] {
  const grants = Array.isArray(body['grants']) ? body['grants'].map(String) : [];
  return grants.length > 0 || typeof verdict['grant'] !== 'string' ? grants : [verdict['grant']];
}

/** A grant and those above it, the leaf first, with what is spent of each now. */
async function chainOf(client: Client, leaf: string): Promise<Link[]> {
  const budgets = (await ifShown(client.call(qonsent.budget, { grant: leaf })))?.budgets ?? [];
  const links: Link[] = [];
  for (let cid: string | undefined = leaf; cid !== undefined && links.length < CHAIN_MAX;) {
    const grant: string = cid;
    const shown: Grant | undefined = await ifShown(client.call(qonsent.get, { grant }));
    links.push({ grant, shown, budget: budgets.find((one) => one.grant === grant) });
    cid = shown?.proof;
  }
  return links;
}

/** What does not concern the operator is left out, not an error. */
async function ifShown<T>(answer: Promise<T>): Promise<T | undefined> {
  try {
    return await answer;
  } catch (error) {
    if (error instanceof QError && ['QINDEX_NOT_FOUND', 'QONSENT_DENIED'].includes(error.code))
      return undefined;
    throw error;
  }
}

function tellCall(cid: string, body: Body, verdict: Body): void {
  const isDone = body['code'] === 'SUCCESS';
  const outcome = isDone ? paint.green('SUCCESS') : paint.red(text(body['code']));
  say(`${isDone ? tick : cross} ${paint.bold(text(body['op']))}  ${outcome}`);
  say(`  record    ${cid}`);
  say(`  when      ${text(body['at'])}, over ${text(body['surface'])}`);
  say(`  who       ${text(body['actor'])}, signed by ${text(body['signedBy'])}`);
  if (body['subject'] !== body['actor']) say(`  for       ${text(body['subject'])}`);
  if (body['resource'] !== undefined) say(`  on        ${text(body['resource'])}`);
  say(`  rule      ${text(verdict['rule'])}`);
  const limit = Object.entries((verdict['limit'] ?? {}) as Body);
  if (limit.length > 0)
    say(`  limit     ${limit.map(([name, value]) => `${name} ${text(value)}`).join(', ')}`);
  if (verdict['changeableBy'] !== undefined)
    say(`  changed   by ${text(verdict['changeableBy'])}, who can give more or less`);
  if (body['ceiling'] !== undefined) say(`  at most   ${amount(body['ceiling'])}`);
  if (body['cost'] !== undefined) say(`  cost      ${amount(body['cost'])}`);
  if (body['note'] !== undefined) say(`  note      ${text(body['note'])}`);
}

function tellChain(chain: readonly Link[]): void {
  say(paint.bold('  allowed by, the last given first'));
  for (const { grant, shown, budget } of chain) {
    say(`    ${paint.dim(grant)}`);
    if (shown === undefined) {
      say('      not for you to see');
      continue;
    }
    say(`      from      ${shown.issuer}`);
    say(`      to        ${shown.audience}`);
    const policy = Array.isArray(shown.policy) ? shown.policy : [];
    say(`      lets      ${shown.command === '/' ? 'any operation' : shown.command}`);
    for (const statement of policy) say(`      only if   ${inWords(statement)}`);
    if (budget !== undefined) {
      const { spent, reserved, total, unit, left, perCall } = budget;
      say(`      spent     ${spent} of ${total ?? 'any amount of'} ${unit}, ${reserved} held now`);
      if (left !== undefined) say(`      left      ${left} ${unit} now`);
      if (perCall !== undefined) say(`      per call  ${perCall} ${unit} at most`);
    }
    if (!shown.inForce) say(`      ${paint.red('no longer in force')}`);
  }
}

function markOf(body: Body | null): string {
  if (body === null) return dot;
  return body['code'] === 'SUCCESS' ? tick : cross;
}

const OPERATORS: Readonly<Record<string, string>> = {
  '==': 'is',
  '!=': 'is not',
  '<': 'is below',
  '<=': 'is at most',
  '>': 'is above',
  '>=': 'is at least',
  like: 'is like',
};

/** A statement of a UCAN policy as a sentence: `.op is qmarket.purchase`. */
function inWords(statement: unknown): string {
  if (!Array.isArray(statement)) return JSON.stringify(statement);
  const [operator, selector, value] = statement as unknown[];
  if ((operator === 'or' || operator === 'and') && Array.isArray(selector))
    return selector.map(inWords).join(` ${operator} `);
  if (operator === 'not') return `not (${inWords(selector)})`;
  if ((operator === 'all' || operator === 'any') && typeof selector === 'string')
    return `${operator} of ${selector}: ${inWords(value)}`;
  return `${text(selector).replace(/^\./, '')} ${OPERATORS[text(operator)] ?? text(operator)} ${text(value)}`;
}

function amount(value: unknown): string {
  const { amount: number, unit } = value as { amount?: unknown; unit?: unknown };
  return `${text(number)} ${text(unit)}`;
}

const text = (value: unknown, otherwise = ''): string =>
  value === undefined || value === null
    ? otherwise
    : typeof value === 'string'
      ? value
      : JSON.stringify(value);
