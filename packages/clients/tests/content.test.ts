import { createHash, randomBytes } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { rootCidOf } from '@anarq/content';
import { qdrive } from '@anarq/qdrive/contract';
import { squid } from '@anarq/squid/contract';
import { startHttpSurface, type HttpSurface } from '@anarq/surfaces';
import { startTestNode, type Actor, type TestNode } from '@anarq/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  ConnectionLost,
  createClient,
  downloadFile,
  http,
  inProcess,
  keys,
  saveFile,
  uploadFile,
  type Client,
  type Transport,
} from '../src/index.ts';

let node: TestNode;
let surface: HttpSurface;
let person: Actor;
let folder: string;

beforeAll(async () => {
  node = await startTestNode({ modules: ['squid', 'qdrive'] });
  surface = await startHttpSurface(node.kernel, { port: 0 });
  person = await node.person('Reader');
  folder = await mkdtemp(join(tmpdir(), 'q-clients-'));
});
afterAll(async () => {
  await surface.close();
  await node.close();
  await rm(folder, { recursive: true, force: true });
});

const contracts = [squid, qdrive];
const credentials = () =>
  keys({ did: person.did, seed: person.seed, nodeDid: node.kernel.node.did });
const overHttp = () => http({ url: surface.url, credentials: credentials() });
const within = () => inProcess(node.kernel, { credentials: credentials() });

async function* pieces(bytes: Uint8Array, pieceBytes = 100_003): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += pieceBytes) yield bytes.subarray(at, at + pieceBytes);
}

async function read(source: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of source) chunks.push(Uint8Array.from(chunk));
  return Buffer.concat(chunks);
}

describe.each([
  ['over HTTP', overHttp],
  ['in process', within],
])('content %s', (_name, transport) => {
  it.each([0, 1, 1_048_576, 3_500_000])('of %i bytes comes back as it went', async (length) => {
    const client = createClient({ contracts, transport: transport() });
    const bytes = randomBytes(length);
    const file = await uploadFile(client, pieces(bytes), { name: 'data.bin', bytes: length });
    expect(file).toMatchObject({
      bytes: length,
      sha256Hex: createHash('sha256').update(bytes).digest('hex'),
      cid: (await rootCidOf(pieces(bytes))).cid,
    });
    for (const form of ['plain', 'sealed'] as const) {
      const { body, ...facts } = await downloadFile(client, { fileId: file.fileId, form });
      expect(facts).toMatchObject({ name: 'data.bin', bytes: length });
      expect((await read(body)).equals(bytes)).toBe(true);
    }
  });
});

describe('a file', () => {
  it('goes from a path to a path, and nothing half stands there', async () => {
    const client = createClient({ contracts, transport: overHttp() });
    const bytes = randomBytes(2_500_000);
    await writeFile(join(folder, 'source.csv'), bytes);
    const progress: number[] = [];
    const file = await uploadFile(client, join(folder, 'source.csv'), {
      mediaType: 'text/csv',
      metadata: { year: '2026' },
      onProgress: ({ sentBytes }) => progress.push(sentBytes),
    });
    expect(progress).toEqual([1_048_576, 2_097_152, 2_500_000]);
    const saved = await saveFile(client, { fileId: file.fileId }, join(folder, 'copy.csv'));
    expect(saved).toMatchObject({ name: 'source.csv', mediaType: 'text/csv' });
    expect((await readFile(join(folder, 'copy.csv'))).equals(bytes)).toBe(true);
    await expect(
      saveFile(client, { fileId: 'file_none' }, join(folder, 'none.csv')),
    ).rejects.toMatchObject({ code: expect.any(String) });
    expect((await readdir(folder)).toSorted()).toEqual(['copy.csv', 'source.csv']);
  });

  it('whose length is not the one announced is not sent to its end', async () => {
    const client = createClient({ contracts, transport: within() });
    for (const bytes of [9, 11])
      await expect(uploadFile(client, pieces(randomBytes(10)), { bytes })).rejects.toMatchObject({
        code: 'CONTENT_DIGEST_MISMATCH',
      });
    await expect(uploadFile(client, pieces(randomBytes(10)))).rejects.toMatchObject({
      code: 'INPUT_INVALID',
    });
  });

  it('needs the contract of the module that keeps it', async () => {
    const client = createClient({ contracts: [], transport: within() });
    await expect(downloadFile(client, { fileId: 'f' })).rejects.toMatchObject({
      code: 'DEPENDENCY_MISSING',
    });
  });
});

/** A transport that loses connections where a test says: before and after what was asked. */
function unreliable(faults: {
  readonly put?: (index: number) => boolean;
  readonly open?: () => number | undefined;
  readonly tampered?: boolean;
}): { client: Client; opened: number[]; put: number[] } {
  const real = overHttp();
  const port = real.content!;
  const opened: number[] = [];
  const put: number[] = [];
  const transport: Transport = {
    ...real,
    content: {
      async putPart(ticket, part) {
        const answer = await port.putPart(ticket, part);
        put.push(part.index);
        if (faults.put?.(part.index) === true) throw new ConnectionLost('the reply was lost');
        return answer;
      },
      async open(ticket, from) {
        opened.push(from);
        const answer = await port.open(ticket, from);
        const cut = faults.open?.();
        if (answer.status === 'error') return answer;
        return { ...answer, body: cutAfter(answer.body, cut, faults.tampered === true) };
      },
    },
  };
  return { client: createClient({ contracts, transport }), opened, put };
}

async function* cutAfter(
  body: AsyncIterable<Uint8Array>,
  bytes: number | undefined,
  isTampered: boolean,
): AsyncGenerator<Uint8Array> {
  let left = bytes ?? Number.POSITIVE_INFINITY;
  for await (const piece of body) {
    if (piece.length > left) {
      yield piece.subarray(0, left);
      throw new ConnectionLost('the content broke off');
    }
    left -= piece.length;
    yield isTampered ? piece.map((byte) => byte ^ 1) : piece;
  }
}

describe('content over a bad connection', () => {
  const bytes = randomBytes(3_000_000);

  it('is sent again part by part', async () => {
    const lost = new Set([0, 2]);
    const { client, put } = unreliable({ put: (index) => lost.delete(index) });
    const file = await uploadFile(client, pieces(bytes), { bytes: bytes.length });
    expect(put).toEqual([0, 0, 1, 2, 2]);
    expect(file.bytes).toBe(bytes.length);
  });

  it('is resumed by a sender that was stopped, without what the node has', async () => {
    let uploadId = '';
    const stopped = unreliable({});
    await expect(
      uploadFile(stopped.client, pieces(bytes), {
        bytes: bytes.length,
        onProgress: (progress) => {
          ({ uploadId } = progress);
          if (progress.sentBytes > 1_048_576) throw new Error('power cut');
        },
      }),
    ).rejects.toThrow('power cut');
    const resumed = unreliable({});
    const file = await uploadFile(resumed.client, pieces(bytes), {
      bytes: bytes.length,
      resume: { uploadId },
    });
    expect([stopped.put, resumed.put]).toEqual([[0, 1], [2]]);
    const { body } = await downloadFile(resumed.client, { fileId: file.fileId });
    expect((await read(body)).equals(bytes)).toBe(true);
  });

  it.each(['plain', 'sealed'] as const)('is fetched on from where it broke (%s)', async (form) => {
    const cuts = [1_500_000, 700_000];
    const { client, opened } = unreliable({ open: () => cuts.shift() });
    const file = await uploadFile(client, pieces(bytes), { bytes: bytes.length });
    const { body } = await downloadFile(client, { fileId: file.fileId, form });
    expect((await read(body)).equals(bytes)).toBe(true);
    expect(opened).toEqual([0, 1_500_000, 2_200_000]);
  });

  it('ends with an error when it never arrives', async () => {
    const { client, opened } = unreliable({ open: () => 0 });
    const file = await uploadFile(client, pieces(bytes), { bytes: bytes.length });
    const { body } = await downloadFile(client, { fileId: file.fileId });
    await expect(read(body)).rejects.toMatchObject({ code: 'SERVICE_UNAVAILABLE' });
    expect(opened.length).toBe(5);
  });

  it.each([
    ['plain', 'CONTENT_DIGEST_MISMATCH'],
    ['sealed', 'DECRYPTION_FAILED'],
  ] as const)(
    'that was changed on the way is never taken for complete (%s)',
    async (form, code) => {
      const { client } = unreliable({ tampered: true });
      const file = await uploadFile(client, pieces(bytes), { bytes: bytes.length });
      const { body } = await downloadFile(client, { fileId: file.fileId, form });
      await expect(read(body)).rejects.toMatchObject({ code });
    },
  );
});
