import type { Offence, PeerNetwork, PeerStatus, Via } from '../network.ts';

type Listener = (from: string, frame: Uint8Array, via: Via) => void;

/** Nodes of one process that hear each other; which do not, and what a liar says, is up to the test. */
export class MemoryHub {
  readonly #nodes = new Map<string, MemoryNetwork>();
  /** Pairs that do not hear each other: `from to`. */
  readonly #cut = new Set<string>();

  /** Told of every frame that is under way. */
  onFrame: (from: string, frame: Uint8Array, to: string) => void = () => undefined;

  /** A node joins under its public key, in hex. A second one under the same key takes the place of the first. */
  join(publicKey: string): MemoryNetwork {
    const node = new MemoryNetwork(this, publicKey);
    this.#nodes.set(publicKey, node);
    return node;
  }

  leave(node: MemoryNetwork): void {
    if (this.#nodes.get(node.publicKey) === node) this.#nodes.delete(node.publicKey);
  }

  /** Cuts a node off from all others, both ways. */
  cutOff(publicKey: string): void {
    for (const other of this.#nodes.keys()) {
      this.#cut.add(`${publicKey} ${other}`);
      this.#cut.add(`${other} ${publicKey}`);
    }
  }

  heal(): void {
    this.#cut.clear();
  }

  reachable(from: string): readonly string[] {
    return [...this.#nodes.keys()].filter((to) => to !== from && !this.#cut.has(`${from} ${to}`));
  }

  deliver(from: string, to: string, frame: Uint8Array, via: Via): boolean {
    if (!this.reachable(from).includes(to)) return false;
    // The receiver has bytes of its own, as it has behind a wire; and it hears nothing within a call of the sender.
    const copy = Uint8Array.from(frame);
    this.onFrame(from, copy, to);
    setImmediate(() => this.#nodes.get(to)?.hear(from, copy, via));
    return true;
  }
}

export class MemoryNetwork implements PeerNetwork {
  readonly publicKey: string;
  /** What the driver reported, in order. */
  readonly reports: { readonly peer: string; readonly offence: Offence }[] = [];
  /** Frames and bytes that were sent. */
  readonly sent = { frames: 0, bytes: 0 };
  validators: readonly string[] = [];
  readonly #hub: MemoryHub;
  readonly #listeners: Listener[] = [];

  constructor(hub: MemoryHub, publicKey: string) {
    this.#hub = hub;
    this.publicKey = publicKey;
  }

  connected(): readonly string[] {
    return this.#hub.reachable(this.publicKey);
  }

  send(to: string, frame: Uint8Array): boolean {
    this.sent.frames += 1;
    this.sent.bytes += frame.length;
    return this.#hub.deliver(this.publicKey, to, frame, 'stream');
  }

  announce(frame: Uint8Array): void {
    for (const to of this.connected()) this.#hub.deliver(this.publicKey, to, frame, 'gossip');
  }

  onFrame(listener: Listener): void {
    this.#listeners.push(listener);
  }

  hear(from: string, frame: Uint8Array, via: Via): void {
    for (const listener of this.#listeners) listener(from, frame, via);
  }

  report(peer: string, offence: Offence): void {
    this.reports.push({ peer, offence });
  }

  setValidators(publicKeys: readonly string[]): void {
    this.validators = publicKeys;
  }

  peers(): readonly PeerStatus[] {
    return this.connected().map((publicKey) => ({
      publicKey,
      address: 'memory',
      role: this.validators.includes(publicKey) ? 'validator' : 'follower',
      score: 0,
      queued_bytes: 0,
      sent_bytes: 0,
      received_bytes: 0,
    }));
  }

  close(): Promise<void> {
    this.#hub.leave(this);
    return Promise.resolve();
  }
}
