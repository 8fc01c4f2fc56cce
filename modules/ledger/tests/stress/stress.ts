import { cpSync, rmSync } from 'node:fs';
import { AccountFlag, transferResultOf } from '@anarq/ledger-engine';
import {
  accountOf,
  accountsBatch,
  LedgerModel,
  plainAccount,
  transfersBatch,
  type ModelTransfer,
} from '@anarq/ledger-engine/testing';
import { expect } from 'vitest';
import { LedgerWriter, type WriterOptions } from '../../src/engine/index.ts';
import { FrameKind } from '../../src/socket/frames.ts';
import { ids, serveLedger, type ServedLedger } from '../servedLedger.ts';
import { ChoppedClient, turns, type Answer } from './choppedClient.ts';
import { ACCOUNTS, Orders } from './orders.ts';
import { Random } from './random.ts';

/** So small that segments are packed, snapshots kept and indexes written away all the time. */
const SMALL: WriterOptions = {
  segmentPages: 300,
  groupPages: 280,
  snapshotPages: 150,
  sealEvents: 1_024,
};
const SENDERS = 6;
const BATCHES = 9;
/** Batches that one connection has under way. */
const DEPTH = 3;

/** A batch that was sent, and what it was answered. */
interface Sent {
  readonly sender: number;
  /** Which batch of its sender it is. */
  readonly number: number;
  readonly transfers: readonly ModelTransfer[];
  readonly answer: Answer;
}

const ordinalOf = ({ answer }: Sent): number => Number(answer.body.readBigUInt64LE(8));
const timeOf = ({ answer }: Sent): bigint => answer.body.readBigUInt64LE(0);

/** One result for each of so many transfers. */
function resultsIn({ header, body }: Answer, transfers: number): string[] {
  expect(header.kind).toBe(FrameKind.RESULTS);
  const results = Array.from({ length: transfers }, () => 'created');
  for (let at = 16; at < body.byteLength; at += 8)
    results[body.readUInt32LE(at)] = transferResultOf(body.readUInt32LE(at + 4));
  return results;
}

/** One sender: some batches at once, each a copy that is in nobody else's memory. */
async function send(
  served: ServedLedger,
  sender: number,
  orders: Orders,
  random: Random,
): Promise<Sent[]> {
  const client = await ChoppedClient.open(served.path, random);
  const sent: Sent[] = [];
  let number = 0;
  const bring = async (): Promise<void> => {
    const own = number++;
    const transfers = orders.batchOf(sender);
    const records = transfersBatch(transfers);
    const answer = await client.ask(FrameKind.CREATE_TRANSFERS, transfers.length, records);
    sent.push({ sender, number: own, transfers, answer });
  };
  for (let batch = 0; batch < BATCHES; batch += DEPTH) {
    await Promise.all(Array.from({ length: DEPTH }, bring));
    if (random.isOneIn(2)) await breakOff(served, orders, random);
  }
  client.close();
  return sent;
}

/** Somebody who is gone in the middle of a large batch, of which nothing happens. */
async function breakOff(served: ServedLedger, orders: Orders, random: Random): Promise<void> {
  const client = await ChoppedClient.open(served.path, random);
  const lost = new Orders(random);
  const transfers = Array.from({ length: 3 }, () => lost.batchOf(SENDERS + 1)).flat();
  await client.breakOff(
    FrameKind.CREATE_TRANSFERS,
    transfers.length,
    transfersBatch(transfers.slice(0, 8_190)),
  );
  await turns(2);
}

/** What the model says of the batches, in the order in which the ledger took them. */
function checkWithModel(sent: readonly Sent[], model: LedgerModel): void {
  const latest = new Map<number, number>();
  let next = 0;
  for (const batch of sent.toSorted((a, b) => ordinalOf(a) - ordinalOf(b))) {
    expect(ordinalOf(batch)).toBe(next);
    next += batch.transfers.length;
    const expected = model.createTransfers(batch.transfers, timeOf(batch));
    expect(resultsIn(batch.answer, batch.transfers.length)).toEqual(expected);
    // Those of one sender came in their order.
    expect(batch.number).toBe((latest.get(batch.sender) ?? -1) + 1);
    latest.set(batch.sender, batch.number);
  }
}

/** All accounts, and one in so many transfers: each is looked for in files. */
const LOOKED_AT = 9;

/** As bytes: to compare thousands of objects takes longer than everything else. */
function checkBooks({ state: { queries } }: LedgerWriter, model: LedgerModel): void {
  const accounts = [...model.accounts.keys()].map((id) => queries.account(id)!);
  expect(Buffer.concat(accounts).equals(accountsBatch([...model.accounts.values()]))).toBe(true);
  const some = [...model.transfers.values()].filter((_, index) => index % LOOKED_AT === 0);
  const transfers = some.map(({ id }) => queries.transfer(id)!);
  expect(Buffer.concat(transfers).equals(transfersBatch(some))).toBe(true);
}

/**
 * What a crash at this moment leaves: indexes that are written behind are half there, or not at all,
 * and so are snapshots and packed segments.
 */
async function crashed(folder: string): Promise<string> {
  const copy = `${folder}-crashed`;
  for (;;)
    try {
      cpSync(folder, copy, { recursive: true, filter: (path) => !path.endsWith('socket') });
      return copy;
    } catch (error) {
      // A file got its last name, or was packed, while its folder was read.
      if (!(error instanceof Error && 'code' in error && error.code === 'ENOENT')) throw error;
      rmSync(copy, { recursive: true, force: true });
      await turns(1);
    }
}

/**
 * Many senders at once bring batches of any size to one ledger, in pieces of any length; some read late,
 * some are gone in the middle of a frame. All they are answered, and what is in the books, is held
 * to the plain model; so is what a copy of the files has, as a crash would leave it.
 * @returns how many transfers were sent
 */
export async function stress(seed: number): Promise<number> {
  const served = await serveLedger(() => ({ check: () => undefined }), {}, SMALL);
  const model = new LedgerModel();
  const opened = Array.from({ length: ACCOUNTS }, (_, index) =>
    plainAccount(BigInt(index + 1), {
      flags: index % 7 === 0 ? AccountFlag.DEBITS_MUST_NOT_EXCEED_CREDITS : 0,
    }),
  );
  const { timestamp } = await served.writer.createAccounts(accountsBatch(opened));
  model.createAccounts(opened, timestamp);
  const orders = new Orders(new Random(seed));
  const all = await Promise.all(
    Array.from({ length: SENDERS }, (_, sender) =>
      send(served, sender, orders, new Random(seed * 31 + sender)),
    ),
  );
  const sent = all.flat();
  checkWithModel(sent, model);
  checkBooks(served.writer, model);
  const copy = await crashed(served.folder);
  const again = await LedgerWriter.open(copy, SMALL);
  expect(again.state.stateHash()).toEqual(served.writer.state.stateHash());
  for (const { transfers } of sent) {
    const { results, timestamp: at } = await again.createTransfers(transfersBatch(transfers));
    expect([...results].map(transferResultOf)).toEqual(model.createTransfers(transfers, at));
  }
  checkBooks(again, model);
  await again.close();
  rmSync(copy, { recursive: true, force: true });
  const [found] = await (await served.client()).lookupAccounts(ids(1n));
  expect(accountOf(found!).id).toBe(1n);
  await served.close();
  return sent.reduce((sum, { transfers }) => sum + transfers.length, 0);
}
