import { EXPIRY_MAX_ms } from '../../state.ts';
import type { Committee } from '../../committee.ts';
import { beginningOf, type Genesis } from '../../genesis.ts';
import { hexOf } from '../../hash.ts';
import type { Message, Peer } from '../../messages.ts';
import { DEFAULT_SETTINGS, type NodeSettings } from '../../settings.ts';
import {
  accountOf,
  encodeEntry,
  signedBytes,
  transactionId,
  type Transaction,
} from '../../transaction.ts';
import type { Strategy } from './byzantine.ts';
import { Checker } from './checker.ts';
import { IdealKeys, type SimKeys } from './keys.ts';
import { SimQueue } from './queue.ts';
import { SimRandom } from './random.ts';
import { SimNode, type Surroundings } from './simNode.ts';

/** How messages travel. */
export interface NetworkSettings {
  readonly delay_ms: readonly [number, number];
  readonly loss: number;
  readonly duplicates: number;
  /** Probability that a message takes up to a second and a half longer, and comes behind others. */
  readonly stragglers: number;
}

export interface WorldSettings {
  readonly seed: number;
  readonly nodes: number;
  /** One for each validator that lies. */
  readonly strategies: readonly Strategy[];
  readonly clients: number;
  /** Nodes beside the validators, with keys, which follow and may become validators. */
  readonly spares?: number;
  readonly node?: Partial<NodeSettings>;
  /** Ideal ones where they are absent. */
  readonly keys?: SimKeys;
}

interface Client {
  readonly publicKey: Uint8Array;
  readonly account: string;
  nonce: bigint;
}

interface Handed {
  readonly id: string;
  readonly entry: Uint8Array;
  handed_ms: number;
  tries: number;
  readonly first_ms: number;
}

const FUNDS = 1_000_000n;
const AGAIN_MS = 900;
/** The time of a chain is at most so far behind its clocks: as long as faults may last, and some more. */
const SLOW_MS = 10_000;

/** Validators, clients and a network in simulated time. */
export class World implements Surroundings {
  readonly random: SimRandom;
  readonly queue = new SimQueue();
  readonly keys: SimKeys;
  readonly checker: Checker;
  readonly settings: NodeSettings;
  readonly nodes: readonly SimNode[];
  /** The second of each pair of twins. */
  readonly twins: readonly SimNode[];
  /** Whether the two halves of the world do not hear each other. */
  isHalved = false;
  /** Time at which the simulation begins, in milliseconds since 1970. */
  readonly epoch_ms = 1_800_000_000_000;
  readonly latencies_ms: number[] = [];
  /** Leaders that an honest node committed, by digest. */
  readonly committed = new Set<string>();
  readonly counts = {
    messages: 0,
    lost: 0,
    duplicated: 0,
    late: 0,
    cut: 0,
    lies: 0,
    refused: 0,
    crashes: 0,
    lostWrites: 0,
    tornWrites: 0,
    clockJumps: 0,
    adopted: 0,
    equivocations: 0,
    misbehaviour: 0,
    certificates: 0,
    epochs: 0,
    transactions: 0,
    conflicts: 0,
  };
  network: NetworkSettings;
  readonly hasTwins: boolean;
  /** Pairs that do not hear each other: `from to`. */
  readonly cut = new Set<string>();
  readonly chainId: Uint8Array;
  /** The validators of the beginning. */
  readonly first: Committee;
  readonly #validators: readonly Uint8Array[];
  readonly #spares: readonly Uint8Array[];
  #latest_ms = 0;
  readonly #authority: Client;
  readonly #clients: readonly Client[];
  readonly #byPeer: ReadonlyMap<Peer, readonly SimNode[]>;
  #open: Handed[] = [];

  constructor(settings: WorldSettings, network: NetworkSettings) {
    this.random = new SimRandom(settings.seed);
    this.network = network;
    this.keys = settings.keys ?? new IdealKeys();
    this.settings = { ...DEFAULT_SETTINGS, ...settings.node };
    const validators = Array.from({ length: settings.nodes }, (_, at) =>
      this.keys.make(`validator ${settings.seed} ${at}`),
    );
    this.#clients = Array.from({ length: settings.clients }, (_, at) =>
      this.#person(`client ${settings.seed} ${at}`),
    );
    this.#authority = this.#person('authority');
    this.hasTwins = settings.strategies.includes('twins');
    const genesis = this.#genesis(validators);
    const { committee, executed } = beginningOf(genesis);
    this.chainId = committee.chainId;
    const honest = validators.slice(settings.strategies.length).map(hexOf);
    this.checker = new Checker(this.keys.verify, executed.state.supply, new Set(honest));
    const begin = { committee, executed, trail: [] };
    this.first = committee;
    this.#validators = validators;
    this.#spares = Array.from({ length: settings.spares ?? 0 }, (_, at) =>
      this.keys.make(`spare ${settings.seed} ${at}`),
    );
    this.nodes = [...validators, ...this.#spares].map((publicKey, index) => {
      const strategy = settings.strategies[index];
      const victim = hexOf(validators[settings.nodes - 1]!);
      const liar =
        strategy === undefined
          ? undefined
          : {
              strategy,
              publicKey,
              random: new SimRandom(settings.seed + index),
              keys: this.keys,
              victim,
              seen: [],
              heard: [],
              said: [],
              known: undefined,
              lied: () => {
                this.counts.lies += 1;
              },
            };
      const side = liar === undefined && this.hasTwins ? sideOf(this.random) : 0;
      return new SimNode(this, index, publicKey, begin, side, liar);
    });
    this.twins = this.nodes
      .filter(({ liar }) => liar?.strategy === 'twins')
      .map(({ index, publicKey, liar }) => new SimNode(this, index, publicKey, begin, 1, liar));
    this.counts.lies += this.twins.length;
    const everybody = [...this.nodes, ...this.twins];
    this.#byPeer = Map.groupBy(everybody, ({ peer }) => peer);
  }

  get honest(): readonly SimNode[] {
    return this.nodes.filter(({ isHonest }) => isHonest);
  }

  #person(name: string): Client {
    const publicKey = this.keys.make(name);
    return { publicKey, account: accountOf(publicKey), nonce: 0n };
  }

  #genesis(validators: readonly Uint8Array[]): Genesis {
    const authority = this.#authority;
    const treasury = accountOf(this.keys.make('treasury'));
    return {
      name: 'simulated',
      time_ms: this.epoch_ms,
      validators,
      authority: authority.account,
      treasury,
      fee_min: 1n,
      accounts: [
        { id: authority.account, balance: FUNDS, publicKey: authority.publicKey },
        ...this.#clients.map(({ account, publicKey }) => ({
          id: account,
          balance: FUNDS,
          publicKey,
        })),
      ],
    };
  }

  send(sender: SimNode, to: Peer, message: Message): void {
    for (const target of this.#byPeer.get(to) ?? []) this.#sendTo(sender, target, message);
  }

  #sendTo(sender: SimNode, target: SimNode, message: Message): void {
    // Other liars are on both sides.
    const isOneSided = (node: SimNode) => node.isHonest || node.liar?.strategy === 'twins';
    const isApart = isOneSided(sender) && isOneSided(target) && sender.side !== target.side;
    if (this.isHalved && isApart) return;
    this.counts.messages += 1;
    const from = sender.peer;
    const to = target.peer;
    const { random } = this;
    const { delay_ms, loss, duplicates, stragglers } = this.network;
    if (this.cut.has(`${from} ${to}`)) return void (this.counts.cut += 1);
    if (random.chance(loss)) return void (this.counts.lost += 1);
    const isTwice = random.chance(duplicates);
    if (isTwice) this.counts.duplicated += 1;
    for (let copies = isTwice ? 2 : 1; copies > 0; copies -= 1) {
      const late_ms = random.chance(stragglers) ? random.between(100, 1_500) : 0;
      if (late_ms > 0) this.counts.late += 1;
      const delay = random.between(delay_ms[0], delay_ms[1]) + late_ms;
      this.queue.after(delay, () => {
        target.receive(from, message);
      });
    }
  }

  /** Lets clients hand in transactions until a time, about so many a second. */
  loadUntil(end_ms: number, perSecond: number): void {
    const next = (): void => {
      if (this.queue.now_ms >= end_ms) return;
      this.#handIn();
      this.queue.after(this.random.between(0.2, 1.8) * (1_000 / perSecond), next);
    };
    this.queue.after(50, next);
    const again = (): void => {
      this.#handInAgain();
      this.queue.after(500, again);
    };
    this.queue.after(500, again);
  }

  /** Transactions without a receipt that were handed in before a time. */
  openSince(before_ms: number): number {
    this.#settle();
    return this.#open.filter(({ first_ms }) => first_ms < before_ms).length;
  }

  #settle(): void {
    this.#open = this.#open.filter(({ id }) => this.checker.receiptOf(id) === undefined);
  }

  #handInAgain(): void {
    this.#settle();
    for (const open of this.#open) {
      if (this.queue.now_ms < open.handed_ms + AGAIN_MS) continue;
      open.handed_ms = this.queue.now_ms;
      open.tries += 1;
      this.#submit(open.entry, open.tries);
    }
  }

  #handIn(): void {
    const client = this.random.pick(this.#clients);
    // A client waits where too many of its transactions are under way.
    const isFull = this.#open.length > 20 * this.#clients.length;
    if (isFull) return;
    client.nonce += 1n;
    const first = this.#transfer(client, client.nonce);
    this.#hand(client, first);
    if (this.random.chance(0.05)) {
      this.counts.conflicts += 1;
      this.#hand(client, this.#transfer(client, client.nonce));
    }
  }

  #transfer({ account }: Client, nonce: bigint): Transaction {
    const { random } = this;
    const isTooMuch = random.chance(0.03);
    return {
      account,
      nonce,
      fee: 1n + BigInt(random.below(3)),
      notAfter_ms: Math.round(this.epoch_ms + this.queue.now_ms) + EXPIRY_MAX_ms / 2,
      action: {
        kind: 'transfer',
        to: random.pick(this.#clients).account,
        amount: isTooMuch ? FUNDS * 1_000n : BigInt(1 + random.below(500)),
        memo: new Uint8Array(),
      },
    };
  }

  #hand({ publicKey, account }: Client, transaction: Transaction): void {
    const id = transactionId(this.chainId, transaction);
    const message = signedBytes(this.chainId, account, [id]);
    const entry = encodeEntry([transaction], this.keys.sign(publicKey, message));
    const { now_ms } = this.queue;
    this.counts.transactions += 1;
    this.checker.submitted(id);
    this.#open.push({ id, entry, handed_ms: now_ms, tries: 0, first_ms: now_ms });
    this.#submit(entry, 0);
  }

  /** The authority names a committee in which a spare node has the place of an honest validator, the last one. */
  replaceValidator(): void {
    const client = this.#authority;
    client.nonce += 1n;
    const publicKeys = [...this.#validators.slice(0, -1), ...this.#spares.slice(0, 1)];
    this.#hand(client, {
      account: client.account,
      nonce: client.nonce,
      fee: 1n,
      notAfter_ms: Math.round(this.epoch_ms + this.queue.now_ms) + EXPIRY_MAX_ms / 2,
      action: { kind: 'setValidators', publicKeys },
    });
  }

  shownTimes_ms(): readonly [number, number] {
    const times = this.honest.map((node) => node.now_ms());
    this.#latest_ms = Math.max(this.#latest_ms, ...times);
    return [Math.min(...times) - SLOW_MS, this.#latest_ms];
  }

  /** A clock jumps. */
  jump(node: SimNode, by_ms: number): void {
    this.shownTimes_ms();
    this.counts.clockJumps += 1;
    node.clock_ms += by_ms;
  }

  /** Hands an entry to a node, and to another one each time it is handed in again. */
  #submit(entry: Uint8Array, tries: number): void {
    const at = (entry[40] ?? 0) + tries;
    this.nodes[at % this.nodes.length]?.submit(entry);
  }
}

const sideOf = (random: SimRandom): 0 | 1 => (random.chance(0.5) ? 1 : 0);
