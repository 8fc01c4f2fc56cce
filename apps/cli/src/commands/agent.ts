import { delegate, type Client } from '@anarq/common-clients';
import { fail } from '@anarq/common-schemas';
import { deriveKeys, toBase64url } from '@anarq/crypto';
import { parseMinor } from '@anarq/decimal';
import { qonsent } from '@anarq/qonsent/contract';
import { squid } from '@anarq/squid/contract';
import { operatorClient } from '../connection.ts';
import { instantOf } from '../instant.ts';
import { columns, dot, paint, say, tick } from '../terminal.ts';

interface AddOptions {
  readonly data: string;
  readonly budget: { readonly amount: string; readonly unit: string };
  readonly perCall: { readonly amount: string; readonly unit: string };
  readonly perHour?: { readonly amount: string; readonly unit: string };
  readonly perDay?: { readonly amount: string; readonly unit: string };
  readonly allow: string;
  readonly until: string;
  readonly for?: string;
  readonly json?: boolean;
}

/** Makes an agent, and grants it what it may do: from the operator itself, or an organisation. */
export async function agentAdd(name: string, options: AddOptions): Promise<void> {
  const { budget, perCall } = options;
  const { perHour, perDay } = options;
  for (const other of [perCall, perHour, perDay])
    if (other !== undefined && other.unit !== budget.unit)
      fail('INPUT_INVALID', `--budget is in ${budget.unit}, another limit in ${other.unit}.`);
  checkLimits(budget, perCall);
  const expiresAt = instantOf(options.until, new Date());
  const operations = await operationsOf(options.allow);
  const { client, address, seed } = await operatorClient(options.data, [squid, qonsent]);
  const onBehalf = options.for === undefined ? {} : { subject: options.for };
  // An agent that exists gets another grant; its earlier ones stay as they are.
  const { items } = await client.call(squid.agents, { name }, onBehalf);
  const agent = items[0]?.did ?? (await client.call(squid.createAgent, { name }, onBehalf)).did;
  const mandate =
    options.for === undefined
      ? undefined
      : await mandateFrom(client, options.for, address.operator);
  // The operator keeps its own keys, so the delegation is signed here.
  const token = delegate({
    keys: deriveKeys(seed, { index: 0 }),
    issuer: address.operator,
    audience: agent,
    subject: options.for ?? address.operator,
    command: '/',
    policy: [['or', operations.map((id) => ['==', '.op', id])]],
    exp_s: Math.floor(expiresAt.getTime() / 1000),
    budget: {
      unit: budget.unit,
      total: budget.amount,
      perCall: perCall.amount,
      ...(perHour === undefined ? {} : { perHour: perHour.amount }),
      ...(perDay === undefined ? {} : { perDay: perDay.amount }),
    },
  });
  const { grant } = await client.call(qonsent.grant, {
    audience: agent,
    command: '/',
    purpose: `agent ${name}`,
    token: toBase64url(token),
    ...(mandate === undefined ? {} : { proof: mandate }),
  });
  if (options.json === true)
    return say(
      JSON.stringify({
        ok: true,
        agent,
        grant,
        mcp: `${address.url}/mcp`,
        expiresAt: expiresAt.toISOString(),
      }),
    );
  say(`${tick} ${paint.bold(name)}  ${agent}`);
  say(`  may      ${operations.join(', ')}`);
  say(
    `  budget   ${budget.amount} ${budget.unit} in all, ${perCall.amount} a call, until ${expiresAt.toLocaleString('sv-SE')}`,
  );
  if (perHour !== undefined) say(`           ${perHour.amount} ${budget.unit} an hour of UTC`);
  if (perDay !== undefined) say(`           ${perDay.amount} ${budget.unit} a day of UTC`);
  say(`  grant    ${grant}`);
  say(`  token    ./q agent token ${name}`);
  say(`  MCP      ${address.url}/mcp with the header  Authorization: Bearer TOKEN`);
  say(`  end it   ./q revoke ${grant}`);
}

/** @throws AMOUNT_INVALID, or INPUT_INVALID where one call may spend more than all together */
function checkLimits(budget: AddOptions['budget'], perCall: AddOptions['perCall']): void {
  for (const { amount, unit } of [budget, perCall])
    try {
      parseMinor(amount, unit);
    } catch (error) {
      fail('AMOUNT_INVALID', (error as Error).message, { amount, unit });
    }
  if (parseMinor(perCall.amount, budget.unit) > parseMinor(budget.amount, budget.unit))
    fail('INPUT_INVALID', '--per-call is more than --budget.');
}

/** The grant by which an organisation lets the operator act for it. */
async function mandateFrom(client: Client, organisation: string, holder: string): Promise<string> {
  const { items } = await client.call(qonsent.list, { limit: 200 });
  const mandate = items.find(
    ({ subject, audience, revokedAt }) =>
      subject === organisation && audience === holder && revokedAt === undefined,
  );
  return mandate?.grant ?? fail('QONSENT_DENIED', `No grant lets you act for ${organisation}.`);
}

/**
 * Ids of the operations that a list names, each by its id or by its tool name; the leading q may
 * be left out: market.purchase.
 * @throws OPERATION_UNKNOWN
 */
async function operationsOf(list: string): Promise<string[]> {
  const { loadContracts } = await import('@anarq/node/modules');
  const known = new Map(
    (await loadContracts()).flatMap(({ operations }) =>
      Object.values(operations).flatMap((op) =>
        op.mcp === false
          ? [[op.id, op.id] as const]
          : [[op.id, op.id] as const, [op.mcp.tool, op.id] as const],
      ),
    ),
  );
  return list.split(',').map((word) => {
    const name = word.trim();
    return (
      known.get(name) ??
      known.get(`q${name}`) ??
      fail('OPERATION_UNKNOWN', `There is no operation ${name}; ./q modules lists them.`)
    );
  });
}

async function findAgent(client: Client, name: string): Promise<string> {
  const { items } = await client.call(squid.agents, { name });
  const [agent] = items;
  return agent?.did ?? fail('QINDEX_NOT_FOUND', `You have no agent named ${name}.`);
}

/** Prints a token for the newest grant of the agent: only the token, so that it can be piped. */
export async function agentToken(name: string, options: { readonly data: string }): Promise<void> {
  say(await freshToken(name, options.data));
}

/**
 * A token of an agent that holds a grant in force.
 * @throws QINDEX_NOT_FOUND
 */
export async function freshToken(name: string, dataFolder: string): Promise<string> {
  const { client } = await operatorClient(dataFolder, [squid, qonsent]);
  const agent = await findAgent(client, name);
  const { items } = await client.call(qonsent.list, { limit: 200 });
  const grant = items.find((item) => item.audience === agent && item.inForce);
  if (grant === undefined)
    return fail(
      'QINDEX_NOT_FOUND',
      `${name} holds no grant in force; ./q agent add ${name} … gives it one.`,
    );
  const { token } = await client.call(squid.issueToken, { agent, grant: grant.grant });
  return token;
}

/** The operator's agents, their grants, and what is left of each budget. */
export async function agentList(options: {
  readonly data: string;
  readonly json?: boolean;
}): Promise<void> {
  const { client } = await operatorClient(options.data, [squid, qonsent]);
  const { items: agents } = await client.call(squid.agents, { limit: 200 });
  const { items: grants } = await client.call(qonsent.list, { limit: 200 });
  const rows = await Promise.all(
    grants
      .filter(({ audience }) => agents.some(({ did }) => did === audience))
      .map(async ({ grant, audience, inForce, revokedAt, expiresAt }) => ({
        name: agents.find(({ did }) => did === audience)?.name ?? '',
        agent: audience,
        grant,
        inForce,
        revokedAt,
        expiresAt,
        budgets: (await client.call(qonsent.budget, { grant })).budgets,
      })),
  );
  const idle = agents.filter(({ did }) => rows.every(({ agent }) => agent !== did));
  if (options.json === true)
    return say(JSON.stringify({ agents: rows, withoutGrant: idle.map(({ name }) => name) }));
  if (agents.length === 0) return say('No agents yet. Make one with ./q agent add.');
  const state = (row: (typeof rows)[number]): string => {
    if (row.inForce) return paint.green('in force');
    return row.revokedAt === undefined ? paint.yellow('expired') : paint.red('revoked');
  };
  for (const line of columns([
    ...rows.map((row) => [
      paint.bold(row.name),
      state(row),
      row.budgets.map((b) => `${b.spent} of ${b.total ?? '∞'} ${b.unit}`).join(` ${dot} `),
      row.grant,
    ]),
    ...idle.map(({ name }) => [paint.bold(name), paint.dim('no grant'), '', '']),
  ]))
    say(line);
}
