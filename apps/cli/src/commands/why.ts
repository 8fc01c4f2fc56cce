import type { OutputOf } from '@anarq/common-schemas';
import { qerberos } from '@anarq/qerberos/contract';
import { operatorClient } from '../connection.ts';
import { columns, cross, dot, paint, say, tick } from '../terminal.ts';

interface Options {
  readonly data: string;
  readonly json?: boolean;
}

type Answer = OutputOf<typeof qerberos.why>;
type Link = Answer['chains'][number][number];
type Step = Answer['steps'][number];
type Latency = NonNullable<Answer['latency']>;

/** Why something happened, or did not: who, under which grants, by which rule, at what cost. */
export async function why(record: string, options: Options): Promise<void> {
  const { client } = await operatorClient(options.data, [qerberos]);
  const answer = await client.call(qerberos.why, { record });
  if (options.json === true) return say(JSON.stringify(answer));
  tellCall(answer);
  for (const chain of answer.chains) tellChain(chain);
  if (answer.steps.length > 0) say(paint.bold('  steps'));
  for (const line of columns(answer.steps.map(stepLine))) say(line);
  say(`  receipt   ./q call qerberos.receipt '{"cid":"${answer.record}"}' --json > receipt.json`);
}

function tellCall(answer: Answer): void {
  const { record, op, code, at, surface, actor, signedBy, subject, rule, limit } = answer;
  const isDone = (answer.outcome ?? code) === 'SUCCESS';
  const outcome = isDone ? paint.green('SUCCESS') : paint.red(answer.outcome ?? code);
  say(`${isDone ? tick : cross} ${paint.bold(op)}  ${outcome}`);
  say(`  record    ${record}`);
  say(`  when      ${at}${surface === undefined ? '' : `, over ${surface}`}`);
  say(`  who       ${actor}, signed by ${signedBy}`);
  if (subject !== undefined && subject !== actor) say(`  for       ${subject}`);
  if (answer.resource !== undefined) say(`  on        ${answer.resource}`);
  say(`  rule      ${rule}`);
  const limits = Object.entries(limit).map(([name, value]) => `${name} ${value}`);
  if (limits.length > 0) say(`  limit     ${limits.join(', ')}`);
  if (answer.changeableBy !== undefined)
    say(`  changed   by ${answer.changeableBy}, who can give more or less`);
  if (answer.ceiling !== undefined) say(`  at most   ${amount(answer.ceiling)}`);
  if (answer.cost !== undefined) say(`  cost      ${amount(answer.cost)}`);
  if (answer.note !== undefined) say(`  note      ${answer.note}`);
  if (answer.latency !== undefined) say(`  took      ${duration(answer.latency)}`);
}

function tellChain(chain: readonly Link[]): void {
  say(paint.bold('  allowed by, the last given first'));
  for (const { grant, issuer, audience, command, policy, inForce, budgets } of chain) {
    say(`    ${paint.dim(grant)}`);
    if (issuer === undefined) {
      say('      not for you to see');
      continue;
    }
    say(`      from      ${issuer}`);
    say(`      to        ${audience}`);
    say(`      lets      ${command === '/' ? 'any operation' : command}`);
    const statements = Array.isArray(policy) ? (policy as readonly unknown[]) : [];
    for (const statement of statements) say(`      only if   ${inWords(statement)}`);
    for (const { unit, total, before, after } of budgets) {
      const of = `of ${total ?? 'any amount of'} ${unit}`;
      say(`      before    ${before.spent} ${of} spent, ${before.reserved} held`);
      say(`      spent     ${after.spent} ${of}, ${after.reserved} held`);
    }
    if (inForce !== true) say(`      ${paint.red('no longer in force')}`);
  }
}

function stepLine({ record, op, kind, code, latency }: Step): string[] {
  if (op === undefined) return [`    ${dot} sealed: not for you`, '', '', '', paint.dim(record)];
  const mark = code === 'SUCCESS' ? tick : cross;
  const took = latency === undefined ? '' : milliseconds(latency.admit_us + latency.handle_us);
  return [`    ${mark} ${op}`, kind ?? '', code ?? '', took, paint.dim(record)];
}

const milliseconds = (micros: number): string => `${(micros / 1_000).toFixed(1)} ms`;
const duration = ({ admit_us, handle_us }: Latency): string =>
  `${milliseconds(admit_us)} to admit it, ${milliseconds(handle_us)} to do it`;

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

const amount = ({ amount: number, unit }: { amount: string; unit: string }): string =>
  `${number} ${unit}`;

const text = (value: unknown): string =>
  typeof value === 'string' ? value : (JSON.stringify(value) ?? '');
