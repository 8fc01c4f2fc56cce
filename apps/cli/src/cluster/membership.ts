import { setTimeout as wait } from 'node:timers/promises';
import { fail, QError } from '@anarq/common-schemas';
import { bytesOfHex, EXPIRY_MAX_ms, type Action } from '@anarq/dag';
import type { ChainView, Cluster } from './cluster.ts';
import { seedOf } from './layout.ts';
import { Wallet } from './wallet.ts';

const ASK_MS = 100;
/** How long it is waited until any member answers. */
const ANSWER_MS = 60_000;
const AGAIN_MS = 1_500;

/**
 * The member that runs, answers and has carried out most: one that was started a moment ago may be behind.
 * @throws SERVICE_UNAVAILABLE where none answers
 */
export async function furthest(cluster: Cluster): Promise<{ name: string; chain: ChainView }> {
  const until_ms = performance.now() + ANSWER_MS;
  do {
    const { members } = await cluster.status();
    const seen = await Promise.all(
      members
        .filter(({ state }) => state === 'RUNNING')
        .map(async ({ name }) => ({ name, chain: await chainOf(cluster, name) })),
    );
    const known = seen.flatMap(({ name, chain }) => (chain === undefined ? [] : [{ name, chain }]));
    const [first, ...others] = known;
    if (first !== undefined)
      return others.reduce(
        (best, each) => (each.chain.commits > best.chain.commits ? each : best),
        first,
      );
    await wait(ASK_MS);
  } while (performance.now() < until_ms);
  return fail('SERVICE_UNAVAILABLE', 'No node of the cluster answers.');
}

/** Asks the member that is furthest; where it is killed meanwhile, the next one. */
export async function askFurthest<T>(
  cluster: Cluster,
  operation: string,
  input: object,
): Promise<T> {
  const until_ms = performance.now() + ANSWER_MS;
  for (;;) {
    const { name } = await furthest(cluster);
    try {
      return await cluster.ask<T>(name, operation, input);
    } catch (error) {
      if (!isPassing(error) || performance.now() > until_ms) throw error;
      await wait(ASK_MS);
    }
  }
}

/** What a member answers that is down, cut off, or has no room: no reason to give up. */
export const isPassing = (error: unknown): boolean =>
  error instanceof QError &&
  ['SERVICE_UNAVAILABLE', 'RATE_LIMIT_EXCEEDED', 'LIMIT_EXCEEDED', 'TIMEOUT_ERROR'].includes(
    error.code,
  );

async function chainOf(cluster: Cluster, name: string): Promise<ChainView | undefined> {
  try {
    return await cluster.chain(name);
  } catch (error) {
    if (isPassing(error)) return undefined;
    throw error;
  }
}

/** The authority names the validators of the epoch after this one; waits until that is final. */
export async function nameValidators(
  cluster: Cluster,
  publicKeys: readonly string[],
  within_ms: number,
): Promise<void> {
  await asAuthority(
    cluster,
    { kind: 'setValidators', publicKeys: publicKeys.map(bytesOfHex) },
    within_ms,
  );
}

async function asAuthority(cluster: Cluster, action: Action, within_ms: number): Promise<void> {
  const { chain } = await cluster.plan();
  const { chainId } = (await furthest(cluster)).chain;
  const account = await askFurthest<{ nonce: string } | null>(cluster, 'account', {
    id: chain.authority,
  });
  const seed = await seedOf(cluster.folder, 'authority');
  const wallet = new Wallet(bytesOfHex(chainId), seed, BigInt(account?.nonce ?? 0) + 1n);
  const { bytes, ids } = wallet.sign([action], {
    fee: BigInt(chain.fee_min),
    notAfter_ms: Date.now() + EXPIRY_MAX_ms / 2,
  });
  const entry = Buffer.from(bytes).toString('base64');
  const [id] = ids;
  const until_ms = performance.now() + within_ms;
  for (let handed_ms = -Infinity; performance.now() < until_ms;) {
    if (performance.now() - handed_ms > AGAIN_MS) {
      await askFurthest(cluster, 'submit', { entry });
      handed_ms = performance.now();
    }
    const status = await askFurthest<{ state: string; code?: string } | null>(cluster, 'status', {
      id,
    });
    if (status?.state === 'Finalized') return;
    if (status?.state === 'Rejected' || status?.state === 'Expired')
      fail('STATE_CONFLICT', `The chain refused it: ${status.code ?? status.state}.`, {
        state: status.state,
      });
    await wait(ASK_MS);
  }
  // It was handed in: what is wrong is that too few validators answer, and when they do it is carried out.
  fail(
    'TIMEOUT_ERROR',
    `The change of validators is not final after ${within_ms} ms, and still may become so: ./q cluster status`,
    { limit_ms: within_ms },
  );
}

/** Waits until something holds of the chain as a member has it. */
export async function untilChain(
  cluster: Cluster,
  name: string,
  holds: (chain: ChainView) => boolean,
  within_ms: number,
): Promise<ChainView> {
  const until_ms = performance.now() + within_ms;
  for (;;) {
    const chain = await chainOf(cluster, name);
    if (chain !== undefined && holds(chain)) return chain;
    if (performance.now() > until_ms)
      fail(
        'TIMEOUT_ERROR',
        `${name} did not come so far within ${within_ms} ms: ./q cluster status`,
        {
          limit_ms: within_ms,
        },
      );
    await wait(ASK_MS);
  }
}

/** Waits until all members that run have the same finalised state, as they do once nothing flows. */
export async function untilAgreed(
  cluster: Cluster,
  within_ms: number,
): Promise<{ readonly seq: number; readonly stateRoot: string; readonly members: number }> {
  const until_ms = performance.now() + within_ms;
  for (;;) {
    const { members } = await cluster.status();
    const running = members.filter(({ state }) => state === 'RUNNING');
    const seen = await Promise.all(running.map(({ name }) => chainOf(cluster, name)));
    const [first] = seen;
    const isSame = seen.every(
      (chain) =>
        chain !== undefined &&
        chain.finalized.seq === first?.finalized.seq &&
        chain.finalized.stateRoot === first.finalized.stateRoot,
    );
    if (first !== undefined && isSame)
      return {
        seq: first.finalized.seq,
        stateRoot: first.finalized.stateRoot,
        members: running.length,
      };
    if (performance.now() > until_ms)
      fail('STATE_CONFLICT', 'The nodes of the cluster do not agree.', { state: 'DISAGREE' });
    await wait(ASK_MS);
  }
}
