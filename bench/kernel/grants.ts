import { compileChain, decodeDelegation, GrantRegistry } from '@anarq/authority';
import { delegate, deriveKeys, generateSeed, importPublicKeys, publicKeysOf } from '@anarq/crypto';
import { figure, median, percentile, type BenchRun, type Figure } from '../measuring/figures.ts';

const BATCHES = 20;

/** What it takes to find the grant for a call and to ask it, warm: chain of two, policy, budget. */
export async function measureGrantCheck({ quick }: BenchRun): Promise<Figure[]> {
  const now_s = Math.floor(Date.now() / 1000);
  const [owner, agent, helper] = ['did:squid:owner', 'did:squid:agent', 'did:squid:helper'];
  const [keysOfOwner, keysOfAgent] = [deriveKeys(generateSeed()), deriveKeys(generateSeed())];
  const root = delegate({
    keys: keysOfOwner,
    issuer: owner,
    audience: agent,
    subject: owner,
    command: '/bench',
    exp_s: now_s + 86_400,
    budget: { unit: 'EUR', total: '100.00' },
  });
  const leaf = delegate({
    keys: keysOfAgent,
    issuer: agent,
    audience: helper,
    subject: owner,
    command: '/bench/read',
    policy: [['like', '.resource', 'bench/item/*']],
    exp_s: now_s + 3_600,
    budget: { unit: 'EUR', total: '10.00' },
  });
  const known = new Map([
    [owner, importPublicKeys(publicKeysOf(keysOfOwner))],
    [agent, importPublicKeys(publicKeysOf(keysOfAgent))],
  ]);
  const registry = new GrantRegistry();
  registry.add(
    compileChain([decodeDelegation(leaf), decodeDelegation(root)], {
      now_s,
      keysOf: (did) => known.get(did),
    }),
  );
  const request = {
    command: '/bench/read',
    args: { op: 'bench.read', resource: 'bench/item/item_1', input: { itemId: 'item_1' } },
    audience: helper,
    subject: owner,
    now_s,
  };
  const once = (): void => {
    const [grant] = registry.findFor(helper, '/bench/read', owner);
    if (grant?.check(request).allow !== true)
      throw new Error('the grant of the benchmark is refused');
  };
  for (let n = 0; n < 20_000; n++) once();
  const times: number[] = [];
  const p99s: number[] = [];
  for (let batch = 0; batch < (quick ? 4 : BATCHES); batch++) {
    const these: number[] = [];
    for (let n = 0; n < 10_000; n++) {
      const begun = process.hrtime.bigint();
      once();
      these.push(Number(process.hrtime.bigint() - begun) / 1_000);
    }
    p99s.push(percentile(these, 0.99));
    times.push(median(these));
  }
  const conditions =
    'finding the grant by audience, command and subject and asking it; two links, a policy on the resource, budgets; 10,000 in a batch, each timed on its own';
  return [
    figure({ name: 'grant.check.p99', unit: 'µs', values: p99s, target: { max: 20 }, conditions }),
    figure({ name: 'grant.check.p50', unit: 'µs', values: times, conditions }),
  ];
}
