import { createHash } from 'node:crypto';
import type { OutputOf, Result } from '@anarq/common-schemas';
import { chunkBytesOf, chunkCountOf, rootCidOf } from '@anarq/content';
import { deriveKeys } from '@anarq/crypto';
import type { Call, FollowCall, TransferPart } from '@anarq/kernel';
import { startHttpSurface } from '@anarq/surfaces';
import { startTestNode, type Actor, type TestNode, type TestNodeOptions } from '@anarq/testing';
import { qdrive } from '../src/contract.ts';

export const MIB = 1_048_576;

export type Begun = OutputOf<typeof qdrive.begin>;
export type File = OutputOf<typeof qdrive.complete>;
export type Part = { index: number; bytes: number; sha256Hex: string };

/** A node that speaks HTTP, and Alice, who owns files there. */
export interface Drive {
  readonly node: TestNode;
  readonly alice: Actor;
  readonly url: string;
  close(): Promise<void>;
}

export async function startDrive(options: TestNodeOptions = {}): Promise<Drive> {
  const node = await startTestNode({ modules: ['qdrive'], ...options });
  const { contracts, logKeys } = node.kernel;
  // Asks the node for its kernel each time: a restarted node has another one.
  const target = {
    contracts,
    logKeys,
    node: node.kernel.node,
    invoke: (call: Call) => node.kernel.invoke(call),
    follow: (call: FollowCall) => node.kernel.follow(call),
    showTicket: (ticket: string, requestId: string) => node.kernel.showTicket(ticket, requestId),
    health: () => node.kernel.health(),
    receivePart: (ticket: string, part: TransferPart) => node.kernel.receivePart(ticket, part),
    sendContent: (ticket: string, range: string | undefined) =>
      node.kernel.sendContent(ticket, range),
  };
  const surface = await startHttpSurface(target, { port: 0, closeDeadline_ms: 500 });
  return {
    node,
    alice: await node.person('Alice'),
    url: surface.url,
    close: async () => {
      await surface.close();
      await node.close();
    },
  };
}

/** Bytes that differ from chunk to chunk, the same for the same length and seed. */
export function madeBytes(length: number, seed = 1): Uint8Array {
  const bytes = new Uint8Array(length);
  let state = seed;
  for (let i = 0; i < length; i += 1) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    bytes[i] = state >>> 24;
  }
  return bytes;
}

export const sha256Hex = (bytes: Uint8Array): string =>
  createHash('sha256').update(bytes).digest('hex');

export const partOf = (content: Uint8Array, index: number): Uint8Array =>
  content.subarray(index * MIB, index * MIB + chunkBytesOf(content.length, index));

/** Sends one part over HTTP. */
export async function sendPart(
  drive: Pick<Drive, 'url'>,
  upload: Pick<Begun, 'url'>,
  index: number,
  body: Uint8Array,
  headers: Record<string, string> = {},
): Promise<Result<Part>> {
  const response = await fetch(`${drive.url}${upload.url}/${index}`, {
    method: 'PUT',
    body: Uint8Array.from(body),
    headers,
  });
  // The surface answers every request with an envelope.
  return (await response.json()) as Result<Part>;
}

export const begin = (
  actor: Actor,
  content: Uint8Array,
  name = 'field notes.txt',
): Promise<Begun> =>
  actor.call(qdrive.begin, { name, bytes: content.length, mediaType: 'text/plain' });

/** What the owner says of its content when it completes. */
export async function announced(content: Uint8Array) {
  async function* once() {
    yield content;
  }
  return rootCidOf(once());
}

/** Uploads content in order and completes it. */
export async function put(
  drive: Drive,
  content: Uint8Array,
  options: { actor?: Actor; name?: string; mediaType?: string } = {},
): Promise<File> {
  const actor = options.actor ?? drive.alice;
  const upload = await actor.call(qdrive.begin, {
    name: options.name ?? 'field notes.txt',
    bytes: content.length,
    mediaType: options.mediaType ?? 'text/plain',
  });
  for (let index = 0; index < chunkCountOf(content.length); index += 1) {
    const sent = await sendPart(drive, upload, index, partOf(content, index));
    if (sent.status === 'error') throw new Error(`${sent.code}: ${sent.message}`);
  }
  return actor.call(qdrive.complete, {
    uploadId: upload.uploadId,
    ...(await announced(content)),
  });
}

/** Fetches by ticket over HTTP. */
export const fetchTicket = (
  drive: Pick<Drive, 'url'>,
  ticket: { readonly url: string },
  init: RequestInit = {},
): Promise<Response> => fetch(`${drive.url}${ticket.url}`, init);

export const bodyOf = async (response: Response): Promise<Uint8Array> =>
  new Uint8Array(await response.arrayBuffer());

/** Length and digest: a million bytes that differ make no readable failure. */
export const printOf = (bytes: Uint8Array): string => `${bytes.length} ${sha256Hex(bytes)}`;

/** Gives one command on one resource to somebody, as Qonsent does; answers the CID. */
export async function grant(
  node: TestNode,
  owner: Actor,
  audience: Actor,
  order: { readonly command: string; readonly resource?: string; readonly exp_s?: number },
): Promise<string> {
  const { grants } = node.kernel.services;
  const token = grants.sign(
    {
      issuer: owner.did,
      audience: audience.did,
      subject: owner.did,
      command: order.command,
      policy: order.resource === undefined ? [] : [['==', '.resource', order.resource]],
      exp_s: order.exp_s,
    },
    deriveKeys(owner.seed, { index: 0 }),
  );
  const prepared = await grants.prepareRegister({
    token,
    tenant: node.kernel.node.tenant,
    purpose: 'test',
    now_ms: Date.now(),
  });
  await node.store.commit(prepared.statements);
  prepared.activate();
  return prepared.grant.leaf;
}

export async function revoke(node: TestNode, cid: string): Promise<void> {
  const { statements, activate } = node.kernel.services.grants.prepareRevoke(cid, Date.now());
  await node.store.commit(statements);
  activate();
}

/** How many blocks the content store of a node holds. */
export async function countBlocks(node: TestNode): Promise<number> {
  let count = 0;
  for (let cursor: string | undefined; ;) {
    const { cids, next } = await node.kernel.services.blocks.list(cursor, 1_000);
    count += cids.length;
    if (next === undefined) return count;
    cursor = next;
  }
}

/** The code of a refusal, or 'SUCCESS'. */
export const codeOf = (result: Result<unknown>): string => result.code;

/** Waits until something holds; fails by the test's own time limit. */
export async function until(holds: () => Promise<boolean>): Promise<void> {
  while (!(await holds())) await new Promise((resolve) => setTimeout(resolve, 10));
}
