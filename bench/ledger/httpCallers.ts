import { deriveKeys, generateSeed } from '@anarq/crypto';
import { genesisFrom } from '@anarq/kernel';
import { ledger } from '@anarq/ledger/contract';
import type { RunningNode } from '@anarq/node';
import { actorOf } from '@anarq/testing';

/** Somebody who pays over HTTP: an agent with a token, and the account that its owner has. */
export interface HttpCaller {
  readonly token: string;
  readonly subject: string;
  readonly accountId: string;
}

const GOOD_MS = 86_400_000;

/** People with an account each, and an agent of each that may move what is in it. */
export async function httpCallers(node: RunningNode, count: number): Promise<HttpCaller[]> {
  const callers: HttpCaller[] = [];
  for (let number = 1; number <= count; number++) callers.push(await httpCaller(node, number));
  return callers;
}

async function httpCaller({ kernel, store }: RunningNode, number: number): Promise<HttpCaller> {
  const { identities, grants, sessions } = kernel.services;
  const { tenant } = kernel.node;
  const [seed, now_ms] = [generateSeed(), Date.now()];
  const { document } = genesisFrom(seed, { kind: 'person', now_ms });
  const named = { tenant, now_ms, name: `payer ${number}` };
  const owner = identities.prepareCreate({ ...named, kind: 'person', document });
  const agent = identities.prepareCreate({ ...named, kind: 'agent', controller: owner.did });
  await store.commit([...owner.statements, ...agent.statements]);
  const { did: subject } = owner;
  const signed = grants.sign(
    { issuer: subject, audience: agent.did, subject, command: '/ledger' },
    deriveKeys(seed, { index: 0 }),
  );
  const grant = await grants.prepareRegister({
    token: signed,
    tenant,
    purpose: 'benchmark',
    now_ms,
  });
  await store.commit(grant.statements);
  grant.activate();
  const { token, statements } = sessions.prepareToken({
    tenant,
    agent: agent.did,
    grant: grant.grant.leaf,
    expires_ms: now_ms + GOOD_MS,
    now_ms,
  });
  await store.commit(statements);
  const accountId = `payer-${number}`;
  await actorOf(() => kernel, { did: subject, seed }).call(ledger.createAccounts, {
    accounts: [{ id: accountId, unit: 'EUR', code: 1, flags: [] }],
  });
  return { token, subject, accountId };
}
