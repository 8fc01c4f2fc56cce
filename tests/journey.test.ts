import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createHash, randomBytes } from 'node:crypto';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { dropTestBus, isOnNats, testBusUrl } from '@anarq/bus/testing';
import { dropTestStore, isOnPostgres, testStoreUrl } from '@anarq/store/testing';
import { q } from './qCommand.ts';

describe('the journey, as q demo', () => {
  let folder: string;
  let report: Record<string, unknown> = {};
  let receipt: string;
  const content = randomBytes(3 * 1_048_576 + 17);

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'q-journey-'));
    const file = join(folder, 'data set.bin');
    receipt = join(folder, 'receipt.json');
    await writeFile(file, content);
    const where = [
      ...(isOnPostgres() ? ['--store', testStoreUrl(folder)] : []),
      ...(isOnNats() ? ['--bus', testBusUrl()] : []),
    ];
    const ended = await q('demo', '--file', file, '--receipt', receipt, '--json', ...where);
    // With --json a failure is told on standard output.
    if (ended.code !== 0) throw new Error(`${ended.stderr}${ended.stdout}`);
    report = JSON.parse(ended.stdout) as Record<string, unknown>;
  });
  afterAll(async () => {
    if (isOnPostgres()) await dropTestStore(folder);
    // The log of a node bears the name of the node.
    const { trust = '' } = (report['receipt'] ?? {}) as { trust?: string };
    if (isOnNats()) await dropTestBus(`did:squid:${/^q\/([^+/]+)/.exec(trust)?.[1]}`);
    await rm(folder, { recursive: true, force: true });
  });

  it('ends well, and the agent holds the very bytes that were sold', () => {
    const sha256 = createHash('sha256').update(content).digest('hex');
    expect(report).toMatchObject({
      ok: true,
      file: { name: 'data set.bin', bytes: content.length, sha256 },
      fetched: { bytes: content.length, sha256 },
    });
    expect(report['duration_ms']).toBeTypeOf('number');
  });

  it('moves the price with fee and split, exact to the last unit', () => {
    const { price, fee, shares } = report['purchase'] as {
      price: string;
      fee: string;
      shares: { amount: string }[];
    };
    expect([price, fee, shares.map(({ amount }) => amount)]).toEqual([
      '3',
      '0.075',
      ['2.0475', '0.8775'],
    ]);
  });

  it('charges once for 50 retries, and books that sum to zero', () => {
    expect(report).toMatchObject({ retries: { sent: 50, charged: 1 }, books: { sum: '0' } });
  });

  it('refuses what the grant does not allow, says why, and ends with the grant', () => {
    expect(report).toMatchObject({
      denials: [
        { code: 'BUDGET_EXCEEDED', why: 'one call may spend 5 rUv' },
        { code: 'QONSENT_DENIED', why: expect.stringContaining('qindex.put') },
      ],
      revoked: { code: 'GRANT_REVOKED' },
    });
  });

  it('leaves a receipt that q verify trusts, and refuses with one byte changed', async () => {
    const { trust, path } = report['receipt'] as { trust: string; path: string };
    expect(path).toBe(receipt);
    const trusted = await q('verify', receipt, '--trust', trust, '--json');
    expect(trusted.code).toBe(0);
    expect(JSON.parse(trusted.stdout)).toMatchObject({ ok: true, signer: 'trusted' });
    const untrusted = await q('verify', receipt, '--json');
    expect(JSON.parse(untrusted.stdout)).toMatchObject({ ok: true, signer: 'not trusted' });
    const text = await readFile(receipt, 'utf8');
    const place = text.indexOf('"sealed": "') + 400;
    const changed =
      text.slice(0, place) + (text[place] === 'A' ? 'B' : 'A') + text.slice(place + 1);
    const changedFile = join(folder, 'changed.json');
    await writeFile(changedFile, changed);
    const refused = await q('verify', changedFile, '--trust', trust);
    expect(refused.code).toBe(1);
    expect(refused.stdout).toContain('does not hold');
  });

  it('refuses a file that is not there, in one line that says so', async () => {
    const ended = await q('demo', '--file', join(folder, 'nothing'), '--json');
    expect(ended.code).toBe(1);
    expect(JSON.parse(ended.stdout)).toMatchObject({ ok: false, code: 'INPUT_INVALID' });
    expect(ended.stdout).toContain('is not a file that can be read');
  });
});
