import { createConnection } from 'node:net';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { arriving, inPlace } from '../src/arrival.ts';
import { qdrive } from '../src/contract.ts';
import {
  announced,
  begin,
  codeOf,
  madeBytes,
  MIB,
  partOf,
  sendPart,
  startDrive,
  until,
  type Drive,
} from './support.ts';

let drive: Drive;
beforeAll(async () => {
  drive = await startDrive();
});
afterEach(() => vi.restoreAllMocks());
afterAll(() => drive.close());

const collect = async (body: AsyncIterable<Uint8Array>): Promise<number> => {
  let bytes = 0;
  for await (const piece of body) bytes += piece.length;
  return bytes;
};

describe('the pieces of a part', () => {
  it('pass while they come in time', async () => {
    async function* quick() {
      yield new Uint8Array(3);
      yield new Uint8Array(4);
    }
    expect(await collect(arriving(quick(), 10_000))).toBe(7);
  });

  it('end when the time is over, though the sender neither sends nor stops', async () => {
    async function* stuck() {
      yield new Uint8Array(3);
      await new Promise(() => {});
    }
    await expect(collect(arriving(stuck(), 20))).rejects.toMatchObject({ code: 'REQUEST_TIMEOUT' });
  });

  it('end when the time is over, though a byte comes now and then', async () => {
    async function* drip() {
      for (;;) {
        await new Promise((resolve) => setTimeout(resolve, 5));
        yield new Uint8Array(1);
      }
    }
    await expect(collect(arriving(drip(), 40))).rejects.toMatchObject({ code: 'REQUEST_TIMEOUT' });
  });
});

describe('the places for parts', () => {
  it('are eight of one owner and 64 of all, and free again however a part ends', async () => {
    const gate = Promise.withResolvers<void>();
    const hold = (owner: string) => inPlace(owner, () => gate.promise);
    const held = Array.from({ length: 64 }, (_, i) => hold(`owner ${Math.floor(i / 8)}`));
    await expect(hold('owner 0')).rejects.toMatchObject({ code: 'RATE_LIMIT_EXCEEDED' });
    await expect(hold('another')).rejects.toMatchObject({ code: 'SERVICE_UNAVAILABLE' });
    gate.reject(new Error('broken off'));
    for (const part of held) await expect(part).rejects.toThrow('broken off');
    await expect(inPlace('owner 0', async () => 'taken')).resolves.toBe('taken');
  });

  it('are left to others by somebody who sends slowly', async () => {
    const content = madeBytes(12 * MIB);
    const slow = await begin(await drive.node.person('Slow'), content);
    const { port } = new URL(drive.url);
    let refused = 0;
    const sockets = Array.from({ length: 12 }, (_, index) => {
      const socket = createConnection(Number(port), '127.0.0.1');
      socket.on('error', () => undefined);
      socket.once('data', () => {
        refused += 1;
      });
      socket.write(
        `PUT ${slow.url}/${index} HTTP/1.1\r\nHost: localhost\r\nContent-Length: ${MIB}\r\n\r\nx`,
      );
      return socket;
    });
    try {
      // Eight of the twelve hold a place; a part that came before them would take one of theirs.
      await until(async () => refused === 4);
      expect(codeOf(await sendPart(drive, slow, 11, partOf(content, 11)))).toBe(
        'RATE_LIMIT_EXCEEDED',
      );
      const small = madeBytes(5);
      const mine = await begin(drive.alice, small);
      expect(codeOf(await sendPart(drive, mine, 0, small))).toBe('SUCCESS');
    } finally {
      for (const socket of sockets) socket.destroy();
    }
  });
});

describe('completing', () => {
  const content = madeBytes(MIB + 1);
  const ready = async () => {
    const upload = await begin(drive.alice, content);
    for (const index of [0, 1]) await sendPart(drive, upload, index, partOf(content, index));
    return { uploadId: upload.uploadId, ...(await announced(content)) };
  };
  const blocks = () => drive.node.kernel.services.blocks;

  it('reads nothing where length or root differ from what is stored', async () => {
    const said = await ready();
    const reads = vi.spyOn(blocks(), 'get');
    const otherCid = 'bafkreihdwdcefgh4dqkjv67uzcmw7ojee6xedzdetojuzjevtenxquvyku';
    for (const wrong of [{ bytes: 1 }, { cid: otherCid }])
      expect(await drive.alice.result(qdrive.complete, { ...said, ...wrong })).toMatchObject({
        code: 'CONTENT_DIGEST_MISMATCH',
        details: { expected: wrong },
      });
    expect(reads).not.toHaveBeenCalled();
    expect(codeOf(await drive.alice.result(qdrive.complete, said))).toBe('SUCCESS');
    expect(reads).toHaveBeenCalled();
  });

  it('reads an upload once at a time', async () => {
    const said = await ready();
    const gate = Promise.withResolvers<void>();
    const reallyGet = blocks().get.bind(blocks());
    const entered = Promise.withResolvers<void>();
    vi.spyOn(blocks(), 'get').mockImplementation(async (cid) => {
      entered.resolve();
      await gate.promise;
      return reallyGet(cid);
    });
    const first = drive.alice.result(qdrive.complete, said);
    await entered.promise;
    expect(await drive.alice.result(qdrive.complete, said)).toMatchObject({
      code: 'CALL_IN_PROGRESS',
      details: { retryAfter_ms: 500 },
    });
    gate.resolve();
    expect(codeOf(await first)).toBe('SUCCESS');
    expect(codeOf(await drive.alice.result(qdrive.complete, said))).toBe('STATE_CONFLICT');
  });
});
