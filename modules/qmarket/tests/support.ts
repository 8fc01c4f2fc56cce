import { rootCidOf } from '@anarq/content';
import { deriveKeys, sha256Hex, toBase64url } from '@anarq/crypto';
import type { InputOf, OutputOf } from '@anarq/common-schemas';
import { qdrive } from '@anarq/qdrive/contract';
import { qwallet } from '@anarq/qwallet/contract';
import {
  startTestNode,
  type Actor,
  type CallOptions,
  type TestNode,
  type TestNodeOptions,
} from '@anarq/testing';
import { qmarket } from '../src/contract.ts';

export type Listing = OutputOf<typeof qmarket.list>;

/** A node, two sellers, a file, and somebody with money. */
export interface Market {
  readonly node: TestNode;
  readonly seller: Actor;
  readonly partner: Actor;
  readonly buyer: Actor;
  readonly fileId: string;
}

const CONTENT = new TextEncoder().encode('field,week,tons\nnorth,31,4.2\n');

export async function startMarket(options: TestNodeOptions = {}): Promise<Market> {
  const node = await startTestNode(options);
  const seller = await node.person('seller');
  const partner = await node.person('partner');
  const buyer = await node.person('buyer');
  await fund(node, buyer, '100', 'EUR');
  await fund(node, buyer, '100', 'rUv');
  return { node, seller, partner, buyer, fileId: await upload(node, seller) };
}

/** Uploads a small file; answers its id. */
export async function upload(node: TestNode, owner: Actor, subject?: string): Promise<string> {
  const options = subject === undefined ? {} : { subject };
  const begun = await owner.call(
    qdrive.begin,
    { name: 'harvest.csv', bytes: CONTENT.length, mediaType: 'text/csv' },
    options,
  );
  async function* body() {
    yield CONTENT;
  }
  const sent = await node.kernel.receivePart(begun.ticket, {
    index: 0,
    sha256Hex: sha256Hex(CONTENT),
    body: body(),
  });
  if (sent.status === 'error') throw new Error(sent.message);
  const announced = await rootCidOf(body());
  const { uploadId } = begun;
  return (await owner.call(qdrive.complete, { uploadId, ...announced }, options)).fileId;
}

/** A delegation of a file to the market, signed with the giver's own keys. */
export function delegate(
  node: TestNode,
  giver: Actor,
  fileId: string,
  more: { readonly exp_s?: number; readonly command?: string; readonly policy?: unknown[] } = {},
): string {
  const { grants, node: facts } = node.kernel.services;
  const token = grants.sign(
    {
      issuer: giver.did,
      audience: facts.modules['qmarket']!,
      subject: giver.did,
      command: more.command ?? '/qdrive/get',
      policy: [['==', '.resource', `qdrive/file/${fileId}`], ...(more.policy ?? [])],
      exp_s: more.exp_s,
    },
    deriveKeys(giver.seed, { index: 0 }),
  );
  return toBase64url(token);
}

/** Offers the file of the market at 3.50 EUR, two to one, unless told otherwise. */
export const offer = (
  { node, seller, partner, fileId }: Market,
  more: Partial<InputOf<typeof qmarket.list>> = {},
): Promise<Listing> =>
  seller.call(qmarket.list, {
    fileId,
    title: 'Harvest of 2025',
    description: 'By field and week.',
    price: '3.50',
    unit: 'EUR',
    shares: [
      { identity: seller.did, weight: 2 },
      { identity: partner.did, weight: 1 },
    ],
    tags: ['farming'],
    terms: { kind: 'use' },
    delegation: delegate(node, seller, fileId),
    ...more,
  });

export const fund = (node: TestNode, who: Actor, amount: string, unit: string) =>
  node.operator.call(qwallet.fund, { identity: who.did, amount, unit });

/** What somebody has, and how much of it is held, in a unit; nothing where there is no account. */
export async function moneyOf(
  who: Actor,
  unit: string,
): Promise<{ balance: string; held: string }> {
  const { items } = await who.call(qwallet.accounts, {});
  const account = items.find((item) => item.unit === unit);
  return { balance: account?.posted ?? '0', held: account?.held ?? '0' };
}

/** Whether somebody may fetch the file now. A node that has no time to say so is asked again. */
export async function canFetch(
  who: Actor,
  fileId: string,
  options?: CallOptions,
): Promise<boolean> {
  for (;;) {
    const got = await who.result(qdrive.get, { fileId }, options);
    if (got.status === 'ok') return true;
    if (got.code !== 'RATE_LIMIT_EXCEEDED' && got.code !== 'SERVICE_UNAVAILABLE') return false;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
