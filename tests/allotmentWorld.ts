import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { createClient, delegate, http, keys, type Client } from '@anarq/common-clients';
import type { InputOf, OutputOf } from '@anarq/common-schemas';
import { deriveKeys, openRootKey, toBase64url } from '@anarq/crypto';
import { node as nodeContract } from '@anarq/node-module/contract';
import type { NodeAddress } from '@anarq/node';
import { qmarket } from '@anarq/qmarket/contract';
import { qonsent } from '@anarq/qonsent/contract';
import { qwallet } from '@anarq/qwallet/contract';
import { squid } from '@anarq/squid/contract';
import type { NodeProcess } from '@anarq/testing';
import { bornAtHome } from './servedNode.ts';
import { bringIn, clientOf, offer, PRICE, UNIT, type Party } from './purchaseWorld.ts';

export type Allotment = OutputOf<typeof qonsent.allot>;
export type Report = OutputOf<typeof qonsent.returnAllotment>;
type Running = Pick<NodeProcess, 'address'>;

/** Two nodes that know the same owner and holder, and the grant whose budget the first one counts. */
export interface AllotmentWorld {
  readonly owner: Party;
  readonly holder: Party;
  readonly grant: string;
  /** DIDs of the nodes. */
  readonly home: string;
  readonly away: string;
  /** On the other node, for sale again and again at the one price. */
  readonly listingId: string;
}

export const TOTAL = '20';

/** Brings the same people into two running nodes, with an offer and money on the second. */
export async function allotmentWorld(
  home: Running & { readonly folder: string },
  away: Running & { readonly folder: string },
): Promise<AllotmentWorld> {
  const born = [bornAtHome(Date.now() - 60_000), bornAtHome(Date.now() - 60_000)] as const;
  const [owner, holder] = born;
  for (const { address, folder } of [home, away]) {
    const operator = await operatorOf(address, folder);
    for (const { document } of born)
      await operator.call(squid.create, {
        kind: 'person',
        name: 'somebody',
        document: JSON.parse(JSON.stringify(document)),
      });
  }
  const operator = await operatorOf(away.address, away.folder);
  await operator.call(qwallet.fund, { identity: owner.did, amount: '100', unit: UNIT });
  const { listingId } = await offer(away, await bringIn(operator, 'seller'), true);
  const token = delegate({
    keys: deriveKeys(owner.seed, { index: 0 }),
    issuer: owner.did,
    audience: holder.did,
    subject: owner.did,
    command: '/',
    budget: { unit: UNIT, total: TOTAL, node: home.address.node },
  });
  const order = { audience: holder.did, command: '/', token: toBase64url(token) };
  const { grant } = await clientOf(home.address, owner).call(qonsent.grant, order);
  await clientOf(away.address, owner).call(qonsent.grant, order);
  return {
    owner,
    holder,
    grant,
    home: home.address.node,
    away: away.address.node,
    listingId,
  };
}

/** The operator of a node, whose folder holds its keys. */
export async function operatorOf(address: NodeAddress, folder: string): Promise<Client> {
  const { seed } = await openRootKey({ file: join(folder, 'keys/operator.key'), create: false });
  return createClient({
    contracts: [squid, qwallet, nodeContract],
    transport: http({
      url: address.url,
      credentials: keys({ did: address.operator, seed, nodeDid: address.node }),
    }),
  });
}

/** What the holder does, and what the owner sees, at whichever process a node is now. */
export const within = ({ owner, holder, grant, away, listingId }: AllotmentWorld) => ({
  allot: (
    { address }: Running,
    amount: string,
    more: Partial<InputOf<typeof qonsent.allot>> = {},
    key: string = randomUUID(),
  ) =>
    clientOf(address, holder).result(
      qonsent.allot,
      { grant, node: away, amount, ...more },
      { idempotencyKey: key, retry: false },
    ),
  take: ({ address }: Running, allotment: Allotment) =>
    clientOf(address, holder).result(qonsent.takeAllotment, allotment, { retry: false }),
  buy: ({ address }: Running, key: string = randomUUID()) =>
    clientOf(address, holder).result(
      qmarket.purchase,
      { listingId, maxPrice: PRICE, unit: UNIT },
      { subject: owner.did, idempotencyKey: key, retry: false },
    ),
  giveBack: ({ address }: Running, { allotmentId }: Allotment) =>
    clientOf(address, holder).result(
      qonsent.returnAllotment,
      { grant, allotmentId },
      { retry: false },
    ),
  settle: ({ address }: Running, report: Report) =>
    clientOf(address, holder).result(qonsent.settleAllotment, report, { retry: false }),
  /** How the budget stands where it is counted. */
  budgetAt: async ({ address }: Running) => {
    const { budgets } = await clientOf(address, owner).call(qonsent.budget, { grant });
    const [{ spent, reserved, left } = {}] = budgets;
    return { spent, reserved, left };
  },
  /** How an allotment stands at a node. */
  stateAt: async ({ address }: Running, { allotmentId }: Allotment) => {
    const { items } = await clientOf(address, owner).call(qonsent.allotments, { grant });
    return items.find((one) => one.allotmentId === allotmentId);
  },
  /** What the owner has there. */
  moneyAt: async ({ address }: Running) => {
    const { items } = await clientOf(address, owner).call(qwallet.accounts, {});
    return items.find(({ unit }) => unit === UNIT)?.available;
  },
});

/** @throws Error where it is refused */
export async function done<T>(
  answer: Promise<
    | { readonly status: 'ok'; readonly data: T }
    | { readonly status: 'error'; readonly code: string; readonly message: string }
  >,
): Promise<T> {
  const result = await answer;
  if (result.status === 'error') throw new Error(`${result.code}: ${result.message}`);
  return result.data;
}
