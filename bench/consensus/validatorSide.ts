import { chainIdOf, hexOf } from '@anarq/dag';
import { randomBytes } from '@anarq/crypto';
import { startPeerNetwork, type OwnPeerNetwork } from '@anarq/p2p';
import { openValidator, type Validator } from '@anarq/validator';
import type { Person } from '@anarq/validator/testing';
import { answerOrders, argumentOf } from '../measuring/child.ts';
import { genesisOf, peopleAt, validatorSeed, type Cast } from './cast.ts';
import { PAYLOAD_BYTES, type Shape } from './shapes.ts';

export interface SideArgument {
  readonly cast: Cast;
  readonly at: number;
  readonly folder: string;
  /** `host:port`; port 0 takes a free one. */
  readonly listen: string;
}

export interface SidePeer {
  readonly publicKey: string;
  readonly address: string;
}

/** What a validator measured of what was handed in at it. */
export interface SideLoad {
  readonly transactions: number;
  /** From handing in an entry to its receipt, and to the certificate that covers it. */
  readonly commit_ms: readonly number[];
  readonly finality_ms: readonly number[];
  /** Of all nodes' transactions, how many were carried out here in that time. */
  readonly executed: number;
  readonly duration_ms: number;
}

export interface SentBlocks {
  said_bytes: number;
  again_bytes: number;
}

type Order =
  | { readonly kind: 'address' }
  | { readonly kind: 'meet'; readonly peers: readonly SidePeer[] }
  | { readonly kind: 'prepare'; readonly shape: Shape; readonly share: number }
  | { readonly kind: 'load' }
  | { readonly kind: 'chain' }
  | { readonly kind: 'sent' }
  | { readonly kind: 'sentBlocks' }
  /** Keeps small payments coming until `gap` is asked for. */
  | { readonly kind: 'trickle'; readonly perSecond: number }
  | { readonly kind: 'rest' }
  | { readonly kind: 'takesPart' }
  | { readonly kind: 'watch' }
  | { readonly kind: 'gap' };

/** A validator with its key, its disk and its network, in a process of its own. */
const { cast, at, folder, listen } = argumentOf<SideArgument>();
const genesis = genesisOf(cast);
const chainId = hexOf(chainIdOf(genesis));
const people = peopleAt(cast, at);
const seed = validatorSeed(at);
const starting = (async () => {
  const network = await startPeerNetwork({ seed, chainId, listen, peers: [] });
  const validator = await openValidator({ folder, genesis, seed, network: counted(network) });
  return { network, validator };
})();

/** Bytes of blocks that were sent since the start: to everybody as they were said, and again to whoever asked. */
const sentBlocks: SentBlocks = { said_bytes: 0, again_bytes: 0 };

function counted(network: OwnPeerNetwork): OwnPeerNetwork {
  const send = network.send.bind(network);
  network.send = (to, frame) => {
    const isSent = send(to, frame);
    // A message of the engine begins with its form, and then its kind.
    if (isSent && frame[0] === 1 && frame[1] === 1) sentBlocks.said_bytes += frame.length;
    if (isSent && frame[0] === 1 && frame[1] === 2) sentBlocks.again_bytes += frame.length;
    return isSent;
  };
  return network;
}

let lanes: readonly (readonly Uint8Array[])[] = [];
let depth = 1;
let together = 1;
let watched: { last_ms: number; gap_ms: number; stop: () => void } | undefined;
let trickle: NodeJS.Timeout | undefined;
/** Payments of the trickle. */
const trickling = new Set<string>();

function entryOf(who: Person, shape: Shape): Uint8Array {
  const { account } = people[0] ?? who;
  const action = () =>
    shape.kind === 'data'
      ? ({ kind: 'data', bytes: randomBytes(PAYLOAD_BYTES) } as const)
      : ({ kind: 'transfer', to: account, amount: 1n, memo: new Uint8Array() } as const);
  return who.sign(chainId, ...Array.from({ length: shape.together }, () => who.make(action())));
}

function prepare(shape: Shape, share: number): void {
  const entries = Math.max(1, Math.round(shape.entries * share));
  ({ depth, together } = shape);
  lanes = people
    .slice(0, shape.lanes)
    .map((who) => Array.from({ length: entries }, () => entryOf(who, shape)));
}

/** Every account hands in its entries in their order, so many at a time; all are measured to their end. */
async function load(validator: Validator): Promise<SideLoad> {
  const commit_ms: number[] = [];
  const finality_ms: number[] = [];
  const waiting = new Map<string, { began_ms: number; committed: () => void; ended: () => void }>();
  let executed = 0;
  const stop = validator.on((event) => {
    if (event.kind === 'executed') executed += event.receipts.length;
    if (event.kind !== 'state') return;
    const entry = waiting.get(event.id);
    if (entry === undefined) return;
    const took_ms = performance.now() - entry.began_ms;
    if (event.state === 'Confirmed') {
      commit_ms.push(took_ms);
      entry.committed();
    } else if (event.state === 'Finalized') {
      finality_ms.push(took_ms);
      waiting.delete(event.id);
      entry.ended();
    } else if (event.state === 'Rejected' || event.state === 'Expired')
      throw new Error(
        `a transaction was ${event.state}: ${JSON.stringify(validator.status(event.id)?.code)}`,
      );
  });
  const began_ms = performance.now();
  const ends: Promise<void>[] = [];
  const handIn = async (entry: Uint8Array): Promise<void> => {
    const entryBegan_ms = performance.now();
    const ids = await validator.submit(entry);
    const committed = Promise.withResolvers<void>();
    const ended = Promise.withResolvers<void>();
    ends.push(ended.promise);
    waiting.set(ids.at(-1) ?? '', {
      began_ms: entryBegan_ms,
      committed: committed.resolve,
      ended: ended.resolve,
    });
    await committed.promise;
  };
  const lane = async (entries: readonly Uint8Array[]): Promise<void> => {
    const left = [...entries];
    const worker = async (): Promise<void> => {
      for (let next = left.shift(); next !== undefined; next = left.shift()) await handIn(next);
    };
    await Promise.all(Array.from({ length: depth }, worker));
  };
  await Promise.all(lanes.map(lane));
  const duration_ms = performance.now() - began_ms;
  await Promise.all(ends);
  stop();
  const transactions = lanes.reduce((sum, { length }) => sum + length * together, 0);
  return { transactions, commit_ms, finality_ms, executed, duration_ms };
}

function watch(validator: Validator): void {
  watched?.stop();
  const found = { last_ms: performance.now(), gap_ms: 0, stop: (): void => undefined };
  const stop = validator.on((event) => {
    if (event.kind !== 'executed') return;
    const now_ms = performance.now();
    found.gap_ms = Math.max(found.gap_ms, now_ms - found.last_ms);
    found.last_ms = now_ms;
  });
  found.stop = stop;
  watched = found;
}

function gap(): number {
  if (watched === undefined) return 0;
  watched.stop();
  return Math.max(watched.gap_ms, performance.now() - watched.last_ms);
}

/** Payments at a steady rate; what is refused while others are away is not counted. */
function beginTrickle(validator: Validator, perSecond: number): void {
  clearInterval(trickle);
  let turn = 0;
  trickle = setInterval(() => {
    turn += 1;
    const who = people[turn % people.length];
    const to = people[(turn + 1) % people.length];
    if (who === undefined || to === undefined) return;
    const nonce = validator.account(who.account)?.nonce ?? 0n;
    // A payment that is lost with a validator leaves no hole behind it, and a new start goes on where the last one was.
    if (who.nonce < nonce || who.nonce > nonce + 8n) who.nonce = nonce;
    validator
      .submit(who.sign(chainId, who.pay(to.account, 1n)))
      .then((ids) => ids.forEach((id) => trickling.add(id)))
      .catch(() => undefined);
  }, 1_000 / perSecond);
}

/** Resolves with the next commit that has a payment of this validator's own: the others build on its blocks. */
function takesPart(validator: Validator): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const stop = validator.on((event) => {
    if (event.kind !== 'state' || event.state !== 'Confirmed' || !trickling.has(event.id)) return;
    stop();
    resolve();
  });
  return promise;
}

answerOrders(
  async (order: Order) => {
    const { network, validator } = await starting;
    switch (order.kind) {
      case 'address':
        return { publicKey: network.publicKey, address: network.address } satisfies SidePeer;
      case 'meet':
        for (const peer of order.peers)
          if (peer.publicKey !== network.publicKey) network.addPeer(peer);
        return order.peers.length;
      case 'prepare':
        return prepare(order.shape, order.share);
      case 'load':
        return load(validator);
      case 'chain':
        return { ...validator.chain(), connected: network.connected().length };
      case 'sentBlocks':
        return sentBlocks;
      case 'sent':
        return network.peers().reduce((sum, { sent_bytes }) => sum + sent_bytes, 0);
      case 'trickle':
        return beginTrickle(validator, order.perSecond);
      case 'takesPart':
        return takesPart(validator);
      case 'rest':
        return clearInterval(trickle);
      case 'watch':
        return watch(validator);
      case 'gap':
        return gap();
    }
  },
  async () => {
    clearInterval(trickle);
    const { network, validator } = await starting;
    await validator.close();
    await network.close();
  },
);
