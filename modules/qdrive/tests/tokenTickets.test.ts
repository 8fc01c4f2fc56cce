import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { qdrive } from '../src/contract.ts';
import {
  bodyOf,
  codeOf,
  fetchTicket,
  grant,
  madeBytes,
  MIB,
  printOf,
  put,
  sendPart,
  startDrive,
  type Drive,
  type File,
} from './support.ts';

let drive: Drive;
let ahead_ms = 0;
let file: File;
let robot: Awaited<ReturnType<typeof robotOf>>;
/** Larger than what buffers between node and reader swallow before a check can cut. */
const LARGE_BYTES = 40 * MIB;
const HOUR_MS = 3_600_000;
const content = madeBytes(MIB + 1_000);

beforeAll(async () => {
  drive = await startDrive({ now_ms: () => Date.now() + ahead_ms });
  file = await put(drive, content);
});
afterAll(() => drive.close());
beforeEach(async () => {
  ahead_ms = 0;
  robot = await robotOf();
});

/** Somebody who shows one of two tokens for the same grant of Alice. */
async function robotOf() {
  const { node, alice } = drive;
  const { did } = await node.person('Robot');
  const cid = await grant(node, alice, { ...alice, did }, { command: '/' });
  const { sessions } = node.kernel.services;
  const facts = { tenant: node.kernel.node.tenant, agent: did };
  const made = [1, 2].map(() =>
    sessions.prepareToken({
      ...facts,
      grant: cid,
      expires_ms: Date.now() + HOUR_MS,
      now_ms: Date.now(),
    }),
  );
  for (const { statements } of made) await node.store.commit(statements);
  const [shown, other] = made;
  if (shown === undefined || other === undefined) throw new Error('Two tokens were made.');
  return {
    actor: node.withToken(did, shown.token),
    other: node.withToken(did, other.token),
    revoke: () =>
      node.store.commit(
        sessions.prepareRevokeToken({ ...facts, id: shown.id, now_ms: Date.now() }),
      ),
  };
}

const ticketOf = ({ fileId }: File, who = robot.actor) => who.call(qdrive.get, { fileId });

describe('a ticket that a token asked for', () => {
  it('serves until the token is revoked; one of another token of the same grant goes on', async () => {
    const ticket = await ticketOf(file);
    const others = await ticketOf(file, robot.other);
    expect(printOf(await bodyOf(await fetchTicket(drive, ticket)))).toBe(printOf(content));
    await robot.revoke();
    expect(await (await fetchTicket(drive, ticket)).json()).toMatchObject({
      code: 'GRANT_REVOKED',
      details: { why: { rule: 'the token behind the ticket was revoked' } },
    });
    expect((await fetchTicket(drive, others)).status).toBe(200);
  });

  it('takes no further part of an upload, nor one that is on its way', async () => {
    const order = { name: 'notes.txt', bytes: content.length, mediaType: 'text/plain' };
    const upload = await robot.actor.call(qdrive.begin, order);
    expect(codeOf(await sendPart(drive, upload, 0, content.subarray(0, MIB)))).toBe('SUCCESS');
    const ticket = upload.url.slice('/transfer/'.length);
    async function* slowly() {
      yield content.subarray(MIB, MIB + 500);
      await robot.revoke();
      yield content.subarray(MIB + 500);
    }
    const onItsWay = await drive.node.kernel.receivePart(ticket, {
      index: 1,
      sha256Hex: undefined,
      body: slowly(),
    });
    expect(codeOf(onItsWay)).toBe('GRANT_REVOKED');
    expect(codeOf(await sendPart(drive, upload, 1, content.subarray(MIB)))).toBe('GRANT_REVOKED');
    const rows = await drive.node.store.read(
      'SELECT p.idx FROM qdrive_part p JOIN qdrive_upload u ON u.file_id = p.file WHERE u.id = :id',
      { id: upload.uploadId },
    );
    expect(rows.map((row) => row['idx'])).toEqual([0]);
  });

  it('is cut while content streams', async () => {
    const large = await put(drive, madeBytes(LARGE_BYTES, 3));
    const response = await fetchTicket(drive, await ticketOf(large));
    let bytes = 0;
    const read = async () => {
      for await (const piece of response.body ?? []) {
        if (bytes === 0) await robot.revoke();
        bytes += piece.length;
      }
    };
    await expect(read()).rejects.toThrow();
    expect(bytes).toBeLessThan(LARGE_BYTES);
  });

  // Last: limits of calls that were used in the future hold until then.
  it('ends when the token expires', async () => {
    ahead_ms = HOUR_MS - 60_000;
    const ticket = await ticketOf(file);
    expect((await fetchTicket(drive, ticket)).status).toBe(200);
    ahead_ms = HOUR_MS + 1;
    expect(await (await fetchTicket(drive, ticket)).json()).toMatchObject({
      code: 'GRANT_EXPIRED',
    });
  });
});
