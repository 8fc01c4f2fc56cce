import { randomUUID } from 'node:crypto';
import {
  bearer,
  createClient,
  delegate,
  http,
  type Client,
  type DelegateOrder,
} from '@anarq/common-clients';
import { deriveKeys, toBase64url } from '@anarq/crypto';
import { qmarket } from '@anarq/qmarket/contract';
import { qonsent } from '@anarq/qonsent/contract';
import { squid } from '@anarq/squid/contract';
import { clientOf, contracts, UNIT, upload, type Party, type ServedNode } from './servedNode.ts';

/** What a delegation gives, in short; the rest is filled in. */
export type Terms = Partial<Omit<DelegateOrder, 'keys' | 'issuer' | 'audience'>>;

/** A delegation signed at home, with the keys of its issuer. */
export const signedBy = (issuer: Party, audience: Pick<Party, 'did'>, terms: Terms = {}) =>
  delegate({
    keys: deriveKeys(issuer.seed, { index: 0 }),
    issuer: issuer.did,
    audience: audience.did,
    subject: issuer.did,
    command: '/qdrive/get',
    ...terms,
  });

/** Brings a delegation to the node, as its issuer. */
export const register = (
  served: ServedNode,
  issuer: Party,
  audience: Pick<Party, 'did'>,
  token: Uint8Array,
  more: { readonly command?: string; readonly proof?: string; readonly key?: string } = {},
) =>
  clientOf(served, issuer).result(
    qonsent.grant,
    {
      audience: audience.did,
      command: more.command ?? '/qdrive/get',
      token: toBase64url(token),
      ...(more.proof === undefined ? {} : { proof: more.proof }),
    },
    { idempotencyKey: more.key ?? randomUUID(), retry: false },
  );

/** Signs, registers, and answers the CID. @throws Error where it is refused */
export async function give(
  served: ServedNode,
  issuer: Party,
  audience: Pick<Party, 'did'>,
  terms: Terms = {},
  proof?: string,
): Promise<string> {
  const answer = await register(served, issuer, audience, signedBy(issuer, audience, terms), {
    ...(terms.command === undefined ? {} : { command: terms.command }),
    ...(proof === undefined ? {} : { proof }),
  });
  if (answer.status === 'error') throw new Error(`${answer.code}: ${answer.message}`);
  return answer.data.grant;
}

/** An agent with a token. */
export interface Agent {
  readonly did: string;
  readonly grant: string;
  readonly token: string;
  readonly client: Client;
}

/** An agent of somebody, with a grant in the given terms and a token for it. */
export async function agentOf(
  served: ServedNode,
  owner: Party,
  name: string,
  terms: Terms,
): Promise<Agent> {
  const client = clientOf(served, owner);
  const { did } = await client.call(squid.createAgent, { name });
  const grant = await give(served, owner, { did }, terms);
  const { token } = await client.call(squid.issueToken, { agent: did, grant });
  return { did, grant, token, client: clientWith(served, token) };
}

/** Whoever shows a token, over HTTP. */
export const clientWith = ({ url }: ServedNode, token: string): Client =>
  createClient({
    contracts,
    transport: http({ url, credentials: bearer(token) }),
  });

/** The statement that a grant is for these operations only. */
export const onlyOperations = (...ids: string[]) => ['or', ids.map((id) => ['==', '.op', id])];

export const PRICE = '3';

/** Uploads a file of somebody and offers it for sale. */
export async function offer(served: ServedNode, seller: Party, title: string) {
  const { fileId } = await upload(served, seller, `${title}.csv`);
  const market = served.node.kernel.node.modules['qmarket'] ?? '';
  const delegation = signedBy(
    seller,
    { did: market },
    {
      policy: [['==', '.resource', `qdrive/file/${fileId}`]],
    },
  );
  const { listingId } = await clientOf(served, seller).call(qmarket.list, {
    fileId,
    title,
    description: 'By field and week.',
    price: PRICE,
    unit: UNIT,
    shares: [{ identity: seller.did, weight: 1 }],
    tags: [],
    terms: { kind: 'use' },
    delegation: toBase64url(delegation),
  });
  return { fileId, listingId };
}
