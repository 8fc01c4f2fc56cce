import { openSealedStream } from '@anarq/content';
import { fromBase64url } from '@anarq/crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { qdrive } from '../src/contract.ts';
import {
  begin,
  bodyOf,
  codeOf,
  fetchTicket,
  grant,
  madeBytes,
  MIB,
  printOf,
  put,
  revoke,
  sendPart,
  startDrive,
  type Drive,
  type File,
} from './support.ts';

let drive: Drive;
let now_ms = 0;
let file: File;
const content = madeBytes(2 * MIB + 1_000);
/** Larger than what buffers between node and reader swallow before a check can cut. */
const LARGE_BYTES = 40 * MIB;

beforeAll(async () => {
  drive = await startDrive({ now_ms: () => Date.now() + now_ms });
  file = await put(drive, content);
});
afterAll(() => drive.close());

const ticketOf = (fileId = file.fileId) => drive.alice.call(qdrive.get, { fileId });

/** Reads until the stream ends; how many bytes came, and whether it was cut. */
async function drain(response: Response, onFirst: () => Promise<void>) {
  let bytes = 0;
  try {
    for await (const piece of response.body ?? []) {
      if (bytes === 0) await onFirst();
      bytes += piece.length;
    }
    return { bytes, cut: false };
  } catch {
    return { bytes, cut: true };
  }
}

describe('a range', () => {
  const last = content.length - 1;
  it.each([
    ['bytes=0-0', 0, 0],
    ['bytes=0-', 0, last],
    [`bytes=${MIB - 1}-${MIB}`, MIB - 1, MIB],
    [`bytes=${MIB}-${2 * MIB - 1}`, MIB, 2 * MIB - 1],
    [`bytes=${last}-${last}`, last, last],
    [`bytes=${last}-99999999999`, last, last],
    ['bytes=-1', last, last],
    ['bytes=-99999999999', 0, last],
    [`bytes=10-${2 * MIB + 10}`, 10, 2 * MIB + 10],
  ])('%s answers exactly these bytes', async (range, start, end) => {
    const response = await fetchTicket(drive, await ticketOf(), { headers: { range } });
    expect(response.status).toBe(206);
    expect(response.headers.get('content-range')).toBe(`bytes ${start}-${end}/${content.length}`);
    expect(response.headers.get('content-length')).toBe(String(end - start + 1));
    expect(printOf(await bodyOf(response))).toBe(printOf(content.slice(start, end + 1)));
  });

  it.each([`bytes=${content.length}-`, 'bytes=-0'])('%s lies outside', async (range) => {
    const response = await fetchTicket(drive, await ticketOf(), { headers: { range } });
    expect(response.status).toBe(416);
    expect(response.headers.get('content-range')).toBe(`bytes */${content.length}`);
    expect(await response.json()).toMatchObject({ code: 'RANGE_NOT_SATISFIABLE' });
  });

  it.each(['bytes=5-2', 'lines=1-2', 'bytes=0-1,4-5', 'nonsense'])(
    '%s is ignored, and all is sent',
    async (range) => {
      const response = await fetchTicket(drive, await ticketOf(), { headers: { range } });
      expect(response.status).toBe(200);
      expect(await bodyOf(response)).toHaveLength(content.length);
    },
  );
});

describe('a download', () => {
  it('says what it is, and lets no browser run it', async () => {
    const page = await put(drive, new TextEncoder().encode('<script>alert(1)</script>'), {
      name: 'página "1".html',
      mediaType: 'text/html',
    });
    const head = await fetchTicket(drive, await ticketOf(page.fileId), { method: 'HEAD' });
    expect(head.status).toBe(200);
    expect(Object.fromEntries(head.headers)).toMatchObject({
      'content-type': 'application/octet-stream',
      'content-length': '25',
      'content-disposition': `attachment; filename="p_gina _1_.html"; filename*=UTF-8''p%C3%A1gina%20%221%22.html`,
      etag: `"${page.cid}"`,
      'accept-ranges': 'bytes',
      'x-content-type-options': 'nosniff',
      'cache-control': 'private, no-store',
    });
    expect(head.headers.get('content-security-policy')).toContain('sandbox');
    expect(await bodyOf(head)).toHaveLength(0);
  });

  it('keeps a media type that is safe to name', async () => {
    const head = await fetchTicket(drive, await ticketOf(), { method: 'HEAD' });
    expect(head.headers.get('content-type')).toBe('text/plain');
  });

  it('in sealed form opens with the key that the ticket came with, and with no other', async () => {
    const { fileId } = file;
    const ticket = await drive.alice.call(qdrive.get, { fileId, form: 'sealed' });
    const sealed = await bodyOf(await fetchTicket(drive, ticket));
    expect(sealed).toHaveLength(ticket.sealedBytes ?? -1);
    const open = async (key32: Uint8Array) => {
      async function* source() {
        yield sealed;
      }
      const pieces: Uint8Array[] = [];
      const stream = { key32, fileId, totalBytes: ticket.bytes, source: source() };
      for await (const piece of openSealedStream(stream)) pieces.push(piece);
      return new Uint8Array(Buffer.concat(pieces));
    };
    expect(printOf(await open(fromBase64url(ticket.key ?? '')))).toBe(printOf(content));
    await expect(open(new Uint8Array(32))).rejects.toMatchObject({ code: 'SEAL_BROKEN' });
  });

  it('in plain form gives no key away', async () => {
    expect(await ticketOf()).not.toHaveProperty('key');
  });

  it('ends with its ticket, after five minutes', async () => {
    const ticket = await ticketOf();
    now_ms = 301_000;
    const response = await fetchTicket(drive, ticket);
    now_ms = 0;
    expect(response.status).toBe(403);
    expect(await response.json()).toMatchObject({ code: 'TICKET_INVALID' });
  });

  it('takes no ticket that was changed, nor one for an upload', async () => {
    const { url } = await ticketOf();
    const changed = `${url.slice(0, -3)}${url.endsWith('AAA') ? 'BBB' : 'AAA'}`;
    const upload = await begin(drive.alice, content);
    for (const other of [changed, '/transfer/nonsense', upload.url])
      expect(await (await fetchTicket(drive, { url: other })).json()).toMatchObject({
        code: 'TICKET_INVALID',
      });
    const asUpload = await sendPart(drive, { url }, 0, content.subarray(0, MIB));
    expect(codeOf(asUpload)).toBe('TICKET_INVALID');
  });
});

describe('a grant to get a file', () => {
  it('opens that file, its facts and its place in the list; and nothing else', async () => {
    const bob = await drive.node.person('Bob');
    const other = await put(drive, madeBytes(10, 7));
    const resource = `qdrive/file/${file.fileId}`;
    await grant(drive.node, drive.alice, bob, { command: '/qdrive/get', resource });

    const ticket = await bob.call(qdrive.get, { fileId: file.fileId });
    expect(printOf(await bodyOf(await fetchTicket(drive, ticket)))).toBe(printOf(content));
    expect(await bob.call(qdrive.file, { fileId: file.fileId })).toEqual(file);
    const { items } = await bob.call(qdrive.files, {});
    expect(items.map(({ fileId }) => fileId)).toEqual([file.fileId]);

    const refused = [
      await bob.result(qdrive.get, { fileId: other.fileId }),
      await bob.result(qdrive.remove, { fileId: file.fileId }),
      await bob.result(qdrive.setMetadata, { fileId: file.fileId, name: 'mine.txt' }),
    ];
    expect(refused.map(codeOf)).toEqual(['QONSENT_DENIED', 'QONSENT_DENIED', 'QONSENT_DENIED']);
  });

  it('serves who acts for its holder, until either of the two grants is revoked', async () => {
    for (const revoked of ['for the holder', 'of the file'] as const) {
      const bob = await drive.node.person('Bob');
      const helper = await drive.node.person('Helper');
      const cids = {
        'for the holder': await grant(drive.node, bob, helper, { command: '/qdrive/get' }),
        'of the file': await grant(drive.node, drive.alice, bob, { command: '/qdrive/get' }),
      };
      const { fileId } = file;
      const ticket = await helper.call(qdrive.get, { fileId }, { subject: bob.did });
      expect(printOf(await bodyOf(await fetchTicket(drive, ticket)))).toBe(printOf(content));
      await revoke(drive.node, cids[revoked]);
      expect(await (await fetchTicket(drive, ticket)).json()).toMatchObject({
        code: 'GRANT_REVOKED',
      });
    }
  });

  it('that expired makes its ticket useless', async () => {
    const bob = await drive.node.person('Bob');
    const exp_s = Math.floor(Date.now() / 1000) + 60;
    await grant(drive.node, drive.alice, bob, { command: '/qdrive/get', exp_s });
    const ticket = await bob.call(qdrive.get, { fileId: file.fileId });
    now_ms = 120_000;
    const response = await fetchTicket(drive, ticket);
    now_ms = 0;
    expect(await response.json()).toMatchObject({ code: 'GRANT_EXPIRED' });
  });

  it('lets somebody upload for the owner, until it is revoked', async () => {
    const bob = await drive.node.person('Bob');
    const cid = await grant(drive.node, drive.alice, bob, { command: '/qdrive/put' });
    const order = { name: 'for Alice.txt', bytes: 2 * MIB, mediaType: 'text/plain' };
    const upload = await bob.call(qdrive.begin, order, { subject: drive.alice.did });
    expect(codeOf(await sendPart(drive, upload, 0, content.subarray(0, MIB)))).toBe('SUCCESS');
    await revoke(drive.node, cid);
    const refused = await sendPart(drive, upload, 1, content.subarray(0, MIB));
    expect(codeOf(refused)).toBe('GRANT_REVOKED');
  });
});

describe('while content streams', () => {
  let large: File;
  beforeAll(async () => {
    large = await put(drive, madeBytes(LARGE_BYTES, 3));
  });

  it('revoking the grant cuts it', async () => {
    const bob = await drive.node.person('Bob');
    const cid = await grant(drive.node, drive.alice, bob, { command: '/qdrive/get' });
    const ticket = await bob.call(qdrive.get, { fileId: large.fileId });
    const { bytes, cut } = await drain(await fetchTicket(drive, ticket), () =>
      revoke(drive.node, cid),
    );
    expect(cut).toBe(true);
    expect(bytes).toBeLessThan(LARGE_BYTES);
    expect(await (await fetchTicket(drive, ticket)).json()).toMatchObject({
      code: 'GRANT_REVOKED',
    });
  });

  it('suspending who fetches cuts it', async () => {
    const bob = await drive.node.person('Bob');
    await grant(drive.node, drive.alice, bob, { command: '/qdrive/get' });
    const ticket = await bob.call(qdrive.get, { fileId: large.fileId });
    const { cut } = await drain(await fetchTicket(drive, ticket), async () => {
      const { identities } = drive.node.kernel.services;
      const { statements, activate } = identities.prepareStatus(bob.did, 'suspended');
      await drive.node.store.commit(statements);
      activate();
    });
    expect(cut).toBe(true);
  });

  it('a stop cuts it within what was already sent, and its ticket is dead after it, too', async () => {
    const bob = await drive.node.person('Bob');
    await grant(drive.node, drive.alice, bob, { command: '/qdrive/get' });
    const ticket = await bob.call(qdrive.get, { fileId: large.fileId });
    const { services } = drive.node.kernel;
    const { bytes, cut } = await drain(await fetchTicket(drive, ticket), async () => {
      const identity = await services.identities.require(bob.did);
      const stop = await services.stops.prepare(identity, services.processes, Date.now());
      await drive.node.store.commit(stop.statements);
      stop.activate();
    });
    expect([cut, bytes < LARGE_BYTES]).toEqual([true, true]);
    const resume = services.identities.prepareStatus(bob.did, 'active');
    await drive.node.store.commit(resume.statements);
    resume.activate();
    expect(await (await fetchTicket(drive, ticket)).json()).toMatchObject({
      code: 'SQUID_IDENTITY_INVALID',
    });
    const again = await bob.call(qdrive.get, { fileId: file.fileId });
    expect((await fetchTicket(drive, again)).status).toBe(200);
  });

  it('removing the file cuts it, and its tickets are good for nothing', async () => {
    const ticket = await ticketOf(large.fileId);
    const { bytes, cut } = await drain(await fetchTicket(drive, ticket), async () => {
      await drive.alice.call(qdrive.remove, { fileId: large.fileId });
    });
    expect(cut).toBe(true);
    expect(bytes).toBeLessThan(LARGE_BYTES);
    expect(await (await fetchTicket(drive, ticket)).json()).toMatchObject({
      code: 'TICKET_INVALID',
    });
    const gone = await drive.alice.result(qdrive.get, { fileId: large.fileId });
    expect(codeOf(gone)).toBe('QINDEX_NOT_FOUND');
  });
});
