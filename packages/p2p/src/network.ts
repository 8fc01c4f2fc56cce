import { fail } from '@anarq/common-schemas';
import { importPrivateKey, rawPublicKey } from '@anarq/crypto';
import { multiaddrOf, readAddress } from './address.ts';
import { Compressor } from './compression.ts';
import { FairDelivery } from './fairness.ts';
import { Greeter } from './greeter.ts';
import type { Greeted } from './greeter.ts';
import type { Refusal } from './handshake.ts';
import type { HelloRole } from './hello.ts';
import type { Host } from './host.ts';
import type { Limits, RoleLimits } from './limits.ts';
import { Link } from './link.ts';
import type { LinkEvents } from './link.ts';
import { Redial } from './redial.ts';
import { RouteExchange } from './routeExchange.ts';
import { ScoreBoard } from './score.ts';
import type {
  Offence,
  OwnPeerNetwork,
  Peer,
  PeerNetworkOptions,
  PeerStatus,
  Way,
} from './types.ts';

/** Two peers that dial each other at once see it within so long. */
const CROSSING_MS = 5_000;
/** Validators that a follower finds by itself and stays connected to. */
const FOUND_MAX = 8;
const REMEMBERED_MAX = 4_096;
const CARE_MS = 1_000;
const PUBLIC_KEY = /^[0-9a-f]{3904}$/;

type FrameListener = (from: string, frame: Uint8Array, via: Way) => void;

/** Peers by their keys, over connections of one libp2p host. */
export class Network implements OwnPeerNetwork {
  readonly publicKey: string;
  readonly #limits: Limits;
  readonly #options: PeerNetworkOptions;
  readonly #now_ms: () => number;
  readonly #links = new Map<string, Link>();
  readonly #keys = new Map<string, string>();
  readonly #configured = new Map<string, string>();
  readonly #redials = new Map<string, Redial>();
  readonly #listeners: FrameListener[] = [];
  readonly #scores: ScoreBoard;
  readonly #routes: RouteExchange;
  readonly greeter: Greeter;
  readonly #delivery = new FairDelivery();
  readonly #compressor: Compressor;
  readonly #total = { bytes: 0 };
  #validators: ReadonlySet<string> | undefined;
  #host: Host | undefined;
  #care: NodeJS.Timeout | undefined;
  #isClosing = false;

  constructor(options: PeerNetworkOptions, limits: Limits) {
    this.#options = options;
    this.#limits = limits;
    this.#now_ms = options.now_ms ?? Date.now;
    const key = importPrivateKey('mldsa65', options.seed);
    const publicKeyBytes = rawPublicKey(key);
    const chainId = new Uint8Array(Buffer.from(options.chainId, 'hex'));
    this.publicKey = Buffer.from(publicKeyBytes).toString('hex');
    this.#scores = new ScoreBoard({ ...limits, peers_max: REMEMBERED_MAX });
    this.#routes = new RouteExchange({
      key,
      publicKeyBytes,
      chainId,
      routes_max: limits.routes_max,
      address: () => options.publicAddress ?? this.address,
      isValidator: (publicKey) => this.#isValidator(publicKey),
      now_ms: this.#now_ms,
    });
    this.greeter = new Greeter({
      key,
      publicKeyBytes,
      chainId,
      limits,
      ownPeerId: () => this.#host?.peerId,
      channelOf: (connection) => this.#host?.channelOf(connection),
      judge: (publicKey, role) => this.#judge(publicKey, role),
    });
    this.#compressor = new Compressor(limits.compress_bytes_min);
  }

  /** The host is open: dials the peers. */
  begin(host: Host): void {
    this.#host = host;
    for (const peer of this.#options.peers) this.addPeer(peer);
    this.#care = setInterval(() => this.#takeCare(), CARE_MS);
  }

  /** Time heals: bans end, and what is held against a peer is forgotten. */
  #takeCare(): void {
    for (const link of this.#links.values()) this.#setLimits(link);
    for (const publicKey of this.#configured.keys()) this.#wake(publicKey);
    for (const publicKey of this.#validators ?? []) this.#wake(publicKey);
  }

  get address(): string {
    return this.#host?.address ?? '';
  }

  connected(): readonly string[] {
    return [...this.#links.keys()];
  }

  send(to: string, frame: Uint8Array): boolean {
    const { frame_bytes_max, queued_bytes_max } = this.#limits;
    if (frame.byteLength > frame_bytes_max) {
      return fail('INPUT_TOO_LARGE', `a frame has at most ${frame_bytes_max} bytes`);
    }
    const link = this.#links.get(to);
    if (link === undefined) return false;
    while (this.#total.bytes + frame.byteLength > queued_bytes_max) {
      if (this.#dropOne() === 0) return false;
    }
    return link.send(frame);
  }

  announce(frame: Uint8Array): void {
    const { announce_bytes_max } = this.#limits;
    if (frame.byteLength > announce_bytes_max) {
      fail('INPUT_TOO_LARGE', `an announcement has at most ${announce_bytes_max} bytes`);
    }
    this.#host?.announcements.announce(frame);
  }

  onFrame(listener: FrameListener): void {
    this.#listeners.push(listener);
  }

  report(peer: string, offence: Offence): void {
    this.#hold(peer, offence);
  }

  setValidators(publicKeys: readonly string[]): void {
    this.#validators = new Set(publicKeys);
    for (const link of this.#links.values()) this.#setLimits(link);
    for (const publicKey of [...publicKeys, ...this.#redials.keys()]) this.#wake(publicKey);
  }

  addPeer(peer: Peer): void {
    if (!PUBLIC_KEY.test(peer.publicKey)) {
      fail('INPUT_INVALID', 'expected an ML-DSA-65 public key in hex');
    }
    const address = multiaddrOf(readAddress(peer.address));
    if (peer.publicKey === this.publicKey) return;
    this.#configured.set(peer.publicKey, address);
    this.#wake(peer.publicKey);
  }

  removePeer(publicKey: string): void {
    this.#configured.delete(publicKey);
    this.#links.get(publicKey)?.close('removed');
    if (this.#targetOf(publicKey) !== undefined) return;
    this.#redials.get(publicKey)?.stop();
    this.#redials.delete(publicKey);
  }

  peers(): readonly PeerStatus[] {
    const keys = new Set([
      ...this.#links.keys(),
      ...this.#configured.keys(),
      ...this.#scores.peers(),
    ]);
    return [...keys].map((publicKey) => this.#statusOf(publicKey));
  }

  async close(): Promise<void> {
    if (this.#isClosing) return;
    this.#isClosing = true;
    clearInterval(this.#care);
    for (const redial of this.#redials.values()) redial.stop();
    for (const link of this.#links.values()) link.close('closing');
    await this.#host?.stop();
  }

  /** The key behind a peer id, once its hello is done. */
  keyOf(peerId: string): string | undefined {
    return this.#keys.get(peerId);
  }

  deliver(from: string, frame: Uint8Array, via: Way): void {
    for (const listener of this.#listeners) listener(from, frame, via);
  }

  /** A hello came to its end: `peer` is who it says. */
  take(peer: Greeted): void {
    const link = new Link({
      ...peer,
      limits: this.#limits,
      roleLimits: this.#limitsOf(peer.publicKey),
      share: this.#scores.share(peer.publicKey, this.#now_ms()),
      compressor: this.#compressor,
      total: this.#total,
      delivery: this.#delivery,
      events: this.#events,
    });
    const before = this.#links.get(link.publicKey);
    this.#links.set(link.publicKey, link);
    this.#keys.set(link.peerId, link.publicKey);
    link.open();
    if (before !== undefined) {
      for (const frame of before.queue.take(Number.POSITIVE_INFINITY)) link.send(frame);
      before.close('duplicate');
    }
    link.sendRoutes(this.#routes.messageFor(link.publicKey));
  }

  readonly #events: LinkEvents = {
    frame: (link, frame) => this.deliver(link.publicKey, frame, 'stream'),
    offence: (link, offence) => this.#hold(link.publicKey, offence),
    routes: (link, body) => this.#learn(link, body),
    closed: (link) => {
      this.#host?.announcements.forget(link.peerId);
      if (this.#links.get(link.publicKey) !== link) return;
      this.#links.delete(link.publicKey);
      this.#keys.delete(link.peerId);
      if (!this.#isClosing)
        this.#redials.get(link.publicKey)?.parted(performance.now() - link.opened_ms);
      this.#wake(link.publicKey);
    },
  };

  /** Whether a peer whose signature holds is taken up. */
  #judge(publicKey: string, role: HelloRole): Refusal | undefined {
    if (this.#isClosing) return 'closing';
    const now_ms = this.#now_ms();
    if (this.#scores.bannedUntil(publicKey, this.#isValidator(publicKey), now_ms)) return 'banned';
    const link = this.#links.get(publicKey);
    if (link === undefined) return undefined;
    // Two that dial each other at once keep the connection of the smaller key. Else the newer one
    // counts: its dialler knows of no other.
    const isOursFirst = this.publicKey < publicKey;
    const isBySmaller = (made: HelloRole) => (made === 'dialler') === isOursFirst;
    const isCrossing = performance.now() - link.opened_ms < CROSSING_MS;
    return isCrossing && isBySmaller(link.role) && !isBySmaller(role) ? 'duplicate' : undefined;
  }

  #learn(link: Link, body: Uint8Array): void {
    const news = this.#routes.learn(body);
    if (typeof news === 'string') return this.#hold(link.publicKey, news);
    for (const route of news) {
      for (const other of this.#links.values()) {
        if (other !== link && other.publicKey !== route.publicKey) other.sendRoutes(route.record);
      }
      this.#wake(route.publicKey);
    }
  }

  /** Where this peer is dialled. What was configured counts, and nothing beside it. */
  #targetOf(publicKey: string): string | undefined {
    const configured = this.#configured.get(publicKey);
    if (configured !== undefined) return configured;
    if (this.#options.discover === false || publicKey === this.publicKey) return undefined;
    if (!this.#isValidator(publicKey)) return undefined;
    if (!this.#isValidator(this.publicKey) && this.#links.size >= FOUND_MAX) return undefined;
    return this.#routes.addressOf(publicKey);
  }

  #isWanted(publicKey: string): boolean {
    if (this.#isClosing || this.#links.has(publicKey)) return false;
    if (this.#targetOf(publicKey) === undefined) return false;
    const isValidator = this.#isValidator(publicKey);
    return this.#scores.bannedUntil(publicKey, isValidator, this.#now_ms()) === undefined;
  }

  #wake(publicKey: string): void {
    if (!this.#isWanted(publicKey)) return;
    let redial = this.#redials.get(publicKey);
    if (redial === undefined) {
      redial = new Redial({
        attempt: () => this.#dial(publicKey),
        isWanted: () => this.#isWanted(publicKey),
        backoff_ms_max: () => this.#limitsOf(publicKey).backoff_ms_max,
        random: this.#options.random ?? Math.random,
      });
      this.#redials.set(publicKey, redial);
    }
    redial.wake();
  }

  async #dial(publicKey: string): Promise<void> {
    const target = this.#targetOf(publicKey);
    if (target === undefined || this.#host === undefined) return;
    const { stream, connection } = await this.#host.dial(target);
    await this.greeter.greet(stream, connection, 'dialler', publicKey, (peer) => this.take(peer));
  }

  #hold(peer: string, offence: Offence | 'flood'): void {
    const isValidator = this.#isValidator(peer);
    // A validator's flood is held back, as anybody's; it is no reason to hear less of its votes.
    if (offence === 'flood' && isValidator) return;
    const link = this.#links.get(peer);
    if (this.#scores.offence(peer, offence, isValidator, this.#now_ms())) link?.close('banned');
    else if (link !== undefined) this.#setLimits(link);
  }

  #setLimits(link: Link): void {
    const share = this.#scores.share(link.publicKey, this.#now_ms());
    link.setLimits(this.#limitsOf(link.publicKey), share);
  }

  /** Drops a big frame where it hurts least; how many bytes that freed. */
  #dropOne(): number {
    const fullestFirst = [...this.#links.values()].toSorted(
      (a, b) => b.queue.bytes - a.queue.bytes,
    );
    for (const isValidator of [false, true]) {
      for (const link of fullestFirst) {
        if (this.#isValidator(link.publicKey) !== isValidator) continue;
        const freed = link.queue.dropNewestBig();
        if (freed > 0) return freed;
      }
    }
    return 0;
  }

  #isValidator(publicKey: string): boolean {
    return this.#validators?.has(publicKey) ?? this.#configured.has(publicKey);
  }

  #limitsOf(publicKey: string): RoleLimits {
    return this.#isValidator(publicKey) ? this.#limits.validator : this.#limits.follower;
  }

  #statusOf(publicKey: string): PeerStatus {
    const link = this.#links.get(publicKey);
    const isValidator = this.#isValidator(publicKey);
    const now_ms = this.#now_ms();
    const bannedUntil_ms = this.#scores.bannedUntil(publicKey, isValidator, now_ms);
    return {
      publicKey,
      address: link?.address ?? this.#configured.get(publicKey) ?? '',
      role: isValidator ? 'validator' : 'follower',
      connected: link !== undefined,
      score: this.#scores.score(publicKey, now_ms),
      ...(bannedUntil_ms !== undefined && { bannedUntil_ms }),
      queued_bytes: link?.queue.bytes ?? 0,
      sent_bytes: link?.sent_bytes ?? 0,
      received_bytes: link?.received_bytes ?? 0,
      ...(link?.rtt_ms !== undefined && { rtt_ms: link.rtt_ms }),
    };
  }
}
