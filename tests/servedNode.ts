import { createClient, http, keys, uploadFile, type Client } from '@anarq/common-clients';
import type { AnyContract } from '@anarq/common-schemas';
import { generateSeed } from '@anarq/crypto';
import { genesisFrom } from '@anarq/kernel';
import { ledger } from '@anarq/ledger/contract';
import { qdrive } from '@anarq/qdrive/contract';
import { qerberos } from '@anarq/qerberos/contract';
import { qindex } from '@anarq/qindex/contract';
import { qmarket } from '@anarq/qmarket/contract';
import { qonsent } from '@anarq/qonsent/contract';
import { qwallet } from '@anarq/qwallet/contract';
import { squid } from '@anarq/squid/contract';
import { startHttpSurface, type CallTarget } from '@anarq/surfaces';
import { startTestNode, type TestNode } from '@anarq/testing';

/** A whole node behind HTTP, on a clock that a test sets. */
export interface ServedNode {
  readonly node: TestNode;
  readonly url: string;
  readonly port: number;
  /** The node's time: the machine's, and this many milliseconds. */
  readonly clock: { offset_ms: number };
  now_ms(): number;
  close(): Promise<void>;
}

/** Somebody with keys of their own. */
export interface Party {
  readonly did: string;
  readonly seed: Uint8Array;
}

export const UNIT = 'rUv';
/** What the clients of tests speak. */
export const contracts: readonly AnyContract[] = [
  squid,
  qonsent,
  qerberos,
  qdrive,
  qindex,
  qmarket,
  qwallet,
  ledger,
];

export async function startServedNode(offset_ms = 0): Promise<ServedNode> {
  const clock = { offset_ms };
  const now_ms = () => Date.now() + clock.offset_ms;
  const node = await startTestNode({ now_ms });
  const { contracts: served, logKeys, node: facts } = node.kernel;
  // Asks for the kernel at each call: a node that was restarted has another one.
  const target: CallTarget = {
    contracts: served,
    logKeys,
    node: facts,
    invoke: (call) => node.kernel.invoke(call),
    follow: (call) => node.kernel.follow(call),
    showTicket: (ticket, requestId) => node.kernel.showTicket(ticket, requestId),
    health: () => node.kernel.health(),
    receivePart: (ticket, part) => node.kernel.receivePart(ticket, part),
    sendContent: (ticket, range) => node.kernel.sendContent(ticket, range),
  };
  const surface = await startHttpSurface(target, { port: 0, closeDeadline_ms: 500 });
  return {
    node,
    url: surface.url,
    port: surface.port,
    clock,
    now_ms,
    close: async () => {
      await surface.close();
      await node.close();
    },
  };
}

const clients = new WeakMap<ServedNode, Map<string, Client>>();

/** The client that people use: HTTP, own keys, and one session for all calls. */
export function clientOf(served: ServedNode, { did, seed }: Party): Client {
  const { node, url, now_ms } = served;
  const known = clients.get(served) ?? new Map<string, Client>();
  clients.set(served, known);
  const client =
    known.get(did) ??
    createClient({
      contracts,
      transport: http({
        url,
        credentials: keys({ did, seed, nodeDid: node.kernel.node.did, now_ms }),
      }),
    });
  known.set(did, client);
  return client;
}

/** Keys and the document that proves them, as they are made at home. */
export function bornAtHome(now_ms: number) {
  const seed = generateSeed();
  const { did, document } = genesisFrom(seed, { kind: 'person', now_ms });
  return { did, seed, document };
}

/** Brings somebody into a node, through its operator. */
export async function bringIn(
  served: ServedNode,
  name: string,
  born = bornAtHome(served.now_ms()),
  tenant?: string,
): Promise<Party> {
  await clientOf(served, served.node.operator).call(squid.create, {
    kind: 'person',
    name,
    // A document is JSON by construction; its type is narrower than the dialect's `json`.
    document: JSON.parse(JSON.stringify(born.document)),
    ...(tenant === undefined ? {} : { tenant }),
  });
  return { did: born.did, seed: born.seed };
}

/** Issues money into somebody's account. */
export async function fund(served: ServedNode, who: Party, amount: string, unit = UNIT) {
  const operator = clientOf(served, served.node.operator);
  await operator.call(qwallet.fund, { identity: who.did, amount, unit });
}

export const CONTENT = new TextEncoder().encode('field,week,tons\nnorth,31,4.2\n');

/** Uploads a small file of somebody. */
export async function upload(served: ServedNode, owner: Party, name = 'harvest.csv') {
  async function* once() {
    yield CONTENT;
  }
  return uploadFile(clientOf(served, owner), once(), { name, bytes: CONTENT.length });
}
