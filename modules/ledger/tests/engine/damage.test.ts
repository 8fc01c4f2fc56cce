import {
  copyFile,
  mkdtemp,
  open as openFile,
  readdir,
  rm,
  truncate,
  writeFile,
} from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PAGE_BYTES } from '@anarq/ledger-engine';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { LedgerWriter, type WriterOptions } from '../../src/engine/index.ts';
import { accounts, transfers } from './records.ts';

const SMALL: WriterOptions = {
  segmentPages: 300,
  groupPages: 300,
  snapshotPages: 256,
  sealEvents: 256,
};
let folder: string;
let hash: Uint8Array;
let pages: number;

const open = () => LedgerWriter.open(folder, SMALL);
const segment = (number: number) => join(folder, `log-${String(number).padStart(8, '0')}`);

/** A ledger with some hundred pages, closed. @param batches of 300 transfers, ten pages each */
async function filled(at: string, batches: number): Promise<void> {
  const writer = await LedgerWriter.open(at, SMALL);
  await writer.createAccounts(accounts([1n, 2n]));
  for (let batch = 0; batch < batches; batch++) {
    await writer.createTransfers(transfers(batch * 300 + 1, batch * 300 + 301));
    // A snapshot is written while the ledger goes on; here it is waited for.
    if (batch % 30 === 29)
      await expect.poll(() => newestSnapshot(at)).toBeGreaterThanOrEqual(writer.pages - 270);
  }
  hash = writer.state.stateHash();
  ({ pages } = writer);
  await writer.close();
}

/** The page at which the newest snapshot stands. */
const newestSnapshot = async (at: string): Promise<number> =>
  Math.max(
    0,
    ...(await readdir(at))
      .filter((name) => /^snapshot-\d+$/.test(name))
      .map((name) => Number(name.slice('snapshot-'.length))),
  );

async function change(path: string, at: number, bytes: Uint8Array): Promise<void> {
  const file = await openFile(path, 'r+');
  await file.write(bytes, 0, bytes.length, at);
  await file.close();
}
async function flip(path: string, at: number): Promise<void> {
  const file = await openFile(path, 'r+');
  const byte = Buffer.alloc(1);
  await file.read(byte, 0, 1, at);
  await file.write(Buffer.of(byte[0]! ^ 0x10), 0, 1, at);
  await file.close();
}

/** Whether the ledger opens with the right books, or says why not. */
async function verdict(): Promise<string> {
  try {
    const writer = await open();
    const isSame = Buffer.from(writer.state.stateHash()).equals(hash);
    await writer.close();
    return isSame ? 'the same books' : 'other books';
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ledger-'));
});
afterEach(async () => {
  await rm(folder, { recursive: true, force: true });
});

describe('a ledger whose files were damaged', () => {
  it('names the page, wherever in a page that was safe a bit has flipped', async () => {
    await filled(folder, 8);
    const verdicts = new Set<string>();
    // The last group may have been torn by a crash; every page before it was acknowledged.
    for (const page of [0, 1, 5, 33, pages - 12])
      for (const at of [1, 6, 9, 25, 33, 50, 90, 115, 130, 133, 2_000, 3_980, 4_094]) {
        await flip(segment(0), page * PAGE_BYTES + at);
        verdicts.add(await verdict());
        await flip(segment(0), page * PAGE_BYTES + at);
      }
    // A page of the batch that was hit, or its first: what is told is where reading stopped.
    expect([...verdicts].filter((each) => !/^page \d+ of the log is damaged/.test(each))).toEqual(
      [],
    );
    expect(await verdict()).toBe('the same books');
  });

  it('does without the last batch where a crash has torn it, at any byte', async () => {
    await filled(folder, 3);
    const before = hash;
    const writer = await open();
    await writer.createTransfers(transfers(5_000, 5_040));
    const { pages: end } = writer;
    await writer.close();
    // The crash came before anything was noted about that batch.
    await rm(join(folder, 'safe'));
    const first = end - 2;
    for (const cut of [0, 1, 131, 132, 2_048, 4_095, 4_096, 4_100, 8_191]) {
      const zeros = new Uint8Array(2 * PAGE_BYTES - cut);
      const file = await openFile(segment(0), 'r');
      const kept = Buffer.alloc(2 * PAGE_BYTES);
      await file.read(kept, 0, kept.length, first * PAGE_BYTES);
      await file.close();
      await change(segment(0), first * PAGE_BYTES + cut, zeros);
      hash = before;
      expect(await verdict()).toBe('the same books');
      await rm(join(folder, 'safe'));
      await change(segment(0), first * PAGE_BYTES, kept);
    }
  });

  it('never believes pages of another order, of another ledger, or of a missing segment', async () => {
    await filled(folder, 95);
    const other = await mkdtemp(join(tmpdir(), 'ledger-'));
    const names = (await readdir(folder)).filter((name) => /^log-\d+$/.test(name));
    expect(names.length).toBeGreaterThan(2);
    const kept = hash;
    await filled(other, 95);
    hash = kept;
    const last = names.length - 2;
    await copyFile(segment(last), `${segment(last)}.kept`);
    await copyFile(join(other, names[last]!), segment(last));
    expect(await verdict()).not.toMatch(/books/);
    await copyFile(segment(last - 1), segment(last));
    expect(await verdict()).not.toMatch(/books/);
    await rm(segment(last));
    expect(await verdict()).toMatch(/has no segment/);
    await writeFile(segment(last), '');
    expect(await verdict()).toMatch(/has 0 bytes/);
    await copyFile(`${segment(last)}.kept`, segment(last));
    await truncate(segment(last), 100 * PAGE_BYTES);
    expect(await verdict()).toMatch(/bytes, not/);
    await copyFile(`${segment(last)}.kept`, segment(last));
    await rm(`${segment(last)}.kept`);
    expect(await verdict()).toBe('the same books');
    await rm(other, { recursive: true, force: true });
  });

  it('notices that the whole end is gone, though nothing in the rest tells it', async () => {
    await filled(folder, 5);
    await change(segment(0), (pages - 20) * PAGE_BYTES, new Uint8Array(20 * PAGE_BYTES));
    expect(await verdict()).toMatch(/it had reached page 51/);
  });

  it('goes back to the snapshot before, or to the beginning, where one is damaged', async () => {
    await filled(folder, 95);
    const snapshots = (await readdir(folder))
      .filter((name) => name.startsWith('snapshot-'))
      .toSorted();
    expect(snapshots).toHaveLength(2);
    await flip(join(folder, snapshots[1]!), 500);
    expect(await verdict()).toBe('the same books');
    await flip(join(folder, snapshots[0]!), 20);
    expect(await verdict()).toBe('the same books');
    await truncate(join(folder, snapshots[0]!), 10);
    expect(await verdict()).toBe('the same books');
  });

  it('says so where a packed segment is damaged that it has to read', async () => {
    await filled(folder, 95);
    const packed = (await readdir(folder)).find((name) => name.endsWith('.zst'))!;
    for (const snapshot of (await readdir(folder)).filter((name) => name.startsWith('snapshot-')))
      await rm(join(folder, snapshot));
    expect(await verdict()).toBe('the same books');
    for (const snapshot of (await readdir(folder)).filter((name) => name.startsWith('snapshot-')))
      await rm(join(folder, snapshot));
    // One bit of what is packed may unpack to the same.
    await change(join(folder, packed), 3_000, new Uint8Array(64));
    expect(await verdict()).not.toMatch(/books/);
  });

  it('clears away what a crash left half written', async () => {
    await filled(folder, 2);
    await writeFile(join(folder, 'snapshot-000000000099.half'), 'half');
    await writeFile(`${segment(9)}.half`, 'half');
    expect(await verdict()).toBe('the same books');
    expect((await readdir(folder)).filter((name) => name.endsWith('.half'))).toEqual([]);
  });
});
