import { request } from 'node:http';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
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
  sha256Hex,
  startDrive,
  type Begun,
  type Drive,
} from './support.ts';

let drive: Drive;
beforeAll(async () => {
  drive = await startDrive();
});
afterAll(() => drive.close());

const content = madeBytes(2 * MIB + 4_321);

async function completeCode(upload: Begun, said: object): Promise<string> {
  const input = { uploadId: upload.uploadId, ...(await announced(content)), ...said };
  return codeOf(await drive.alice.result(qdrive.complete, input));
}

/** Sends the first bytes of a part and breaks the connection. */
const breakOff = (upload: Begun, index: number, bytes: Uint8Array): Promise<void> =>
  new Promise((resolve) => {
    const sending = request(`${drive.url}${upload.url}/${index}`, {
      method: 'PUT',
      headers: { 'content-length': MIB },
    });
    sending.on('error', () => undefined);
    sending.on('close', () => resolve());
    sending.write(bytes, () => sending.destroy());
  });

describe('an upload', () => {
  it('goes on after a broken connection, with the parts that are missing', async () => {
    const upload = await begin(drive.alice, content);
    expect(upload).toMatchObject({ partBytes: MIB, parts: 3 });
    await sendPart(drive, upload, 0, partOf(content, 0));
    await breakOff(upload, 1, partOf(content, 1).subarray(0, 300_000));

    const seen = await drive.alice.call(qdrive.upload, { uploadId: upload.uploadId });
    expect(seen).toMatchObject({ state: 'OPEN', received: 1, missing: [1, 2] });
    // The ticket that `upload` gives is as good as the first one.
    for (const index of seen.missing)
      await sendPart(drive, { url: seen.url ?? '' }, index, partOf(content, index));

    const file = await drive.alice.call(qdrive.complete, {
      uploadId: upload.uploadId,
      ...(await announced(content)),
    });
    expect(file).toMatchObject({ bytes: content.length, sha256Hex: sha256Hex(content) });
    const ticket = await drive.alice.call(qdrive.get, { fileId: file.fileId });
    expect(printOf(await bodyOf(await fetchTicket(drive, ticket)))).toBe(printOf(content));
  });

  it('takes parts in any order and beside each other', async () => {
    const upload = await begin(drive.alice, content);
    const sent = await Promise.all(
      [2, 0, 1].map((index) => sendPart(drive, upload, index, partOf(content, index))),
    );
    expect(sent.map(codeOf)).toEqual(['SUCCESS', 'SUCCESS', 'SUCCESS']);
    expect(await completeCode(upload, {})).toBe('SUCCESS');
  });

  it('takes the same part many times at once, and keeps one block of it', async () => {
    const upload = await begin(drive.alice, content);
    const before = await countBlocks(drive.node);
    const sent = await Promise.all(
      Array.from({ length: 8 }, () => sendPart(drive, upload, 1, partOf(content, 1))),
    );
    expect(new Set(sent.map(codeOf))).toEqual(new Set(['SUCCESS']));
    expect(await countBlocks(drive.node)).toBe(before + 1);
    const again = await sendPart(drive, upload, 1, partOf(content, 1));
    expect(again).toMatchObject({
      status: 'ok',
      data: { sha256Hex: sha256Hex(partOf(content, 1)) },
    });
    expect(await countBlocks(drive.node)).toBe(before + 1);
  });

  it('refuses another content where a part is stored, and keeps the first', async () => {
    const upload = await begin(drive.alice, content);
    for (let i = 0; i < 3; i += 1) await sendPart(drive, upload, i, partOf(content, i));
    const other = await sendPart(drive, upload, 0, madeBytes(MIB, 9));
    expect(codeOf(other)).toBe('VERSION_CONFLICT');
    expect(await completeCode(upload, {})).toBe('SUCCESS');
  });

  it('of two contents for one part sent at once keeps one and refuses the other', async () => {
    const upload = await begin(drive.alice, content);
    const codes = await Promise.all(
      [1, 2, 3, 4].map(async (seed) =>
        codeOf(await sendPart(drive, upload, 0, madeBytes(MIB, seed))),
      ),
    );
    expect(codes.toSorted()).toEqual([
      'SUCCESS',
      'VERSION_CONFLICT',
      'VERSION_CONFLICT',
      'VERSION_CONFLICT',
    ]);
  });

  it.each([
    ['shorter than the part', madeBytes(MIB - 1)],
    ['longer than the part', madeBytes(MIB + 1)],
    ['empty', new Uint8Array(0)],
  ])('refuses a body that is %s', async (_what, body) => {
    const upload = await begin(drive.alice, content);
    expect(codeOf(await sendPart(drive, upload, 0, body))).toBe('CONTENT_DIGEST_MISMATCH');
    const { received } = await drive.alice.call(qdrive.upload, { uploadId: upload.uploadId });
    expect(received).toBe(0);
  });

  it('refuses a part that has another digest than it announces', async () => {
    const upload = await begin(drive.alice, content);
    const part = partOf(content, 0);
    const wrong = await sendPart(drive, upload, 0, part, { 'x-content-sha256': '0'.repeat(64) });
    expect(codeOf(wrong)).toBe('CONTENT_DIGEST_MISMATCH');
    const right = await sendPart(drive, upload, 0, part, { 'x-content-sha256': sha256Hex(part) });
    expect(codeOf(right)).toBe('SUCCESS');
  });

  it('has no part beyond its last', async () => {
    const upload = await begin(drive.alice, content);
    expect(codeOf(await sendPart(drive, upload, 3, partOf(content, 2)))).toBe('INPUT_INVALID');
  });

  it('is not completed while parts are missing, and says which', async () => {
    const upload = await begin(drive.alice, content);
    await sendPart(drive, upload, 1, partOf(content, 1));
    const input = { uploadId: upload.uploadId, ...(await announced(content)) };
    expect(await drive.alice.result(qdrive.complete, input)).toMatchObject({
      code: 'UPLOAD_INCOMPLETE',
      details: { missing: [0, 2] },
    });
  });

  it.each([
    ['root CID', { cid: 'bafkreihdwdcefgh4dqkjv67uzcmw7ojee6xedzdetojuzjevtenxquvyku' }],
    ['length', { bytes: 1 }],
    ['SHA-256', { sha256Hex: 'ab'.repeat(32) }],
  ])('is not completed under another %s, and can be completed after that', async (_what, wrong) => {
    const upload = await begin(drive.alice, content);
    for (let i = 0; i < 3; i += 1) await sendPart(drive, upload, i, partOf(content, i));
    expect(await completeCode(upload, wrong)).toBe('CONTENT_DIGEST_MISMATCH');
    expect(await completeCode(upload, {})).toBe('SUCCESS');
  });

  it('holds its owner to the digest that it announced at the beginning', async () => {
    const upload = await drive.alice.call(qdrive.begin, {
      name: 'a.txt',
      bytes: content.length,
      mediaType: 'text/plain',
      sha256Hex: 'cd'.repeat(32),
    });
    for (let i = 0; i < 3; i += 1) await sendPart(drive, upload, i, partOf(content, i));
    expect(await completeCode(upload, {})).toBe('CONTENT_DIGEST_MISMATCH');
  });

  it.each([0, 1, MIB - 1, MIB, MIB + 1])('carries a file of %i bytes', async (bytes) => {
    const small = madeBytes(bytes, 5);
    const file = await put(drive, small);
    expect(file).toMatchObject({ bytes, sha256Hex: sha256Hex(small) });
    for (const form of ['plain', 'sealed'] as const) {
      const ticket = await drive.alice.call(qdrive.get, { fileId: file.fileId, form });
      const response = await fetchTicket(drive, ticket);
      expect(response.status).toBe(200);
      const body = await bodyOf(response);
      if (form === 'plain') expect(printOf(body)).toBe(printOf(small));
      else expect(body).toHaveLength(ticket.sealedBytes ?? -1);
    }
  });

  it('that ended takes no part, and cannot end again', async () => {
    const upload = await begin(drive.alice, content);
    for (let i = 0; i < 3; i += 1) await sendPart(drive, upload, i, partOf(content, i));
    expect(await completeCode(upload, {})).toBe('SUCCESS');
    expect(codeOf(await sendPart(drive, upload, 0, partOf(content, 0)))).toBe('STATE_CONFLICT');
    expect(await completeCode(upload, {})).toBe('STATE_CONFLICT');
    const { uploadId } = upload;
    expect(codeOf(await drive.alice.result(qdrive.abort, { uploadId }))).toBe('STATE_CONFLICT');
    const seen = await drive.alice.call(qdrive.upload, { uploadId });
    expect(seen).toMatchObject({ state: 'COMPLETED', missing: [], received: 3 });
    expect(seen.ticket).toBeUndefined();
  });

  it('is its owner’s alone', async () => {
    const upload = await begin(drive.alice, content);
    const mallory = await drive.node.person('Mallory');
    const { uploadId } = upload;
    expect(codeOf(await mallory.result(qdrive.upload, { uploadId }))).toBe('QONSENT_DENIED');
    expect(codeOf(await mallory.result(qdrive.abort, { uploadId }))).toBe('QONSENT_DENIED');
  });
});

describe('a file name', () => {
  it.each([
    '../../etc/passwd',
    '..',
    'a/b',
    'a\\b',
    'C:secret',
    'NUL',
    'com1.txt',
    'line\nbreak',
    'nul\u0000byte',
    'gpj\u202eexe',
    ' leading',
    'trailing.',
    'e\u0301',
  ])('is refused where a system could misread it: %j', async (name) => {
    const input = { name, bytes: 1, mediaType: 'text/plain' };
    const refused = await drive.alice.result(qdrive.begin, input);
    expect(refused).toMatchObject({ code: 'FILE_NAME_REFUSED' });
    expect(refused).toHaveProperty('details.reason');
  });

  it('may be in any language', async () => {
    const { name } = await put(drive, madeBytes(3), { name: 'año – 年 (1).csv' });
    expect(name).toBe('año – 年 (1).csv');
  });

  it('is refused in a change, too', async () => {
    const { fileId } = await put(drive, madeBytes(3));
    const refused = await drive.alice.result(qdrive.setMetadata, { fileId, name: '../x' });
    expect(codeOf(refused)).toBe('FILE_NAME_REFUSED');
  });

  it('is not in the store in the clear', async () => {
    const name = 'medical-history-of-nobody.txt';
    await put(drive, madeBytes(3), { name });
    const rows = [
      ...(await drive.node.store.read('SELECT * FROM qdrive_file')),
      ...(await drive.node.store.read('SELECT * FROM qdrive_upload')),
    ];
    const stored = rows.flatMap((row) =>
      Object.values(row).map((value) =>
        value instanceof Uint8Array ? Buffer.from(value).toString('latin1') : String(value),
      ),
    );
    expect(stored.filter((value) => value.includes(name))).toEqual([]);
  });
});

describe('metadata', () => {
  it('changes with a version, and not on top of what somebody else changed', async () => {
    const { fileId, version } = await put(drive, madeBytes(3));
    const changed = await drive.alice.call(qdrive.setMetadata, {
      fileId,
      name: 'renamed.txt',
      metadata: { place: 'Ávila' },
      expectVersion: version,
    });
    expect(changed).toMatchObject({
      name: 'renamed.txt',
      metadata: { place: 'Ávila' },
      version: 2,
    });
    const stale = { fileId, name: 'again.txt', expectVersion: version };
    expect(codeOf(await drive.alice.result(qdrive.setMetadata, stale))).toBe('VERSION_CONFLICT');
    expect(await drive.alice.call(qdrive.file, { fileId })).toEqual(changed);
  });

  it('is listed for the owner, newest first, page by page', async () => {
    const bob = await drive.node.person('Bob');
    const made: string[] = [];
    for (let i = 0; i < 3; i += 1)
      made.unshift((await put(drive, madeBytes(i), { actor: bob })).fileId);
    const first = await bob.call(qdrive.files, { limit: 2 });
    const second = await bob.call(qdrive.files, { limit: 2, cursor: first.next ?? '' });
    expect([...first.items, ...second.items].map(({ fileId }) => fileId)).toEqual(made);
    expect(second.next).toBeUndefined();
  });
});

it('no refusal of these was a failure of the node', () => {
  expect(drive.node.errors).toEqual([]);
});
