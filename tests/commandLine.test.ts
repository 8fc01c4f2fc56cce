import { createServer } from 'node:net';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { killFirstStart, listingsOf } from './firstStart.ts';
import { q, spawnQ, up, type UpNode } from './qCommand.ts';

const folders: string[] = [];
async function foldersOf(): Promise<string[]> {
  const folder = await mkdtemp(join(tmpdir(), 'q-line-'));
  folders.push(folder);
  return ['--data', join(folder, 'data'), '--keys', join(folder, 'keys')];
}
const dataOf = (args: readonly string[]): string[] => args.slice(0, 2);
afterAll(() => Promise.all(folders.map((folder) => rm(folder, { recursive: true, force: true }))));

describe('a first start that is killed', () => {
  it('leaves a folder on which the next one founds the node, example included', async () => {
    const where = await foldersOf();
    await killFirstStart(500, where);
    expect(await listingsOf(where)).toBe(1);
  });
});

describe('a port that is taken', () => {
  it('is told with what to do, and the next start still offers the example', async () => {
    const where = await foldersOf();
    const server = createServer();
    const port = await new Promise<number>((resolve) => {
      server.listen(0, '127.0.0.1', () => {
        const address = server.address();
        resolve(typeof address === 'object' && address !== null ? address.port : 0);
      });
    });
    const refused = await q('up', '--port', String(port), ...where);
    server.close();
    expect(refused.code).toBe(1);
    expect(refused.stderr).toContain('PORT_TAKEN');
    expect(refused.stderr).toContain('--port 0');
    const node = await up(...where);
    const found = await q('call', 'qmarket.search', '{}', ...dataOf(where));
    await node.stop();
    expect(found.stdout).toContain('Time zones of the world');
  });
});

describe('the agent of the README', () => {
  let node: UpNode;
  let where: string[];
  beforeAll(async () => {
    where = await foldersOf();
    node = await up(...where);
  });
  afterAll(() => node.stop());
  const call = (...args: string[]) => q('call', ...args, '--json', ...dataOf(where));

  it('is made, buys with its token, and ends with its grant; its receipt verifies', async () => {
    const limits = ['--budget', '20rUv', '--per-call', '5rUv', '--until', '2h'];
    const allow = ['--allow', 'market.purchase,qmarket.search'];
    const unknown = ['--budget', '20XYZ', '--per-call', '5XYZ', '--until', '2h'];
    const wrong = await q('agent', 'add', 'buyer', ...unknown, ...allow, ...dataOf(where));
    expect(wrong.stderr).toContain('AMOUNT_INVALID');
    const added = await q('agent', 'add', 'buyer', ...limits, ...allow, '--json', ...dataOf(where));
    const { grant } = JSON.parse(added.stdout) as { grant: string };
    const token = (await q('agent', 'token', 'buyer', ...dataOf(where))).stdout.trim();
    const found = await call('qmarket.search', '{"query":"zones"}', '--token', token);
    const { items } = (JSON.parse(found.stdout) as { data: { items: { listingId: string }[] } })
      .data;
    const order = JSON.stringify({ listingId: items[0]?.listingId, maxPrice: '5', unit: 'rUv' });
    const bought = await call('qmarket.purchase', order, '--token', token);
    const { cid } = JSON.parse(bought.stdout) as { cid: string };
    const listed = await q('agent', 'list', ...dataOf(where));
    expect(listed.stdout).toContain(grant);
    expect(listed.stdout).toContain('of 20 rUv');

    const receipt = await call('qerberos.receipt', JSON.stringify({ cid }));
    const file = join(where[1] ?? '', '..', 'receipt.json');
    await writeFile(file, receipt.stdout);
    const verified = await q('verify', file, '--trust', String(node.address['logKey']));
    expect(verified.stdout).toContain('this receipt holds');

    expect((await q('revoke', grant, ...dataOf(where))).code).toBe(0);
    const after = await call('qmarket.search', '{"query":"zones"}', '--token', token);
    expect(JSON.parse(after.stdout)).toMatchObject({ code: 'GRANT_REVOKED' });
    const again = await q('agent', 'add', 'buyer', ...limits, ...allow, ...dataOf(where));
    expect(again.code).toBe(0);
  }, 120_000);

  it('is told in one place what is wrong with an input, before anything is signed', async () => {
    const refused = await q('call', 'qmarket.listing', '{"listingId":5}', ...dataOf(where));
    expect(refused.stderr).toContain('INPUT_INVALID');
    expect(refused.stderr).toContain('/listingId');
  });
});

describe('a reader that has seen enough', () => {
  it('ends the command without a word', async () => {
    const child = spawnQ(['modules']);
    let stderr = '';
    child.stderr?.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
    child.stdout?.once('data', () => child.stdout?.destroy());
    await new Promise((resolve) => child.once('close', resolve));
    expect(stderr).toBe('');
  });

  it('gets no colours where it is no terminal', async () => {
    // eslint-disable-next-line no-control-regex -- the escape character is what must not be there
    expect((await q('modules')).stdout).not.toMatch(/\u001b/);
  });
});

describe('without a node', () => {
  it('a command says so, and how to start one', async () => {
    const where = await foldersOf();
    const ended = await q('call', 'qmarket.search', ...dataOf(where));
    expect(ended.code).toBe(1);
    expect(ended.stderr).toContain('NODE_NOT_RUNNING');
    expect(ended.stderr).toContain('./q up');
  });
});
