import { delegate, type Client } from '@anarq/common-clients';
import { fail } from '@anarq/common-schemas';
import { deriveKeys, toBase64url } from '@anarq/crypto';
import { qonsent } from '@anarq/qonsent/contract';
import { squid } from '@anarq/squid/contract';
import { operatorClient } from '../connection.ts';
import { instantOf } from '../instant.ts';
import { columns, dot, paint, say, shortId, tick } from '../terminal.ts';

interface AddOptions {
  readonly data: string;
  readonly budget: { readonly amount: string; readonly unit: string };
  readonly perCall: { readonly amount: string; readonly unit: string };
  readonly allow: string;
  readonly until: string;
  readonly for?: string;
  readonly json?: boolean;
}

/** Makes an agent, and grants it what it may do: from the operator itself, or an organisation. */
export async function agentAdd(name: string, options: AddOptions): Promise<void> {
  const { budget, perCall } = options;
  if (budget.unit !== perCall.unit)
    fail('INPUT_INVALID', `--budget is in ${budget.unit}, --per-call in ${perCall.unit}.`);
  const expiresAt = instantOf(options.until, new Date());
  const operations = await operationsOf(options.allow);
  const { client, address, seed } = await operatorClient(options.data, [squid, qonsent]);
  const onBehalf = options.for === undefined ? {} : { subject: options.for };
  const { did: agent } = await client.call(squid.createAgent, { name }, onBehalf);
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
    budget: { unit: budget.unit, total: budget.amount, perCall: perCall.amount },
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
  say(`  grant    ${grant}`);
  say(`  token    ./q agent token ${name}`);
  say(`  MCP      ${address.url}/mcp with the header  Authorization: Bearer TOKEN`);
  say(`  end it   ./q revoke ${grant}`);
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
  const { loadContracts } = await import('../contracts.ts');
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
  const { client } = await operatorClient(options.data, [squid, qonsent]);
  const agent = await findAgent(client, name);
  const { items } = await client.call(qonsent.list, { limit: 200 });
  const grant = items.find((item) => item.audience === agent && item.revokedAt === undefined);
  if (grant === undefined) return fail('QINDEX_NOT_FOUND', `${name} holds no grant in force.`);
  const { token } = await client.call(squid.issueToken, { agent, grant: grant.grant });
  say(token);
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
    agents.flatMap((agent) =>
      grants
        .filter(({ audience }) => audience === agent.did)
        .map(async (grant) => ({
          name: agent.name,
          agent: agent.did,
          grant: grant.grant,
          revokedAt: grant.revokedAt,
          budgets: (await client.call(qonsent.budget, { grant: grant.grant })).budgets,
        })),
    ),
  );
  if (options.json === true) return say(JSON.stringify({ agents: rows }));
  if (rows.length === 0) return say('No agents yet. Make one with ./q agent add.');
  for (const line of columns(
    rows.map(({ name, grant, revokedAt, budgets }) => [
      paint.bold(name),
      shortId(grant),
      revokedAt === undefined ? paint.green('in force') : paint.red('revoked'),
      budgets.map((b) => `${b.spent} of ${b.total ?? '∞'} ${b.unit}`).join(` ${dot} `),
    ]),
  ))
    say(line);
}
