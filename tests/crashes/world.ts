import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { delegate } from '@anarq/common-clients';
import { deriveKeys, openRootKey, toBase64url } from '@anarq/crypto';
import { qonsent } from '@anarq/qonsent/contract';
import { qwallet } from '@anarq/qwallet/contract';
import { squid } from '@anarq/squid/contract';
import { dropTestBus, isOnNats } from '@anarq/bus/testing';
import { dropTestStore, isOnPostgres } from '@anarq/store/testing';
import { startNodeProcess } from '@anarq/testing';
import { bringIn, clientOf, foldersOf, offer, PRICE, UNIT, type Party } from '../purchaseWorld.ts';

/** A node's folder with people who write, people who buy, and an agent that buys for one of them. */
export interface CrashWorld {
  readonly folder: string;
  /** DID of the node. */
  readonly node: string;
  readonly listingId: string;
  readonly writers: readonly Party[];
  readonly buyers: readonly Party[];
  /** Buys for the first buyer, within a budget. */
  readonly agent: { readonly grant: string; readonly token: string };
  /** Key of the node's log, as the first start said it. */
  readonly logKey: string;
}

/** What each buyer has to spend, and what the agent's budget is: more than any run will. */
export const FUNDS = '900000';

export async function foundCrashWorld(): Promise<CrashWorld> {
  const folder = await mkdtemp(join(tmpdir(), 'q-crash-'));
  const node = await startNodeProcess({ ...foldersOf(folder), witness: true });
  try {
    const { seed } = await openRootKey({ file: join(folder, 'keys/operator.key'), create: false });
    const operator = clientOf(node.address, { did: node.address.operator, seed });
    const people = async (name: string, many: number): Promise<Party[]> => {
      const found: Party[] = [];
      for (let i = 0; i < many; i++) found.push(await bringIn(operator, `${name} ${i}`));
      return found;
    };
    const [seller] = await people('seller', 1);
    const writers = await people('writer', 3);
    const buyers = await people('buyer', 3);
    const [first] = buyers;
    if (seller === undefined || first === undefined) throw new Error('nobody is there');
    for (const { did } of buyers)
      await operator.call(qwallet.fund, { identity: did, amount: FUNDS, unit: UNIT });
    const { listingId } = await offer(node, seller, true);
    const agent = await agentOf(first, clientOf(node.address, first));
    const { logKey, node: did } = node.address;
    return { folder, node: did, listingId, writers, buyers, agent, logKey };
  } finally {
    await node.stop();
  }
}

async function agentOf(owner: Party, client: ReturnType<typeof clientOf>) {
  const { did } = await client.call(squid.createAgent, { name: 'buys for me' });
  const token = delegate({
    keys: deriveKeys(owner.seed),
    issuer: owner.did,
    audience: did,
    subject: owner.did,
    command: '/',
    policy: [['==', '.op', 'qmarket.purchase']],
    budget: { unit: UNIT, total: FUNDS, perCall: PRICE },
  });
  const { grant } = await client.call(qonsent.grant, {
    audience: did,
    command: '/',
    purpose: 'the crash test',
    token: toBase64url(token),
  });
  const issued = await client.call(squid.issueToken, { agent: did, grant });
  return { grant, token: issued.token };
}

export async function removeCrashWorld({ folder, node }: CrashWorld): Promise<void> {
  if (isOnPostgres()) await dropTestStore(foldersOf(folder).dataFolder);
  if (isOnNats()) await dropTestBus(node);
  await rm(folder, { recursive: true, force: true });
}
