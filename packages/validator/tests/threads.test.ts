import { readdirSync, readFileSync } from 'node:fs';
import { encodeMessage } from '@anarq/dag';
import { afterEach, expect, it } from 'vitest';
import { firstBlockOf, TestChain } from './testChain.ts';

let chain: TestChain;
afterEach(async () => {
  await chain.close();
});

const ENTRIES = 250;
/** A part of what so many checks take on any machine. */
const CHECKS_NS = ENTRIES * 40_000;
/** So often nobody is seen busy once all is done. */
const QUIET_TURNS = 100;

/** Threads of libuv's pool, by their number in the process. */
const poolThreads = (): readonly string[] =>
  readdirSync('/proc/self/task').filter((task) =>
    readFileSync(`/proc/self/task/${task}/comm`, 'utf8').startsWith('libuv'),
  );
const ranFor_ns = (tasks: readonly string[]): number =>
  tasks.reduce((sum, task) => {
    const [ran = '0'] = readFileSync(`/proc/self/task/${task}/schedstat`, 'utf8').split(' ');
    return sum + Number(ran);
  }, 0);
/** Whether a thread runs, or only waits for a core. */
const isBusy = (task: string): boolean =>
  readFileSync(`/proc/self/task/${task}/stat`, 'utf8').split(') ').at(-1)?.startsWith('R') === true;

/** A block with entries of one person, each under a signature of its own. */
function blockOfEntries(author: number): Uint8Array {
  const [ana, ben] = [chain.people[0]!, chain.people[1]!];
  const entries = Array.from({ length: ENTRIES }, () =>
    ana.sign(chain.chainId, ana.pay(ben.account, 1n)),
  );
  return encodeMessage({ kind: 'block', block: firstBlockOf(chain, author, { entries }) });
}

/** How many threads of the pool are busy while a block is checked, each time that the event loop comes round to look. */
async function busyThreads(to: number, block: Uint8Array): Promise<readonly number[]> {
  const tasks = poolThreads();
  const before_ns = ranFor_ns(tasks);
  chain.hub.join('a liar').send(chain.keys[to]!.publicKeyHex, block);
  const seen: number[] = [];
  for (let quiet = 0; quiet < QUIET_TURNS || ranFor_ns(tasks) < before_ns + CHECKS_NS;) {
    await new Promise((resolve) => setImmediate(resolve));
    const busy = tasks.filter(isBusy).length;
    quiet = busy === 0 ? quiet + 1 : 0;
    if (busy > 0) seen.push(busy);
  }
  return seen;
}

it('the signatures that a block brings are checked in several threads at once, beside the event loop', async () => {
  chain = new TestChain(4, 2);
  const blocks = [2, 3].map(blockOfEntries);
  const severalOf = async (at: number, checks_max: number): Promise<number> => {
    const { validator } = await chain.open(at, { settings: { listenFirst_ms: 0, checks_max } });
    const seen: number[] = [];
    for (const block of blocks) seen.push(...(await busyThreads(at, block)));
    await validator.close();
    chain.up[at] = undefined;
    // The event loop came round while they ran: it is what looked.
    expect(seen.length).toBeGreaterThan(3);
    return seen.filter((busy) => busy > 1).length / seen.length;
  };
  expect(await severalOf(0, 8)).toBeGreaterThan(0.5);
  // One at a time looks otherwise.
  expect(await severalOf(1, 1)).toBeLessThan(0.25);
});
