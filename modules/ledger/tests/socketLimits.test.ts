import { connect, type Socket } from 'node:net';
import { join } from 'node:path';
import { accountOf, transferOf } from '@anarq/ledger-engine/testing';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { FrameReader } from '../src/socket/frameReader.ts';
import {
  BODY_BYTES_MAX,
  FRAME_BYTES,
  FrameKind,
  frameOf,
  jsonBody,
  type FrameHeader,
} from '../src/socket/frames.ts';
import type { Desk } from '../src/socket/desk.ts';
import { LedgerClient, LedgerServer, type Admission } from '../src/socket/index.ts';
import { accounts, transfers } from './engine/records.ts';
import {
  ids,
  knowsSecret,
  messageIn,
  openFrame,
  SECRET,
  sendRaw,
  serveLedger,
  type ServedLedger,
} from './servedLedger.ts';

const RECORDS = 8_190;
const anything: Admission = { check: () => undefined };

/** Whoever says that they come later is let in when the test says so. */
let letIn: (admission: Admission) => void;
let served: ServedLedger;
const sockets: Socket[] = [];

beforeEach(async () => {
  const later = new Promise<Admission>((resolve) => (letIn = resolve));
  served = await serveLedger(
    ({ secret }) => (secret === 'later' ? later : knowsSecret(secret) ? anything : undefined),
    { openWithin_ms: 60_000 },
  );
});
afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.destroy();
  await served.close();
});

/** A client of bytes that reads nothing until it is told to. */
function connectRaw(path = served.path): Socket {
  const socket = connect({ path, allowHalfOpen: true });
  socket.on('error', () => undefined);
  sockets.push(socket);
  return socket;
}

/** So many turns of the server and the writer that whatever could have gone on has. */
async function manyTurns(other: LedgerClient, look: () => void): Promise<void> {
  for (let turn = 0; turn < 300; turn++) {
    await other.lookupAccounts(ids(1n));
    look();
  }
}

/** The headers of the frames that a client gets, once there are so many. */
function framesOf(socket: Socket, count: number): Promise<FrameHeader[]> {
  return new Promise((resolve) => {
    const headers: FrameHeader[] = [];
    const reader = new FrameReader((header) => {
      headers.push(header);
      if (headers.length === count) resolve(headers);
    }, BODY_BYTES_MAX);
    socket.on('data', (piece) => {
      reader.push(piece);
    });
  });
}

describe('a client of the ledger’s socket that does not read', () => {
  it('gets all its answers when it does, and they do not pile up meanwhile', async () => {
    const other = await served.client();
    await other.createAccounts(accounts([1n, 2n]));
    await other.createTransfers(transfers(1, RECORDS + 1));
    const slow = connectRaw();
    slow.write(openFrame());
    // Each of a few bytes, and each answer is a mebibyte.
    const question = jsonBody({ accountId: '1' });
    const asked = 40;
    for (let request = 0; request < asked; request++)
      slow.write(frameOf(FrameKind.ACCOUNT_TRANSFERS, request, 0, question));
    let highest = 0;
    await manyTurns(other, () => {
      for (const { writableLength } of served.server.sockets)
        highest = Math.max(highest, writableLength);
    });
    expect(highest).toBeGreaterThan(RECORDS * 64);
    expect(highest).toBeLessThan(2 * BODY_BYTES_MAX);
    const [opened, ...answers] = await framesOf(slow, asked + 1);
    expect(opened?.kind).toBe(FrameKind.OPENED);
    expect(answers.map(({ request }) => request)).toEqual(
      Array.from({ length: asked }, (_, n) => n),
    );
    expect(answers.every(({ count }) => count === RECORDS)).toBe(true);
  });

  it('is not read while many of its requests are open, however small, and gets all answers', async () => {
    const other = await served.client();
    const flood = connectRaw();
    flood.write(frameOf(FrameKind.OPEN, 0, 0, jsonBody({ secret: 'later' })));
    const asked = 20_000;
    const empty = Buffer.concat(
      Array.from({ length: asked }, (_, request) =>
        frameOf(FrameKind.LOOKUP_ACCOUNTS, request, 0, Buffer.alloc(0)),
      ),
    );
    flood.write(empty);
    await manyTurns(other, () => undefined);
    const { bytesRead } = served.server.sockets.at(-1)!;
    expect(bytesRead).toBeGreaterThan(2_048 * FRAME_BYTES);
    expect(bytesRead).toBeLessThan(empty.byteLength / 2);
    letIn(anything);
    const answers = await framesOf(flood, asked + 1);
    expect(answers.at(-1)?.request).toBe(asked - 1);
    expect(answers.slice(1).every(({ kind }) => kind === FrameKind.RECORDS)).toBe(true);
  });
});

describe('what one client asks for', () => {
  it('is refused where everybody else would wait long for it, and answered when it is narrowed', async () => {
    const other = await served.client();
    await other.createAccounts(accounts([1n, 2n]));
    for (let batch = 0; batch < 13; batch++)
      await other.createTransfers(transfers(batch * RECORDS + 1, (batch + 1) * RECORDS + 1));
    const all = { accountId: 1n, limit: 10, debits: true, credits: true };
    expect(await other.accountTransfers(all)).toHaveLength(10);
    const none = { ...all, code: 7 };
    await expect(other.accountTransfers(none)).rejects.toMatchObject({
      code: 'LIMIT_EXCEEDED',
      message: expect.stringContaining('100000'),
    });
    // Numbers beyond their bits are not cut down to those of another account.
    for (const wrong of [{ accountId: 2n ** 128n + 1n }, { timestampMin: 2n ** 64n }])
      await expect(other.accountTransfers({ ...all, ...wrong })).rejects.toMatchObject({
        code: 'INPUT_INVALID',
        message: expect.stringMatching(/below 2\^(128|64)/),
      });
    const [last] = await other.accountTransfers({ ...all, isReversed: true });
    const { timestamp } = transferOf(last!);
    expect(await other.accountTransfers({ ...none, timestampMin: timestamp })).toEqual([]);
  });
});

describe('memory of large batches', () => {
  it('is nobody’s else while somebody has it, also where it was given back twice', async () => {
    const kept: Uint8Array[] = [];
    const answer = { results: new Uint32Array(), timestamp: 1n, ordinal: 0, page: 0 };
    const desk: Desk = {
      createAccounts: () => Promise.resolve(answer),
      createTransfers: (records, done) => {
        // The first is done with twice; the others are still at work.
        if (kept.push(records) === 1) {
          done();
          done();
        }
        return Promise.resolve(answer);
      },
      find: () => Promise.resolve([]),
    };
    const path = join(served.folder, 'other-socket');
    const server = await LedgerServer.serve(
      { open: () => Promise.resolve(desk), settled: () => Promise.resolve() },
      { listen: { path } },
    );
    const client = await LedgerClient.connect({ path }, {});
    for (let batch = 0; batch < 3; batch++) await client.createTransfers(transfers(1, 1_001));
    expect(kept).toHaveLength(3);
    expect(kept[1]?.buffer).toBe(kept[0]?.buffer);
    expect(kept[2]?.buffer).not.toBe(kept[1]?.buffer);
    await client.close();
    await server.close();
  });
});

describe('a stranger on the ledger’s socket', () => {
  it('sends no large body before it is open, and may after', async () => {
    const large = frameOf(FrameKind.OPEN, 1, 0, Buffer.alloc(65_537));
    expect(messageIn(await sendRaw(served.path, large))).toMatchObject({
      code: 'INPUT_INVALID',
      message: expect.stringContaining('65536'),
    });
    const padded = { secret: SECRET, padding: '' };
    padded.padding = 'x'.repeat(65_536 - jsonBody(padded).byteLength);
    const one = connectRaw();
    one.write(frameOf(FrameKind.OPEN, 1, 0, jsonBody(padded)));
    const [opened] = await framesOf(one, 1);
    expect(opened?.kind).toBe(FrameKind.OPENED);
    const two = await served.client();
    await two.createAccounts(accounts([1n, 2n]));
    await two.createTransfers(transfers(1, RECORDS + 1));
    const [seen] = await two.lookupAccounts(ids(1n));
    expect(accountOf(seen!).debitsPosted).toBe(5n * BigInt(RECORDS));
  });

  it('is cut off when it does not open in time, though a byte comes now and then', async () => {
    const brief = await serveLedger(() => anything, { openWithin_ms: 500 });
    const other = await brief.client();
    const header = frameOf(FrameKind.OPEN, 1, 0, Buffer.alloc(60_000)).subarray(0, FRAME_BYTES);
    const dripping = connectRaw(brief.path);
    dripping.write(header);
    const drip = setInterval(() => dripping.write('x'), 20);
    await new Promise((resolve) => dripping.once('close', resolve));
    clearInterval(drip);
    // Whoever opened is not cut off, idle as they were.
    expect(await other.lookupAccounts(ids(1n))).toEqual([]);
    await brief.close();
  });

  it('keeps no place from whoever opens, however many of them say nothing', async () => {
    const small = await serveLedger(({ secret }) => (knowsSecret(secret) ? anything : undefined), {
      openWithin_ms: 60_000,
      connectionsMax: 4,
    });
    const [one, two] = [await small.client(), await small.client()];
    const silent = Array.from({ length: 20 }, () => connectRaw(small.path));
    // Of two places for all of them, those that came last have one.
    const ended = silent
      .slice(0, 18)
      .map((socket) => new Promise((resolve) => socket.once('end', resolve)));
    for (const socket of silent) socket.resume();
    await Promise.all(ended);
    const [three, four] = [await small.client(), await small.client()];
    // Whoever has opened keeps its place, and nobody else finds one.
    await expect(small.client()).rejects.toThrow('the connection to the ledger ended');
    for (const each of [one, two, three, four])
      expect(await each.lookupAccounts(ids(1n))).toEqual([]);
    await four.close();
    const { sockets: left } = small.server;
    await expect.poll(() => left.filter(({ destroyed }) => !destroyed)).toHaveLength(3);
    expect(await (await small.client()).lookupAccounts(ids(1n))).toEqual([]);
    await small.close();
  });

  it('that sends what is no frame is told, and cut off though it goes on and never hangs up', async () => {
    const wrong = connectRaw();
    const got: Buffer[] = [];
    wrong.on('data', (piece: Buffer) => got.push(piece));
    wrong.write(Buffer.alloc(4 << 20, 'no frame'));
    const more = setInterval(() => wrong.write(Buffer.alloc(1_024)), 20);
    await new Promise((resolve) => wrong.once('close', resolve));
    clearInterval(more);
    expect(messageIn(Buffer.concat(got))).toMatchObject({ code: 'INPUT_INVALID' });
  });
});
