import { randomUUID } from 'node:crypto';
import { connect } from 'node:net';
import { rootCidOf } from '@anarq/content';
import { sha256Hex } from '@anarq/crypto';
import { qdrive } from '@anarq/qdrive/contract';
import { qwallet } from '@anarq/qwallet/contract';
import type { ErrorCode, OutputOf } from '@anarq/common-schemas';
import { digestOf, signedRequest, type RawRequest, type SignedCall } from './rawRequest.ts';
import { openRawSession, type RawSession } from './rawSession.ts';
import {
  bornAtHome,
  bringIn,
  clientOf,
  CONTENT,
  fund,
  startServedNode,
  upload,
  UNIT,
  type Party,
  type ServedNode,
} from './servedNode.ts';

type Begun = OutputOf<typeof qdrive.begin>;
type Ticket = OutputOf<typeof qdrive.get>;

/** Two nodes, and somebody who is known to both. */
export interface BadInputWorld {
  readonly here: ServedNode;
  readonly there: ServedNode;
  readonly alice: Party;
  readonly bob: Party;
  readonly carol: Party;
  readonly file: { readonly fileId: string; readonly ticket: Ticket };
  /** A download ticket of five minutes, ten minutes old. */
  readonly oldTicket: Ticket;
  /** An upload of a day, begun the day before. */
  readonly oldUpload: Begun;
  /** Two parts, of which the first is stored. */
  readonly half: Begun;
  /** Its one part is stored, and it is not completed. */
  readonly whole: Begun;
  readonly aborted: Begun;
  /** A ticket of the other node, for an upload of the same person. */
  readonly elsewhere: Begun;
  readonly session: RawSession;
  readonly oldSession: RawSession;
  readonly bobsSession: RawSession;
}

export type MakeRequest = (world: BadInputWorld) => RawRequest | Promise<RawRequest>;
/** A request, and the code that it is refused with; a status only where it is not the table's. */
export type Attack = readonly [name: string, code: ErrorCode, make: MakeRequest, status?: number];
export type AttackTables = Readonly<Record<string, readonly Attack[]>>;

const DAY_MS = 86_400_000;
const MINUTE_MS = 60_000;
export const PART_BYTES = 1_048_576;
export const NOTE = { name: 'note.txt', bytes: 5, mediaType: 'text/plain' };
export const TAKEN_KEY = 'taken-before';

/** Founds the world; what has expired in it was made in the past of its own clock. */
export async function foundBadInputWorld(): Promise<BadInputWorld> {
  const here = await startServedNode(-DAY_MS - MINUTE_MS);
  const there = await startServedNode();
  const born = bornAtHome(here.now_ms());
  const alice = await bringIn(here, 'Alice', born);
  await bringIn(there, 'Alice', born);
  const bob = await bringIn(here, 'Bob');
  const carol = await bringIn(here, 'Carol');
  await fund(here, alice, '10');
  await fund(here, alice, '10', 'EUR');
  const old = clientOf(here, alice);
  const oldUpload = await old.call(qdrive.begin, NOTE);
  const { fileId } = await upload(here, alice);
  const oldSession = await openRawSession(here, alice);

  here.clock.offset_ms = -10 * MINUTE_MS;
  const oldTicket = await old.call(qdrive.get, { fileId });

  here.clock.offset_ms = 0;
  const client = clientOf(here, alice);
  const begin = (bytes: number) => client.call(qdrive.begin, { ...NOTE, bytes });
  const half = await begin(PART_BYTES + CONTENT.length);
  await sendPart(here, half, 0, new Uint8Array(PART_BYTES));
  const whole = await begin(CONTENT.length);
  await sendPart(here, whole, 0, CONTENT);
  const aborted = await begin(5);
  await client.call(qdrive.abort, { uploadId: aborted.uploadId });
  await client.call(qdrive.begin, NOTE, { idempotencyKey: TAKEN_KEY });
  return {
    here,
    there,
    alice,
    bob,
    carol,
    file: { fileId, ticket: await client.call(qdrive.get, { fileId }) },
    oldTicket,
    oldUpload,
    half,
    whole,
    aborted,
    elsewhere: await clientOf(there, alice).call(qdrive.begin, NOTE),
    session: await openRawSession(here, alice),
    oldSession,
    bobsSession: await openRawSession(here, bob),
  };
}

async function sendPart({ url }: ServedNode, to: Begun, index: number, bytes: Uint8Array) {
  const answer = await fetch(`${url}${to.url}/${index}`, {
    method: 'PUT',
    body: Uint8Array.from(bytes),
  });
  if (!answer.ok) throw new Error(await answer.text());
}

/** A request that begins an upload, right in every way but those that are told. */
export const put = ({ here, alice }: BadInputWorld, more: Partial<SignedCall> = {}): RawRequest =>
  signedRequest(here, { op: qdrive.begin, input: NOTE, who: alice, ...more });

/** A payment of Alice to Bob. */
export function pay(world: BadInputWorld, amount: unknown, unit = UNIT, given?: unknown) {
  const recipients = [{ identity: world.bob.did, amount: given ?? amount }];
  const input = { amount, unit, recipients };
  return signedRequest(world.here, { op: qwallet.pay, input, who: world.alice });
}

/** A signed request whose body is another text than the one that was signed for. */
export const withBody = (request: RawRequest, body: string | Uint8Array): RawRequest => ({
  ...request,
  body,
});

/** Completes the upload whose parts are all there, with other facts than its content has. */
export async function complete(world: BadInputWorld, of: Begun, wrong: object = {}) {
  async function* once() {
    yield CONTENT;
  }
  const input = { uploadId: of.uploadId, ...(await rootCidOf(once())), ...wrong };
  const path = `/qdrive/uploads/${of.uploadId}/complete`;
  return signedRequest(world.here, { op: qdrive.complete, input, who: world.alice, path });
}

/** A part by its ticket. */
export const part = (
  { url }: { readonly url: string },
  index: number | string,
  body: Uint8Array,
  headers: Record<string, string> = {},
): RawRequest => ({ method: 'PUT', path: `${url}/${index}`, headers, body });

export const partDigest = sha256Hex;

/** Sends the beginning of a part and ends the connection, as a network that fails does. */
export function breakOff({ port }: ServedNode, to: Begun, index: number): Promise<void> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => {
      socket.write(
        `PUT ${to.url}/${index} HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-length: ${CONTENT.length}\r\n\r\nfield`,
        () => socket.destroy(),
      );
    });
    socket.once('close', () => resolve());
  });
}

/** The same call under a session in place of a full signature. */
export function underSession(world: BadInputWorld, session: RawSession, op = qdrive.begin) {
  const ts = new Date(world.here.now_ms()).toISOString();
  const idempotencyKey = randomUUID();
  const request = put(world, { op, ts, idempotencyKey });
  return session.sign(request, {
    node: world.here.node.kernel.node.did,
    identity: world.alice.did,
    operation: op.id,
    ts,
    idempotencyKey,
    inputDigest: digestOf(NOTE),
  });
}
