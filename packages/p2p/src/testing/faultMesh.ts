import { startFaultProxy } from './faultProxy.ts';
import type { Cut, FaultProxy, Faults } from './faultProxy.ts';

export interface MeshNode {
  readonly name: string;
  /** Where it listens: `host:port` or a multiaddr. */
  readonly address: string;
  /** The address on which the proxies listen that it dials; 127.0.0.1 where nothing is said. */
  readonly dialsAt?: string;
}

/**
 * A proxy for each directed pair of nodes. Node `a` dials node `b` at `addressFor('a', 'b')`, and so
 * on; what `a` and `b` say to each other then passes the proxy of whoever dialled.
 */
export class FaultMesh {
  readonly #seed: number;
  readonly #nodes = new Map<string, MeshNode>();
  readonly #proxies = new Map<string, FaultProxy>();

  constructor(seed = 1) {
    this.#seed = seed;
  }

  get nodes(): readonly string[] {
    return [...this.#nodes.keys()];
  }

  /** One more node, with proxies from and to all others. */
  async add(node: MeshNode): Promise<void> {
    const others = [...this.#nodes.values()];
    this.#nodes.set(node.name, node);
    for (const other of others) {
      await this.#join(other, node);
      await this.#join(node, other);
    }
  }

  async remove(name: string): Promise<void> {
    this.#nodes.delete(name);
    for (const [pair, proxy] of this.#proxies) {
      if (!pair.split('>').includes(name)) continue;
      this.#proxies.delete(pair);
      await proxy.close();
    }
  }

  /** Where `from` dials `to`: `host:port`. Undefined where one of them is unknown. */
  addressFor(from: string, to: string): string | undefined {
    return this.#proxies.get(nameOf(from, to))?.address;
  }

  proxy(from: string, to: string): FaultProxy | undefined {
    return this.#proxies.get(nameOf(from, to));
  }

  /** Faults of every proxy. */
  set(faults: Partial<Faults>): void {
    for (const proxy of this.#proxies.values()) proxy.set(faults);
  }

  /** What `from` says does not reach `to`, whoever dialled. */
  cutOneWay(from: string, to: string): void {
    this.proxy(from, to)?.set({ cut: 'toTarget' });
    this.proxy(to, from)?.set({ cut: 'toClient' });
  }

  /** These nodes reach each other, and nobody else; the others reach each other, and none of these. */
  partition(names: readonly string[]): void {
    for (const [pair, proxy] of this.#proxies) {
      const [from = '', to = ''] = pair.split('>');
      const cut: Cut = names.includes(from) === names.includes(to) ? 'none' : 'both';
      proxy.set({ cut });
    }
  }

  /** Everybody reaches everybody. */
  heal(): void {
    this.set({ cut: 'none' });
  }

  async close(): Promise<void> {
    await Promise.all([...this.#proxies.values()].map((proxy) => proxy.close()));
    this.#proxies.clear();
  }

  async #join(from: MeshNode, to: MeshNode): Promise<void> {
    // Each pair draws its own chance, the same in each run.
    const seed = this.#seed * 1_000_003 + this.#proxies.size;
    const proxy = await startFaultProxy({
      target: to.address,
      listen: `${from.dialsAt ?? '127.0.0.1'}:0`,
      seed,
    });
    this.#proxies.set(nameOf(from.name, to.name), proxy);
  }
}

const nameOf = (from: string, to: string): string => `${from}>${to}`;
