import { existsSync, readdirSync, readlinkSync } from 'node:fs';
import { copyFile, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  LogDamaged,
  readAccountsNote,
  readTransfersNote,
  verifyBalanceProof,
  verifyTransferProof,
} from '@anarq/ledger-engine';
import { accountsBatch, plainAccount } from '@anarq/ledger-engine/testing';
import { formatVkey, keyIdHex } from '@anarq/tlog';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { LedgerFollower } from '../../src/engine/follower.ts';
import { LedgerWriter } from '../../src/engine/index.ts';
import { Followed, key, keyOf } from './followed.ts';
import { accounts, transfers } from './records.ts';

const NOW_S = 1_800_000_000;
const other = keyOf('ledger.example/books');

let ledger: Followed;
const note = (of: Followed): string => join(of.folder, 'checkpoint');
const copyNote = (from: Followed, to: Followed): Promise<void> => copyFile(note(from), note(to));

beforeEach(async () => {
  ledger = await Followed.make();
});
afterEach(() => ledger.remove());

describe('a follower that starts again', () => {
  it('signs nothing before it comes to what was signed, which goes on to be the last checkpoint', async () => {
    await ledger.write(async (writer) => {
      await writer.createAccounts(accounts([1n, 2n]));
      for (let batch = 0; batch < 3; batch++)
        await writer.createTransfers(transfers(batch * 8_000 + 1, batch * 8_000 + 8_001));
    });
    const signed = ledger.followed().sign(NOW_S);
    expect(signed.position.events).toBe(24_000);
    await ledger.end();
    await ledger.forgetBooks();

    const again = ledger.follow();
    let steps = 0;
    while (!again.advance(ledger.pages)) {
      steps++;
      expect(again.events).toBeLessThan(24_000);
      expect([again.hasNews, again.checkpoint]).toEqual([false, undefined]);
      expect(() => again.sign(NOW_S)).toThrow(/not yet read up to the checkpoint/);
    }
    expect(steps).toBeGreaterThan(0);
    expect(again.checkpoint).toEqual(signed);
    expect(again.hasNews).toBe(false);
    expect(verifyTransferProof(again.proveTransfer(7n)!, key.vkey)).toBe(true);
    expect(verifyBalanceProof(again.proveBalance(2n)!, key.vkey)).toBe(true);

    await ledger.write((writer) => writer.createTransfers(transfers(30_001, 30_002)));
    ledger.read(again);
    expect(again.hasNews).toBe(true);
    expect(again.sign(NOW_S + 1).position.events).toBe(24_001);
  });

  it('refuses a log in which other transfers or accounts happened than it signed', async () => {
    await ledger.write((writer) => writer.createAccounts(accounts([1n])));
    const copy = await ledger.copy();
    const richer = await ledger.copy();
    const opening = [plainAccount(2n), plainAccount(3n, { userData64: 7n })];
    await ledger.write(async (writer) => {
      await writer.createAccounts(accounts([2n, 3n]));
      await writer.createTransfers(transfers(1, 11));
    });
    ledger.followed().sign(NOW_S);

    await copy.write(async (writer) => {
      await writer.createAccounts(accounts([2n, 3n]));
      await writer.createTransfers(transfers(1, 11, () => ({ amount: 6n })));
    });
    await copyNote(ledger, copy);
    expect(() => copy.followed()).toThrow(LogDamaged);

    await richer.write(async (writer) => {
      await writer.createAccounts(accountsBatch(opening));
      await writer.createTransfers(transfers(1, 11));
    });
    await copyNote(ledger, richer);
    expect(() => richer.followed()).toThrow(
      /does not lead to the checkpoint .* it has 10 events and 3 accounts, signed were 10 and 3/,
    );
  });

  it('refuses a log that went another way and has more by now', async () => {
    await ledger.write((writer) => writer.createAccounts(accounts([1n, 2n])));
    const copy = await ledger.copy();
    await ledger.write((writer) => writer.createTransfers(transfers(1, 11)));
    ledger.followed().sign(NOW_S);
    await copy.write((writer) => writer.createTransfers(transfers(1, 30)));
    await copyNote(ledger, copy);
    expect(() => copy.followed()).toThrow(/it has 29 events .* signed were 10/);
  });

  it.each([
    ['transfers', (writer: LedgerWriter) => writer.createTransfers(transfers(51, 101))],
    ['accounts', (writer: LedgerWriter) => writer.createAccounts(accounts([3n]))],
  ])('refuses a log that lost %s which it signed', async (_, goOn) => {
    await ledger.write(async (writer) => {
      await writer.createAccounts(accounts([1n, 2n]));
      await writer.createTransfers(transfers(1, 51));
    });
    const copy = await ledger.copy();
    await ledger.write(goOn);
    ledger.followed().sign(NOW_S);
    await copyNote(ledger, copy);
    const shorter = copy.follow();
    expect(() => copy.read(shorter)).toThrow(LogDamaged);
    expect(shorter.checkpoint).toBeUndefined();
  });

  it('finds what it signed also after batches whose accounts were all refused', async () => {
    await ledger.write(async (writer) => {
      await writer.createAccounts(accounts([1n, 2n]));
      await writer.createTransfers(transfers(1, 5));
      await writer.createAccounts(accounts([1n]));
    });
    const signed = ledger.followed().sign(NOW_S);
    await ledger.write((writer) => writer.createAccounts(accounts([2n])));
    const again = ledger.followed();
    expect(again.checkpoint).toEqual(signed);
    expect(again.hasNews).toBe(false);
  });
});

describe('a follower beside a writer that packs its log', () => {
  const SMALL = { segmentPages: 300, groupPages: 273, snapshotPages: 100, sealEvents: 512 };
  const PACKED_BATCHES = 24;
  let writer: LedgerWriter;
  let follower: LedgerFollower;

  beforeEach(async () => {
    writer = await LedgerWriter.open(ledger.folder, SMALL);
    follower = ledger.follow({ segmentPages: SMALL.segmentPages });
    await writer.createAccounts(accounts([1n, 2n]));
  });
  afterEach(() => writer.close());
  const packed = async (): Promise<string[]> =>
    (await readdir(ledger.folder)).filter((name) => name.endsWith('.zst'));
  /** Writes on until segments were packed. */
  async function packSome(eachTime: () => void): Promise<void> {
    for (let batch = 0; batch < PACKED_BATCHES; batch++) {
      await writer.createTransfers(transfers(batch * 1_500 + 1, batch * 1_500 + 1_501));
      eachTime();
    }
    await expect
      .poll(async () => {
        await writer.settled();
        return packed();
      })
      .not.toEqual([]);
  }
  const readOn = (): void => {
    while (!follower.advance(writer.pages));
  };

  it('reads what was packed before it came so far', async () => {
    await packSome(() => undefined);
    readOn();
    expect(follower.sign(NOW_S).position.events).toBe(PACKED_BATCHES * 1_500);
    expect(verifyTransferProof(follower.proveTransfer(3n)!, key.vkey)).toBe(true);
  });

  it.skipIf(!existsSync('/proc/self/fd'))('holds no file that was deleted', async () => {
    await packSome(readOn);
    const [first] = await packed();
    let id = 100_000;
    // With each further segment it looks at the earlier ones.
    await expect
      .poll(async () => {
        id += 4_000;
        await writer.createTransfers(transfers(id, id + 4_000));
        readOn();
        return deletedFiles();
      })
      .not.toContain(join(ledger.folder, first!.replace('.zst', ' (deleted)')));
    follower.sign(NOW_S);
    expect(verifyTransferProof(follower.proveTransfer(3n)!, key.vkey)).toBe(true);
  });
  const deletedFiles = (): string[] =>
    readdirSync('/proc/self/fd')
      .map((name) => linkOf(`/proc/self/fd/${name}`))
      .filter((path) => path.endsWith('(deleted)'));
  const linkOf = (path: string): string => {
    try {
      return readlinkSync(path);
    } catch {
      // The one that listed the folder is closed by now.
      return '';
    }
  };
});

describe('what a follower signed last', () => {
  beforeEach(async () => {
    await ledger.write(async (writer) => {
      await writer.createAccounts(accounts([1n, 2n]));
      await writer.createTransfers(transfers(1, 11));
    });
  });

  it('is kept as two notes that can be told apart, and nothing is left half written', async () => {
    const signed = ledger.followed().sign(NOW_S);
    const parts = (await readFile(note(ledger), 'utf8')).split('\n===\n');
    expect(parts).toEqual([signed.transfers, signed.accounts]);
    expect(readTransfersNote(parts[0]!, key.vkey)).toMatchObject({ size: 10 });
    expect(readAccountsNote(parts[1]!, key.vkey)).toMatchObject({ size: 3 });
    expect(readAccountsNote(parts[0]!, key.vkey)).toBeUndefined();
    expect((await readdir(ledger.folder)).filter((name) => name.endsWith('.half'))).toEqual([]);
  });

  it.each([
    ['whose number is another', (text: string) => text.replace('\n10\n', '\n11\n')],
    ['that is cut off', (text: string) => text.slice(0, -40)],
    ['with one note only', (text: string) => text.split('\n===\n')[0]!],
    ['that is empty', () => ''],
  ])('is refused in a file %s', async (_, damage) => {
    ledger.followed().sign(NOW_S);
    await writeFile(note(ledger), damage(await readFile(note(ledger), 'utf8')));
    expect(() => ledger.follow()).toThrow(/checkpoint is damaged/);
  });

  it('is refused under another key, which is named, unless that is a former one', async () => {
    const signed = ledger.followed().sign(NOW_S);
    const [was, is] = [keyIdHex(key.vkey), keyIdHex(other.vkey)];
    expect(() => ledger.follow(other)).toThrow(
      new RegExp(`signed by the key .*\\+${was}, not by .*\\+${is}`),
    );

    const follower = ledger.followed({ ...other, formerKeys: [formatVkey(key.vkey)] });
    // It is signed again, so that proofs are of the key of now.
    expect([follower.checkpoint, follower.hasNews]).toEqual([undefined, true]);
    const again = follower.sign(NOW_S + 1);
    expect(again.position).toEqual(signed.position);
    expect(verifyTransferProof(follower.proveTransfer(3n)!, other.vkey)).toBe(true);
    expect(ledger.followed(other).checkpoint).toEqual(again);
  });

  it('binds under a former key as well', async () => {
    const copy = await ledger.copy();
    await ledger.write((writer) => writer.createTransfers(transfers(11, 21)));
    ledger.followed().sign(NOW_S);
    await copyNote(ledger, copy);
    expect(() => copy.followed({ ...other, formerKeys: [formatVkey(key.vkey)] })).toThrow(
      LogDamaged,
    );
  });
});

describe('news for a follower', () => {
  it('are accounts that were opened, and events that were refused', async () => {
    await ledger.write((writer) => writer.createAccounts(accounts([1n, 2n])));
    const follower = ledger.followed();
    expect(follower.hasNews).toBe(true);
    follower.sign(NOW_S);
    expect(follower.hasNews).toBe(false);

    await ledger.write((writer) => writer.createAccounts(accounts([3n])));
    expect(ledger.read(follower).hasNews).toBe(true);
    expect(follower.proveBalance(3n)).toBeUndefined();
    follower.sign(NOW_S + 1);
    expect(verifyBalanceProof(follower.proveBalance(3n)!, key.vkey)).toBe(true);
    expect(follower.hasNews).toBe(false);

    await ledger.write((writer) => writer.createTransfers(transfers(1, 2, () => ({ debit: 99n }))));
    expect(ledger.read(follower).hasNews).toBe(true);
    expect(follower.sign(NOW_S + 2).position.events).toBe(1);
  });

  it('are not accounts that were refused', async () => {
    await ledger.write((writer) => writer.createAccounts(accounts([1n, 2n])));
    const follower = ledger.followed();
    follower.sign(NOW_S);
    await ledger.write((writer) => writer.createAccounts(accounts([1n])));
    expect(ledger.read(follower).hasNews).toBe(false);
  });
});
