import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { qdrive } from '../src/contract.ts';
import {
  announced,
  begin,
  bodyOf,
  codeOf,
  countBlocks,
  fetchTicket,
  madeBytes,
  MIB,
  partOf,
  printOf,
  put,
  sendPart,
  startDrive,
  until,
  type Drive,
  type File,
} from './support.ts';

const DAY_MS = 24 * 3_600_000;
const content = madeBytes(2 * MIB + 77);

let drive: Drive;
let later_ms = 0;
let kept: File;

beforeEach(async () => {
  later_ms = 0;
  drive = await startDrive({ now_ms: () => Date.now() + later_ms });
  kept = await put(drive, content);
});
afterEach(async () => {
  // Whatever a test swept: the file that stayed is whole.
  const ticket = await drive.alice.call(qdrive.get, { fileId: kept.fileId }, { skew_ms: later_ms });
  const found = printOf(await bodyOf(await fetchTicket(drive, ticket)));
  await drive.close();
  if (found !== printOf(content)) throw new Error(`The file that stayed is now ${found}.`);
});

const sweep = () => drive.alice.call(qdrive.sweep, {}, { skew_ms: later_ms });
const rowsOf = async (table: string): Promise<number> => {
  const [row] = await drive.node.store.read(`SELECT count(*) AS n FROM ${table}`);
  return row?.['n'] as number;
};

describe('what nobody needs is deleted', () => {
  it('after a file is removed: blocks, and then their rows', async () => {
    const { fileId } = await put(drive, madeBytes(3 * MIB, 4));
    expect(await countBlocks(drive.node)).toBe(6);
    await drive.alice.call(qdrive.remove, { fileId });
    await until(async () => (await countBlocks(drive.node)) === 3);
    await sweep();
    expect(await rowsOf('qdrive_part')).toBe(3);
    expect(await rowsOf('qdrive_garbage')).toBe(0);
  });

  it('after an upload is given up', async () => {
    const upload = await begin(drive.alice, madeBytes(3 * MIB, 4));
    await sendPart(drive, upload, 2, madeBytes(MIB, 4));
    const { uploadId } = upload;
    expect(await drive.alice.call(qdrive.abort, { uploadId })).toMatchObject({ state: 'ABORTED' });
    await until(async () => (await countBlocks(drive.node)) === 3);
    expect(codeOf(await sendPart(drive, upload, 1, madeBytes(MIB, 4)))).toBe('STATE_CONFLICT');
    const input = { uploadId, ...(await announced(content)) };
    expect(codeOf(await drive.alice.result(qdrive.complete, input))).toBe('STATE_CONFLICT');
  });

  it('after an upload expires: it takes no part, and a later call sweeps it', async () => {
    const upload = await begin(drive.alice, content);
    await sendPart(drive, upload, 0, partOf(content, 0));
    later_ms = DAY_MS + 1;
    const { uploadId } = upload;
    const seen = await drive.alice.call(qdrive.upload, { uploadId }, { skew_ms: later_ms });
    expect(seen.state).toBe('EXPIRED');
    expect(codeOf(await sendPart(drive, upload, 1, partOf(content, 1)))).toBe('TICKET_INVALID');
    // The first sweep ends the upload for good, the second deletes what it had.
    expect(await sweep()).toEqual({ blocks: 0, more: true });
    expect(await sweep()).toEqual({ blocks: 1, more: false });
    expect(await countBlocks(drive.node)).toBe(3);
    expect(await rowsOf('qdrive_garbage')).toBe(0);
  });

  it('by the next upload that begins', async () => {
    const upload = await begin(drive.alice, content);
    await sendPart(drive, upload, 0, partOf(content, 0));
    later_ms = DAY_MS + 1;
    for (let i = 0; i < 2; i += 1)
      await drive.alice.call(
        qdrive.begin,
        { name: 'next.txt', bytes: 0, mediaType: 'text/plain' },
        { skew_ms: later_ms },
      );
    expect(await countBlocks(drive.node)).toBe(3);
  });

  it('when a node starts again, also what a crash left half done', async () => {
    // As a crash between row and block, or between block and row, leaves it.
    const upload = await begin(drive.alice, content);
    const [row] = await drive.node.store.read(
      'SELECT tenant, file_id FROM qdrive_upload WHERE id = :id',
      { id: upload.uploadId },
    );
    const stray = await drive.node.kernel.services.blocks.put(madeBytes(100, 8));
    await drive.node.store.commit([
      {
        sql: `INSERT INTO qdrive_part (tenant, file, block, idx, leaf, bytes, received, created_ms)
              VALUES (:tenant, :file, :block, 0, 'leaf', 100, 0, 0)`,
        params: { tenant: row!['tenant']!, file: row!['file_id']!, block: stray.cid },
      },
    ]);
    const { uploadId } = upload;
    await drive.alice.call(qdrive.abort, { uploadId });
    await drive.node.restart();
    await until(async () => (await rowsOf('qdrive_garbage')) === 0);
    expect(await countBlocks(drive.node)).toBe(3);
    expect(await rowsOf('qdrive_part')).toBe(3);
  });

  it('when an upload is completed, the blocks that lost their place', async () => {
    const upload = await begin(drive.alice, content);
    const stray = await drive.node.kernel.services.blocks.put(madeBytes(100, 8));
    await drive.node.store.commit([
      {
        sql: `INSERT INTO qdrive_part (tenant, file, block, idx, leaf, bytes, received, created_ms)
              SELECT tenant, file_id, :block, 0, 'leaf', 100, 0, 0 FROM qdrive_upload WHERE id = :id`,
        params: { id: upload.uploadId, block: stray.cid },
      },
    ]);
    for (let i = 0; i < 3; i += 1) await sendPart(drive, upload, i, partOf(content, i));
    const input = { uploadId: upload.uploadId, ...(await announced(content)) };
    await drive.alice.call(qdrive.complete, input);
    expect(await countBlocks(drive.node)).toBe(6);
  });

  it('but ended uploads are remembered for a month', async () => {
    later_ms = 29 * DAY_MS;
    await sweep();
    expect(await rowsOf('qdrive_upload')).toBe(1);
    later_ms = 31 * DAY_MS;
    await sweep();
    expect(await rowsOf('qdrive_upload')).toBe(0);
  });
});

describe('limits', () => {
  it('an owner has at most 100 uploads open, also when many begin at once', async () => {
    const input = { name: 'a.txt', bytes: 1, mediaType: 'text/plain' };
    const bob = await drive.node.person('Bob');
    for (let i = 0; i < 96; i += 1) await bob.call(qdrive.begin, input);
    const results = await Promise.all(
      Array.from({ length: 10 }, () => bob.result(qdrive.begin, input)),
    );
    const begun = results.filter(({ status }) => status === 'ok').length;
    expect(begun).toBeLessThanOrEqual(4);
    for (let i = begun; i < 4; i += 1) await bob.call(qdrive.begin, input);
    expect(codeOf(await bob.result(qdrive.begin, input))).toBe('LIMIT_EXCEEDED');
    // Others are not held up by it.
    expect(codeOf(await drive.alice.result(qdrive.begin, input))).toBe('SUCCESS');
  });

  it('a file has at most 1 TiB', async () => {
    const input = { name: 'a.bin', bytes: 2 ** 40, mediaType: 'text/plain' };
    expect((await drive.alice.call(qdrive.begin, input)).parts).toBe(1_048_576);
    const more = await drive.alice.result(qdrive.begin, { ...input, bytes: 2 ** 40 + 1 });
    expect(codeOf(more)).toBe('INPUT_INVALID');
  });
});
