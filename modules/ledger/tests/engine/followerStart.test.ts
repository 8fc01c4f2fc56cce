import { createHash } from 'node:crypto';
import { copyFile, open, readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  A_BALANCES,
  DEBITS_POSTED,
  LogDamaged,
  pagesOf,
  RunDamaged,
  verifyBalanceProof,
  verifyTransferProof,
} from '@anarq/ledger-engine';
import { accountOf } from '@anarq/ledger-engine/testing';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { LedgerFollower } from '../../src/engine/follower.ts';
import type { LedgerWriter } from '../../src/engine/index.ts';
import { readSnapshot, writeSnapshot } from '../../src/engine/snapshots.ts';
import { Followed, key } from './followed.ts';
import { accounts, transfers } from './records.ts';

const NOW_S = 1_800_000_000;
const BATCH = 1_000;
const PAGES = pagesOf(BATCH);

let made: Followed;
let madeEarly: Followed;
/** A copy of what was made, for each test. */
let ledger: Followed;
/** As it was when the first of two snapshots was kept. */
let early: Followed;
/** The page of the log at which each snapshot was kept. */
const kept: number[] = [];

/** A batch of ids in no order, so that finding them needs the indexes. */
const batchOf = (batch: number): Uint8Array =>
  transfers(batch * BATCH + 1, (batch + 1) * BATCH + 1, (id) => ({
    id: idOf(id),
    credit: 2n + (id % 3n),
  }));
const idOf = (number: bigint): bigint => (number * 0x9e3779b97f4a7c15n) % 2n ** 100n;
const create = (from: number, to: number) => async (writer: LedgerWriter) => {
  if (from === 0) await writer.createAccounts(accounts([1n, 2n, 3n, 4n]));
  for (let batch = from; batch < to; batch++) await writer.createTransfers(batchOf(batch));
};
/** Follows on to the end, signs, and keeps what it has. */
async function keepAll(of: Followed): Promise<void> {
  const follower = of.followed();
  follower.sign(NOW_S);
  await of.end();
}
const snapshots = async (of = ledger): Promise<string[]> =>
  (await readdir(of.books)).filter((name) => name.startsWith('snapshot-')).toSorted();

async function flip(path: string, at: number): Promise<void> {
  const file = await open(path, 'r+');
  const byte = Buffer.alloc(1);
  await file.read(byte, 0, 1, at);
  await file.write(Buffer.of(byte[0]! ^ 0x10), 0, 1, at);
  await file.close();
}

/** It has what the log says: it signs what one signs that reads the log from its beginning. */
async function expectWhole(follower: LedgerFollower, batches: number): Promise<void> {
  for (const number of [1, BATCH, BATCH + 7, batches * BATCH - 1])
    expect(
      verifyTransferProof(follower.proveTransfer(idOf(BigInt(number)))!, key.vkey),
      `transfer ${number}`,
    ).toBe(true);
  const balance = follower.proveBalance(1n)!;
  expect(verifyBalanceProof(balance, key.vkey)).toBe(true);
  expect(accountOf(balance.record).debitsPosted).toBe(BigInt(5 * batches * BATCH));
  await ledger.write((writer) => writer.createTransfers(batchOf(batches)));
  const plain = await ledger.copy();
  await plain.forgetBooks();
  const texts = [ledger.read(follower), plain.followed()].map((each) => {
    const { transfers: one, accounts: other } = each.sign(NOW_S);
    // Signatures differ each time; what they are about is before the empty line.
    return [one, other].map((note) => note.slice(0, note.indexOf('\n\n')));
  });
  expect(texts[0]).toEqual(texts[1]);
}

beforeAll(async () => {
  made = await Followed.make();
  await made.write(create(0, 3));
  await keepAll(made);
  kept.push(made.pages);
  madeEarly = await made.copy();
  await made.write(create(3, 5));
  await keepAll(made);
  kept.push(made.pages);
});
afterAll(() => made.remove());
beforeEach(async () => {
  ledger = await made.copy();
  early = await madeEarly.copy();
});
afterEach(async () => {
  await ledger.remove();
  await early.remove();
});

describe('a follower that kept its books', () => {
  it('begins where they were kept, and has all that the log says', async () => {
    const follower = ledger.follow();
    expect(follower.startPage).toBe(kept[1]);
    expect(ledger.read(follower).hasNews).toBe(false);
    await expectWhole(follower, 5);
  });

  it('reads on where more was signed since, also of accounts', async () => {
    await ledger.write(async (writer) => {
      await create(5, 6)(writer);
      await writer.createAccounts(accounts([5n]));
    });
    const first = ledger.followed();
    const signed = first.sign(NOW_S);
    // As after a kill: signed, and not kept.
    const crashed = await ledger.copy();
    const again = crashed.follow();
    expect(again.startPage).toBe(kept[1]);
    expect(crashed.read(again).checkpoint).toEqual(signed);
    await expectWhole(first, 6);
  });

  it('keeps them now and then while it runs', async () => {
    const follower = ledger.followed({ snapshotPages: 2 * PAGES + 1 });
    const newest: number[] = [];
    for (let batch = 5; batch < 12; batch++) {
      await ledger.write(create(batch, batch + 1));
      ledger.read(follower).sign(NOW_S);
      await follower.keep();
      newest.push((Number((await snapshots()).at(-1)!.slice(-12)) - kept[1]!) / PAGES);
    }
    expect(newest).toEqual([0, 0, 3, 3, 3, 6, 6]);
    expect(await snapshots()).toHaveLength(2);
  });

  it('does not keep what was not signed', async () => {
    await ledger.write(create(5, 6));
    const names = await snapshots();
    ledger.followed();
    await ledger.end();
    expect(await snapshots()).toEqual(names);
  });

  it.each([
    ['are gone', (path: string) => rm(path)],
    ['are damaged', (path: string) => flip(path, 5_000)],
    ['are empty', (path: string) => writeFile(path, '')],
    [
      'were left half written',
      (path: string) => rm(path).then(() => writeFile(`${path}.half`, 'x')),
    ],
  ])('begins with older ones where the last %s, and then with the log', async (_, damage) => {
    const names = await snapshots();
    expect(names).toHaveLength(2);
    await damage(join(ledger.books, names[1]!));
    const second = ledger.follow();
    expect(second.startPage).toBe(kept[0]);
    const { checkpoint } = ledger.read(second);
    await ledger.end();
    for (const name of await snapshots()) await damage(join(ledger.books, name));
    const third = ledger.follow();
    expect(third.startPage).toBe(0);
    expect(ledger.read(third).checkpoint).toEqual(checkpoint);
    expect((await readdir(ledger.books)).filter((name) => name.endsWith('.half'))).toEqual([]);
    await expectWhole(third, 5);
  });

  it('begins with the log where nothing says what was signed', async () => {
    await rm(join(ledger.folder, 'checkpoint'));
    const follower = ledger.follow();
    expect(follower.startPage).toBe(0);
    expect(await snapshots()).toEqual([]);
    ledger.read(follower).sign(NOW_S);
    await expectWhole(follower, 5);
  });
});

describe('books that a follower kept, but not of this log', () => {
  beforeEach(async () => {
    for (const name of await readdir(ledger.books))
      await copyFile(join(ledger.books, name), join(early.books, name));
  });

  it('are not used where the log is shorter', async () => {
    const follower = early.follow();
    expect(follower.startPage).toBe(kept[0]);
    expect(early.read(follower).checkpoint?.position.events).toBe(3 * BATCH);
    await early.end();
    await rm(join(early.books, (await snapshots())[0]!));
    expect(await snapshots(early)).toEqual((await snapshots()).slice(1));
    expect(early.follow().startPage).toBe(0);
  });

  it('are not used where the log went another way', async () => {
    await early.write(create(7, 9));
    expect(early.pages).toBe(ledger.pages);
    const follower = early.follow();
    expect(follower.startPage).toBe(kept[0]);
    expect(early.read(follower).hasNews).toBe(true);
    expect(verifyTransferProof(proofAfterSigning(follower, 8 * BATCH), key.vkey)).toBe(true);
  });

  it('do not hide that the log lost what was signed', async () => {
    await copyFile(join(ledger.folder, 'checkpoint'), join(early.folder, 'checkpoint'));
    const follower = early.follow();
    expect(follower.startPage).toBe(kept[0]);
    expect(() => early.read(follower)).toThrow(LogDamaged);
    expect(follower.startPage).toBe(0);
  });

  it.each([
    ['a hash of the tree', withOtherHash],
    ['a balance', withOtherBalance],
  ])('are not believed where %s is another, though the file is whole', async (_, lie) => {
    const { position, books } = readSnapshot(ledger.books, kept[1]!)!;
    await writeSnapshot(ledger.books, { position, books: lie(Buffer.from(books)) });
    const follower = ledger.follow();
    expect(follower.startPage).toBe(kept[1]);
    ledger.read(follower);
    expect(follower.startPage).toBe(0);
    await expectWhole(follower, 5);
  });
});

const proofAfterSigning = (follower: LedgerFollower, number: number) => {
  follower.sign(NOW_S);
  return follower.proveTransfer(idOf(BigInt(number)))!;
};

function withOtherHash(books: Buffer): Buffer {
  books[30]! ^= 1;
  return books;
}

/** Another amount in the first account, and the digest that makes these books whole again. */
function withOtherBalance(books: Buffer): Buffer {
  const state = books.subarray(4 + books.readUInt32LE(0));
  const records = 4 + state.readUInt32LE(0);
  state[records + A_BALANCES * 4 + DEBITS_POSTED * 4]! ^= 1;
  state.set(createHash('sha256').update(state.subarray(0, -32)).digest(), state.length - 32);
  return books;
}

describe('an index of a follower that is damaged', () => {
  const damageIndexes = async ({ books }: Followed): Promise<void> => {
    for (const name of await readdir(books))
      if (name.startsWith('ids-')) await flip(join(books, name), 300);
  };

  it('is made again from the log where it is met on the way to what was signed', async () => {
    await ledger.write((writer) => writer.createTransfers(batchOf(0)));
    ledger.followed().sign(NOW_S);
    const crashed = await ledger.copy();
    await damageIndexes(crashed);
    const follower = crashed.follow();
    expect(follower.startPage).toBe(kept[1]);
    expect(crashed.read(follower).startPage).toBe(0);
    expect(follower.checkpoint?.position.events).toBe(6 * BATCH);
  });

  it('ends a follower that meets it later, and is made again by the next', async () => {
    const follower = ledger.followed();
    await damageIndexes(ledger);
    const proveAll = () => {
      for (let number = 1n; number < BATCH; number++) follower.proveTransfer(idOf(number));
    };
    expect(proveAll).toThrow(RunDamaged);
    await ledger.end();
    const next = ledger.follow();
    expect(next.startPage).toBe(0);
    ledger.read(next);
    await expectWhole(next, 5);
  });
});
