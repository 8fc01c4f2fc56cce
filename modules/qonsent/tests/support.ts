import { QError, type ErrorCode } from '@anarq/common-schemas';
import { deriveKeys, toBase64url } from '@anarq/crypto';
import type { DelegationOrder } from '@anarq/kernel';
import { startTestNode, type Actor, type TestNode, type TestNodeOptions } from '@anarq/testing';
import { squid } from '@anarq/squid/contract';
import { qonsent } from '../src/contract.ts';

/** A node with identity and consent. */
export const startNode = (options: TestNodeOptions = {}): Promise<TestNode> =>
  startTestNode({ modules: ['squid', 'qonsent'], ...options });

/** The code with which a call is refused; 'OK' where it is not. */
export const codeOf = async (answer: Promise<unknown>): Promise<ErrorCode | 'OK'> => {
  try {
    await answer;
    return 'OK';
  } catch (error) {
    if (error instanceof QError) return error.code;
    throw error;
  }
};

type Terms = Partial<Omit<DelegationOrder, 'audience'>> & {
  readonly audience: string;
  readonly proof?: string;
};

/** Somebody with own keys signs at home and registers here. */
export const giveAtHome = (node: TestNode, giver: Actor, terms: Terms) => {
  const { proof, ...order } = terms;
  const command = order.command ?? '/';
  const token = node.kernel.services.grants.sign(
    { issuer: giver.did, subject: giver.did, policy: [], ...order, command },
    deriveKeys(giver.seed, { index: 0 }),
  );
  return giver.call(qonsent.grant, {
    audience: terms.audience,
    command,
    token: toBase64url(token),
    ...(proof === undefined ? {} : { proof }),
  });
};

/** An agent of somebody, holding a grant and showing a token for it. */
export async function agentOf(
  node: TestNode,
  owner: Actor,
  name: string,
  terms: Partial<Terms> = {},
) {
  const { did } = await owner.call(squid.createAgent, { name });
  const { grant } = await giveAtHome(node, owner, { ...terms, audience: did });
  const { token } = await owner.call(squid.issueToken, { agent: did, grant });
  return { did, grant, robot: node.withToken(did, token) };
}
