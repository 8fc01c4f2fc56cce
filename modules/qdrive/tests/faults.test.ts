import { ContentError } from '@anarq/content';
import fc from 'fast-check';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
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
  type Drive,
} from './support.ts';

let drive: Drive;
beforeAll(async () => {
  drive = await startDrive();
});
afterEach(() => vi.restoreAllMocks());
afterAll(() => drive.close());

const content = madeBytes(3 * MIB + 11);
const blocks = () => drive.node.kernel.services.blocks;

describe('a disk that fails', () => {
  it('full: the part is refused as retryable, and taken once there is room', async () => {
    const upload = await begin(drive.alice, content);
    vi.spyOn(blocks(), 'put').mockRejectedValueOnce(new ContentError('STORAGE_FULL', 'full'));
    const refused = await sendPart(drive, upload, 0, partOf(content, 0));
    expect(refused).toMatchObject({ code: 'QDRIVE_STORAGE_FULL', retryable: true });
    const { received } = await drive.alice.call(qdrive.upload, { uploadId: upload.uploadId });
    expect(received).toBe(0);
    for (let i = 0; i < 4; i += 1)
      expect(codeOf(await sendPart(drive, upload, i, partOf(content, i)))).toBe('SUCCESS');
    const input = { uploadId: upload.uploadId, ...(await announced(content)) };
    expect(codeOf(await drive.alice.result(qdrive.complete, input))).toBe('SUCCESS');
  });

  it('damaged: no file is made of an upload that cannot be read back', async () => {
    const upload = await begin(drive.alice, content);
    for (let i = 0; i < 4; i += 1) await sendPart(drive, upload, i, partOf(content, i));
    vi.spyOn(blocks(), 'get').mockRejectedValueOnce(new ContentError('CORRUPT', 'other hash'));
    const input = { uploadId: upload.uploadId, ...(await announced(content)) };
    expect(codeOf(await drive.alice.result(qdrive.complete, input))).toBe('IPFS_UNAVAILABLE');
    const { state } = await drive.alice.call(qdrive.upload, { uploadId: upload.uploadId });
    expect(state).toBe('OPEN');
    expect(codeOf(await drive.alice.result(qdrive.complete, input))).toBe('SUCCESS');
  });

  it('damaged under a download: the answer is an error, not other bytes', async () => {
    const { fileId } = await put(drive, content);
    const ticket = await drive.alice.call(qdrive.get, { fileId });
    vi.spyOn(blocks(), 'get').mockRejectedValueOnce(new ContentError('CORRUPT', 'other hash'));
    const response = await fetchTicket(drive, ticket);
    expect(response.status).toBe(503);
    expect(await response.json()).toMatchObject({ code: 'IPFS_UNAVAILABLE' });
  });
});

describe('an upload that ends while a part is on its way', () => {
  it('refuses the part and keeps no block of it', async () => {
    const upload = await begin(drive.alice, content);
    const before = await countBlocks(drive.node);
    const reallyPut = blocks().put.bind(blocks());
    vi.spyOn(blocks(), 'put').mockImplementationOnce(async (sealed) => {
      await drive.alice.call(qdrive.abort, { uploadId: upload.uploadId });
      return reallyPut(sealed);
    });
    const refused = await sendPart(drive, upload, 0, partOf(content, 0));
    expect(refused).toMatchObject({ code: 'STATE_CONFLICT', details: { state: 'ABORTED' } });
    expect(await countBlocks(drive.node)).toBe(before);
  });
});

describe('whatever the order', () => {
  it('parts sent in any order, some several times, make the same file', async () => {
    const said = await announced(content);
    const orders = fc.array(fc.nat(3), { maxLength: 4 });
    const property = fc.asyncProperty(orders, async (order) => {
      const upload = await begin(drive.alice, content);
      const sent = await Promise.all(
        [...order, 0, 1, 2, 3].map((i) => sendPart(drive, upload, i, partOf(content, i))),
      );
      expect(new Set(sent.map(codeOf))).toEqual(new Set(['SUCCESS']));
      const file = await drive.alice.call(qdrive.complete, { uploadId: upload.uploadId, ...said });
      expect(file.cid).toBe(said.cid);
    });
    await fc.assert(property, { numRuns: 10 });
  });

  it('any range of either form is that slice of the whole', async () => {
    const { fileId } = await put(drive, content);
    const whole = new Map<string, Uint8Array>();
    for (const form of ['plain', 'sealed'] as const) {
      const ticket = await drive.alice.call(qdrive.get, { fileId, form });
      whole.set(form, await bodyOf(await fetchTicket(drive, ticket)));
    }
    const forms = fc.constantFrom('plain' as const, 'sealed' as const);
    const property = fc.asyncProperty(forms, fc.nat(), fc.nat(), async (form, a, b) => {
      const all = whole.get(form) ?? new Uint8Array(0);
      const start = a % all.length;
      const last = start + (b % (all.length - start));
      const ticket = await drive.alice.call(qdrive.get, { fileId, form });
      const headers = { range: `bytes=${start}-${last}` };
      const part = await bodyOf(await fetchTicket(drive, ticket, { headers }));
      expect(printOf(part)).toBe(printOf(all.slice(start, last + 1)));
    });
    await fc.assert(property, { numRuns: 30 });
  });
});
