import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { chain } from '@anarq/chain/contract';
import { createClient, http, keys, type Client } from '@anarq/common-clients';
import { openRootKey } from '@anarq/crypto';
import { bytesOfHex } from '@anarq/dag';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { handIn, Holder, newHolder, pay, shownBy } from '../modules/chain/tests/world.ts';
import { q, spawnQ } from './qCommand.ts';

const KILLS = 5;
const PAYMENTS = 12;

/** `q up --chain`, in a process that is killed. */
describe('a node that keeps a chain', () => {
  let root: string;
  let running: Awaited<ReturnType<typeof start>>;
  beforeAll(async () => {
    root = await mkdtemp(join(tmpdir(), 'q-chain-node-'));
    running = await start();
  });
  afterAll(async () => {
    await running.end('SIGTERM');
    await rm(root, { recursive: true, force: true });
  });

  async function start() {
    const where = ['data', 'keys', 'chain'].flatMap((name) => [`--${name}`, join(root, name)]);
    const child = spawnQ(['up', '--json', '--port', '0', '--empty', ...where]);
    const exited = new Promise((resolve) => child.once('exit', resolve));
    const line = await new Promise<string>((resolve, reject) => {
      child.stdout?.once('data', (chunk: Buffer) => resolve(chunk.toString()));
      void exited.then(() => reject(new Error('the node did not start')));
    });
    const { url, node, operator } = JSON.parse(line) as Readonly<Record<string, string>>;
    const { seed } = await openRootKey({ file: join(root, 'keys/operator.key'), create: false });
    const credentials = keys({ did: operator ?? '', seed, nodeDid: node ?? '' });
    const client: Client = createClient({
      contracts: [chain],
      transport: http({ url: url ?? '', credentials }),
    });
    return {
      client,
      end: async (signal: NodeJS.Signals) => {
        child.kill(signal);
        await exited;
      },
    };
  }

  it('loses nothing that it called confirmed, and carries out nothing twice, however often it is killed', async () => {
    const authority = new Holder(
      bytesOfHex((await readFile(join(root, 'chain/authority.key'), 'utf8')).trim()),
    );
    const ben = newHolder();
    const confirmed: string[] = [];
    let sent = 0;
    for (let kill = 0; kill < KILLS; kill += 1) {
      const { client } = running;
      const ids: string[] = [];
      const { nonce } = await client.call(chain.account, { accountId: authority.accountId });
      for (let at = 1; at <= PAYMENTS; at += 1) {
        // Behind those that are under way: the node counts only what is carried out.
        const next = { nonce: String(BigInt(nonce) + BigInt(at)) };
        ids.push(...(await handIn(client, authority, pay(ben, '1'), next)));
        sent += 1;
      }
      const [first = ''] = ids;
      const ended = await client.call(chain.waitFor, { transactionId: first, until: 'Confirmed' });
      expect(['Confirmed', 'Finalized']).toContain(ended.state);
      for (const transactionId of ids) {
        const { state } = await client.call(chain.transaction, { transactionId });
        if (state === 'Confirmed' || state === 'Finalized') confirmed.push(transactionId);
      }
      await running.end('SIGKILL');
      running = await start();
      for (const transactionId of confirmed) {
        const again = await running.client.call(chain.waitFor, { transactionId });
        expect({ transactionId, state: again.state }).toEqual({
          transactionId,
          state: 'Finalized',
        });
      }
    }
    expect(confirmed.length).toBeGreaterThanOrEqual(KILLS);
    const { client } = running;
    const { balance } = await client.call(chain.account, { accountId: ben.accountId });
    expect(Number(balance)).toBeLessThanOrEqual(sent);
    expect(Number(balance)).toBeGreaterThanOrEqual(confirmed.length);
    const { items } = await client.call(chain.accountTransactions, {
      accountId: ben.accountId,
      limit: 200,
    });
    expect(items).toHaveLength(Number(balance));
    expect(new Set(items.map(({ transactionId }) => transactionId)).size).toBe(items.length);
    expect((await client.call(chain.stats, {})).gaps).toEqual([]);
    const status = await client.call(chain.status, {});
    for (const transactionId of confirmed) {
      const { proof } = await client.call(chain.proveTransaction, { transactionId });
      expect(shownBy(proof, status)).toMatchObject({ holds: true, receipt: { code: 'OK' } });
    }
  });

  it('gives proofs that `q verify` checks by how the chain began alone', async () => {
    const { client } = running;
    const genesis = join(root, 'chain/genesis.json');
    const file = join(root, 'proof.json');
    const verify = async (answer: unknown, ...more: string[]) => {
      await writeFile(file, JSON.stringify(answer));
      return q('verify', file, '--chain', genesis, ...more);
    };
    const accountId = (JSON.parse(await readFile(genesis, 'utf8')) as { authority: string })
      .authority;
    // The first certificate comes within a second or two.
    const proved = async () => (await client.result(chain.proveAccount, { accountId })).code;
    await expect.poll(proved, { timeout: 20_000 }).toBe('SUCCESS');
    const answer = await client.call(chain.proveAccount, { accountId });
    const { balance } = await client.call(chain.account, { accountId });
    const held = await verify({ status: 'ok', data: answer });
    expect([held.code, held.stdout]).toEqual([0, expect.stringContaining('this proof holds')]);
    const shown = await verify(answer, '--json');
    expect(JSON.parse(shown.stdout)).toMatchObject({ holds: true, account: accountId, balance });

    const bytes = Buffer.from(answer.proof, 'base64url');
    for (const at of [40, bytes.length >> 1, bytes.length - 2]) {
      const changed = Buffer.from(bytes);
      changed[at] = (changed[at] ?? 0) ^ 1;
      const told = await verify({ proof: changed.toString('base64url') });
      expect([told.code, told.stdout]).toEqual([1, expect.stringContaining('does not hold')]);
    }
    const cut = await verify({ proof: bytes.subarray(0, 100).toString('base64url') }, '--json');
    expect(JSON.parse(cut.stdout)).toMatchObject({ holds: false });
    for (const none of [{}, [], { proof: '?' }]) {
      const told = await verify(none);
      expect([told.code, told.stderr]).toEqual([1, expect.stringContaining('INPUT_MALFORMED')]);
    }
    const elsewhere = await q('verify', file, '--chain', join(root, 'none.json'));
    expect([elsewhere.code, elsewhere.stderr]).toEqual([
      1,
      expect.stringContaining('FOLDER_UNUSABLE'),
    ]);
  });
});
