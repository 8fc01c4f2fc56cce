import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { spawn } from 'node:child_process';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { TRANSFER_RESULTS, TransferFlag } from '@anarq/ledger-engine';
import {
  accountOf,
  collidingIds,
  plainTransfer,
  transferOf,
  transfersBatch,
} from '@anarq/ledger-engine/testing';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { LedgerWriter, type WriterOptions } from '../../src/engine/index.ts';
import { accounts, transfers } from './records.ts';

/** So small that segments, snapshots, archives and runs all come in a short test. */
const SMALL: WriterOptions = {
  segmentPages: 300,
  groupPages: 300,
  snapshotPages: 256,
  sealEvents: 2_048,
};
let folder: string;
const writers: LedgerWriter[] = [];

async function open(options: WriterOptions = {}): Promise<LedgerWriter> {
  const writer = await LedgerWriter.open(folder, { ...SMALL, ...options });
  writers.push(writer);
  return writer;
}
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ledger-'));
});
afterEach(async () => {
  for (const writer of writers.splice(0)) await writer.close();
  await rm(folder, { recursive: true, force: true });
});

/** The page at which the newest snapshot stands. */
const newestSnapshot = async (): Promise<number> =>
  Math.max(
    0,
    ...(await readdir(folder))
      .filter((name) => /^snapshot-\d+$/.test(name))
      .map((name) => Number(name.slice('snapshot-'.length))),
  );

const balance = (writer: LedgerWriter, id: bigint) => accountOf(writer.queries.account(id)!);

describe('a ledger on the disk', () => {
  it('has the same books after a restart, to the last bit, and goes on', async () => {
    const first = await open();
    await first.createAccounts(accounts([1n, 2n]));
    await first.createTransfers(transfers(1, 400));
    await first.createTransfers(
      transfersBatch([
        plainTransfer(500n, { flags: TransferFlag.PENDING }),
        plainTransfer(501n, { flags: TransferFlag.PENDING, timeout_s: 3_600 }),
        plainTransfer(502n, { flags: TransferFlag.POST_PENDING, pendingId: 500n }),
      ]),
    );
    const hash = first.state.stateHash();
    await first.close();
    const second = await open();
    expect(second.state.stateHash()).toEqual(hash);
    expect(second.replayed).toBeGreaterThan(0);
    const { results } = await second.createTransfers(
      transfersBatch([
        plainTransfer(1n),
        plainTransfer(503n, { flags: TransferFlag.VOID_PENDING, pendingId: 501n, amount: 0n }),
      ]),
    );
    expect([...results]).toEqual([TRANSFER_RESULTS.exists, TRANSFER_RESULTS.created]);
    expect(balance(second, 1n)).toMatchObject({ debitsPending: 0n, debitsPosted: 2_000n });
  });

  it('starts from a snapshot, packs what lies behind it, and still finds every transfer', async () => {
    const first = await open();
    await first.createAccounts(accounts([1n, 2n, 3n]));
    for (let batch = 0; batch < 90; batch++) {
      await first.createTransfers(
        // Two ids in order, one in none, so that all kinds of index are written away.
        transfers(batch * 500 + 1, batch * 500 + 501, (id) => ({
          id: id % 3n === 0n ? (id * 0x9e3779b97f4a7c15n) % 2n ** 100n : id + 2n ** 64n,
          credit: id % 5n === 0n ? 3n : 2n,
        })),
      );
      // A snapshot is written while the ledger goes on; here it is waited for. Where the one before was
      // still written when this one was due, it is taken with the next group, an empty one too.
      if (batch % 18 === 17)
        await expect
          .poll(() => first.settled().then(newestSnapshot))
          .toBeGreaterThanOrEqual(first.pages - 290);
    }
    const hash = first.state.stateHash();
    await first.close();
    const names = await readdir(folder);
    expect(names.filter((name) => name.startsWith('snapshot-'))).toHaveLength(2);
    expect(names.filter((name) => name.endsWith('.zst')).length).toBeGreaterThan(0);
    const second = await open();
    expect(second.replayed).toBeLessThan(60);
    expect(second.state.stateHash()).toEqual(hash);
    const missing: bigint[] = [];
    for (let id = 1n; id <= 45_000n; id += 37n) {
      const stored = id % 3n === 0n ? (id * 0x9e3779b97f4a7c15n) % 2n ** 100n : id + 2n ** 64n;
      const record = second.queries.transfer(stored);
      if (record === undefined || transferOf(record).id !== stored) missing.push(id);
    }
    expect(missing).toEqual([]);
    const found = second.queries.accountTransfers({
      accountId: 3n,
      limit: 20_000,
      debits: true,
      credits: true,
    });
    expect(found).toHaveLength(9_000);
    const { results } = await second.createTransfers(
      transfersBatch([plainTransfer(1n + 2n ** 64n)]),
    );
    expect([...results]).toEqual([TRANSFER_RESULTS.exists]);
  });

  it('answers many at once in their order, whatever the sizes', async () => {
    const writer = await open();
    await writer.createAccounts(accounts([1n, 2n]));
    let id = 1;
    const answers = await Promise.all(
      Array.from({ length: 60 }, (_, index) => {
        const size = [1, 7, 800][index % 3]!;
        const batch = transfers(id, id + size);
        id += size;
        return writer.createTransfers(batch);
      }),
    );
    const ordinals = answers.map(({ ordinal }) => ordinal);
    expect(ordinals).toEqual(ordinals.toSorted((a, b) => a - b));
    expect(balance(writer, 2n).creditsPosted).toBe(BigInt(5 * (id - 1)));
    const times = answers.map(({ timestamp }) => timestamp);
    expect(times.every((time, index) => index === 0 || time > times[index - 1]!)).toBe(true);
  });

  it('makes the next segment of the log while the last is half empty', async () => {
    const writer = await open({ segmentPages: 1_000, groupPages: 300 });
    await writer.createAccounts(accounts([1n, 2n]));
    for (let batch = 0; batch < 4; batch++)
      await writer.createTransfers(transfers(batch * 4_000 + 1, batch * 4_000 + 4_001));
    expect(writer.pages).toBeLessThan(700);
    await expect.poll(async () => readdir(folder)).toContain('log-00000001');
  });

  it('ends what is over by itself, and after a restart', async () => {
    let now = 1_800_000_000_000_000_000n;
    const first = await open({ now: () => now });
    await first.createAccounts(accounts([1n, 2n]));
    await first.createTransfers(
      transfersBatch([
        plainTransfer(1n, { flags: TransferFlag.PENDING, timeout_s: 1 }),
        plainTransfer(2n, { flags: TransferFlag.PENDING, timeout_s: 9 }),
      ]),
    );
    expect(balance(first, 1n).debitsPending).toBe(10n);
    now += 2_000_000_000n;
    await first.createTransfers(transfers(3, 4));
    expect(balance(first, 1n)).toMatchObject({ debitsPending: 5n, debitsPosted: 5n });
    await first.close();
    now += 20_000_000_000n;
    const second = await open({ now: () => now });
    await expect.poll(() => balance(second, 1n).debitsPending).toBe(0n);
    expect(second.queries.pendingStatus(2n)).toBe('expired');
  });

  it('keeps its own time when the clock goes back', async () => {
    let now = 1_800_000_000_000_000_000n;
    const writer = await open({ now: () => now });
    await writer.createAccounts(accounts([1n, 2n]));
    const before = await writer.createTransfers(transfers(1, 2));
    now -= 3_600_000_000_000n;
    const after = await writer.createTransfers(transfers(2, 3));
    expect(after.timestamp).toBeGreaterThan(before.timestamp);
  });

  it('belongs to one process', async () => {
    await open();
    await expect(open()).rejects.toThrow(/open in another process/);
    const script = `
      const { LedgerWriter } = await import(${JSON.stringify(new URL('../../src/engine/index.ts', import.meta.url).href)});
      await LedgerWriter.open(${JSON.stringify(folder)}).then(() => process.exit(7), (error) => {
        process.stdout.write(error.message); process.exit(3);
      });`;
    const child = spawn(process.execPath, ['--input-type=module', '-e', script]);
    let said = '';
    child.stdout.on('data', (piece: Buffer) => (said += piece.toString()));
    expect(await new Promise((resolve) => child.once('exit', resolve))).toBe(3);
    expect(said).toMatch(/open in another process/);
  });

  it('refuses whole batches that are too long, cut off, too many or too late, and changes nothing', async () => {
    const writer = await open({ queueMax: 4, accountsMax: 3 });
    await writer.createAccounts(accounts([1n, 2n]));
    const hash = writer.state.stateHash();
    const wrong = [
      new Uint8Array(8_191 * 128),
      new Uint8Array(100),
      new Uint8Array(129).subarray(1),
    ];
    for (const bytes of wrong)
      await expect(writer.createTransfers(bytes)).rejects.toMatchObject({ code: 'INPUT_INVALID' });
    await expect(writer.createAccounts(accounts([7n, 8n]))).rejects.toMatchObject({
      code: 'LIMIT_EXCEEDED',
    });
    expect(writer.state.stateHash()).toEqual(hash);
    const many = await Promise.allSettled(
      Array.from({ length: 6 }, (_, index) =>
        writer.createTransfers(transfers(index + 1, index + 2)),
      ),
    );
    expect(many.map(({ status }) => status)).toEqual([
      'fulfilled',
      'fulfilled',
      'fulfilled',
      'fulfilled',
      'rejected',
      'rejected',
    ]);
    await writer.close();
    await expect(writer.createTransfers(transfers(90, 91))).rejects.toMatchObject({
      code: 'SERVICE_UNAVAILABLE',
    });
  });

  it('asks whether a batch is admitted in the moment before it is applied, behind those before it', async () => {
    const writer = await open();
    await writer.createAccounts(accounts([1n, 2n]));
    const untilTen = (state: LedgerWriter['state']): void => {
      const { debitsPosted } = accountOf(state.queries.account(1n)!);
      if (debitsPosted >= 10n) throw new RangeError('ten is enough');
    };
    const brought = await Promise.allSettled(
      [1, 2, 3].map((id) => writer.createTransfers(transfers(id, id + 1), undefined, untilTen)),
    );
    expect(brought.map(({ status }) => status)).toEqual(['fulfilled', 'fulfilled', 'rejected']);
    expect(brought[2]).toMatchObject({ reason: { name: 'RangeError' } });
    expect(balance(writer, 1n).debitsPosted).toBe(10n);
    expect(writer.queries.transfer(3n)).toBeUndefined();
    expect([...(await writer.createTransfers(transfers(3, 4))).results]).toEqual([0]);
  });

  it('finds ids by a key of its own, so that nobody can choose such as lie in one place', async () => {
    const writer = await open();
    const ids = [2n ** 128n - 2n, ...collidingIds(1_000)];
    await writer.createTransfers(transfersBatch(ids.map((id) => plainTransfer(id))));
    expect(writer.state.memory.longestWay).toBeLessThan(100);
  });

  it('answers what was brought before it is closed', async () => {
    const writer = await open();
    await writer.createAccounts(accounts([1n, 2n]));
    const brought = Array.from({ length: 20 }, (_, index) =>
      writer.createTransfers(transfers(index * 100 + 1, index * 100 + 101)),
    );
    await writer.close();
    expect(
      (await Promise.all(brought)).every(({ results }) => results.every((result) => result === 0)),
    ).toBe(true);
    expect(balance(await open(), 1n).debitsPosted).toBe(10_000n);
  });
});
