import { anonymous, createClient, http } from '@anarq/common-clients';
import { parseMinor } from '@anarq/decimal';
import type { NodeAddress } from '@anarq/node';
import { qerberos } from '@anarq/qerberos/contract';
import { qindex } from '@anarq/qindex/contract';
import { qwallet } from '@anarq/qwallet/contract';
import type { NodeProcess } from '@anarq/testing';
import { verifyConsistency } from '@anarq/tlog';
import { clientOf, PRICE, UNIT } from '../purchaseWorld.ts';
import type { Load, WrittenRecord } from './load.ts';
import { FUNDS, type CrashWorld } from './world.ts';

/** A tree that the log signed, as somebody saw it. */
export interface SeenTree {
  readonly size: number;
  readonly rootHashHex: string;
}

/** Whether the log only grew since somebody looked; with what it is now. */
export async function auditLog(
  { url }: NodeAddress,
  seen: SeenTree | undefined,
): Promise<{ tree: SeenTree; problems: string[] }> {
  const client = createClient({
    contracts: [qerberos],
    transport: http({ url, credentials: anonymous() }),
  });
  if (seen === undefined) return { tree: await client.call(qerberos.checkpoint, {}), problems: [] };
  const { size } = await client.call(qerberos.checkpoint, {});
  if (size < seen.size)
    return { tree: seen, problems: [`the log shrank from ${seen.size} to ${size} records`] };
  const answer = await client.call(qerberos.consistency, { from: seen.size, to: size });
  // A tree may have been signed between the two questions; only the one asked about is judged.
  if (answer.checkpoint.size !== size) return auditLog({ url } as NodeAddress, seen);
  const isGrown = verifyConsistency(
    seen.size,
    size,
    Buffer.from(seen.rootHashHex, 'hex'),
    Buffer.from(answer.checkpoint.rootHashHex, 'hex'),
    answer.proof.map((hash) => Buffer.from(hash, 'base64url')),
  );
  const problems = isGrown ? [] : [`the log of ${size} does not contain the one of ${seen.size}`];
  return { tree: answer.checkpoint, problems };
}

/** Whether the records that the node said it wrote are there. */
export async function auditRecords(
  address: NodeAddress,
  records: readonly WrittenRecord[],
): Promise<string[]> {
  const problems: string[] = [];
  for (const { by, recordId, key } of records) {
    const result = await clientOf(address, by).result(qindex.get, { recordId });
    if (result.status === 'error' || result.data.record.key !== key)
      problems.push(`record ${key} was answered, and is not there: ${result.code}`);
  }
  return problems;
}

/** Whether money, licences, budgets, processes and events agree with what the callers were told. */
export async function auditBooks(
  node: NodeProcess,
  world: CrashWorld,
  load: Load,
): Promise<string[]> {
  const report = await node.report();
  const problems: string[] = [];
  const same = (what: string, found: unknown, expected: unknown) => {
    if (JSON.stringify(found) !== JSON.stringify(expected))
      problems.push(`${what}: ${JSON.stringify(found)}, not ${JSON.stringify(expected)}`);
  };
  same('events without effect', report.lostEvents, 0);
  same('events with two effects', report.doubledEvents, 0);
  same('effects without event', report.strayEffects, 0);
  same('records outside the log', report.unlogged, 0);
  same('budgets held', report.reserved, '0');
  same('processes', Object.keys(report.processes), ['DONE']);
  const agent = load.boughtByAgent;
  const sold = [...load.bought.values()].reduce((sum, many) => sum + many, agent);
  same('money pending', report.pending, '0');
  same('payments', report.payments, sold === 0 ? {} : { SETTLED: sold });
  same('licences', report.licenses, sold === 0 ? {} : { ACTIVE: sold });
  const price_minor = parseMinor(PRICE, UNIT);
  same('budget spent', report.spent[world.agent.grant], String(price_minor * BigInt(agent)));
  for (const [at, party] of world.buyers.entries()) {
    const { items } = await clientOf(node.address, party).call(qwallet.accounts, {});
    const account = items.find(({ unit }) => unit === UNIT);
    const purchases = (load.bought.get(at) ?? 0) + (at === 0 ? agent : 0);
    const left = Number(FUNDS) - Number(PRICE) * purchases;
    same(`money of buyer ${at}`, account?.available, String(left));
    same(`money held of buyer ${at}`, account?.held, '0');
  }
  return problems;
}
