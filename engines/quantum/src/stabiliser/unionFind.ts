import type { MatchingGraph } from './matchingGraph.ts';

/**
 * Decodes by union and find (Delfosse and Nickerson, arXiv:1709.06218) with weighted growth (Huang,
 * Newman and Brown, arXiv:2004.04693): clusters around detectors that fired grow at the same speed along
 * their edges until each holds an even number of them or reaches the boundary; then a forest in each
 * cluster says which errors explain them.
 */
export class UnionFindDecoder {
  readonly #graph: MatchingGraph;
  /** Of union and find: the way to the root of the cluster. */
  readonly #parent: Int32Array;
  /** 1 where a detector fired; taken away again as the forest is peeled. */
  readonly #fired: Uint8Array;
  /** How far an edge is covered, from both its ends together. */
  readonly #grown: Float64Array;
  readonly #full: Uint8Array;
  readonly #clusters: (Cluster | undefined)[];
  readonly #nodes: number[] = [];
  readonly #touchedEdges: number[] = [];
  #active: Cluster[] = [];

  constructor(graph: MatchingGraph) {
    this.#graph = graph;
    this.#parent = Int32Array.from({ length: graph.detectors }, (_, node) => node);
    this.#fired = new Uint8Array(graph.detectors);
    this.#grown = new Float64Array(graph.edges);
    this.#full = new Uint8Array(graph.edges);
    this.#clusters = Array<Cluster | undefined>(graph.detectors).fill(undefined);
  }

  /** The observables that most likely flipped, a bit each, given the detectors that fired. */
  decode(fired: readonly number[], count = fired.length): number {
    if (count === 0) return 0;
    this.#active = [];
    for (let k = 0; k < count; k += 1) {
      this.#fired[fired[k]!] = 1;
      this.#active.push(this.#clusterOf(fired[k]!, 1));
    }
    while (this.#active.length > 0) this.#grow();
    const flips = this.#peel();
    this.#clear();
    return flips;
  }

  #find(node: number): number {
    const parent = this.#parent;
    let root = node;
    while (parent[root] !== root) root = parent[root]!;
    for (let at = node; at !== root;) {
      const next = parent[at]!;
      parent[at] = root;
      at = next;
    }
    return root;
  }

  /** The cluster of a node that is in none yet, or the one that it is in. */
  #clusterOf(node: number, odd: number): Cluster {
    const root = this.#find(node);
    const known = this.#clusters[root];
    if (known !== undefined) return known;
    const { first, incident } = this.#graph;
    const cluster: Cluster = {
      root,
      size: 1,
      odd,
      atBoundary: false,
      edges: Array.from(incident.subarray(first[node], first[node + 1])),
    };
    this.#clusters[root] = cluster;
    this.#nodes.push(node);
    return cluster;
  }

  /** Grows all clusters that need it until an edge is full, and joins what it joins. */
  #grow(): void {
    const { from, to, weight, detectors } = this.#graph;
    let step = Infinity;
    for (const cluster of this.#active) {
      let kept = 0;
      for (const edge of cluster.edges) {
        if (this.#full[edge] === 1) continue;
        const toCluster = this.#ends(edge, cluster.root);
        if (toCluster === cluster.root) continue;
        cluster.edges[kept] = edge;
        kept += 1;
        const speed = toCluster >= 0 && this.#grows(this.#clusters[toCluster]) ? 2 : 1;
        step = Math.min(step, (weight[edge]! - this.#grown[edge]!) / speed);
      }
      cluster.edges.length = kept;
    }
    // Nothing left to grow into: what fired cannot be explained, and is left as it is.
    if (step === Infinity) {
      this.#active = [];
      return;
    }
    const full: number[] = [];
    for (const cluster of this.#active)
      for (const edge of cluster.edges) {
        if (this.#grown[edge] === 0) this.#touchedEdges.push(edge);
        this.#grown[edge]! += step;
        if (this.#grown[edge]! >= weight[edge]! - 1e-9 && this.#full[edge] === 0) {
          this.#full[edge] = 1;
          full.push(edge);
        }
      }
    for (const edge of full) {
      const a = this.#clusterOf(from[edge]!, 0);
      if (to[edge] === detectors) a.atBoundary = true;
      else this.#join(a, this.#clusterOf(to[edge]!, 0));
    }
    this.#active = [
      ...new Set(this.#active.map(({ root }) => this.#clusters[this.#find(root)]!)),
    ].filter((cluster) => this.#grows(cluster));
  }

  #grows(cluster: Cluster | undefined): boolean {
    return cluster !== undefined && cluster.odd === 1 && !cluster.atBoundary;
  }

  /** The root at the other end of an edge of a cluster; -1 for the boundary. */
  #ends(edge: number, root: number): number {
    const { from, to, detectors } = this.#graph;
    if (to[edge] === detectors) return -1;
    const a = this.#find(from[edge]!);
    return a === root ? this.#find(to[edge]!) : a;
  }

  #join(a: Cluster, b: Cluster): void {
    if (a === b) return;
    const [large, small] = a.size >= b.size ? [a, b] : [b, a];
    this.#parent[small.root] = large.root;
    this.#clusters[small.root] = undefined;
    large.size += small.size;
    large.odd ^= small.odd;
    large.atBoundary ||= small.atBoundary;
    for (const edge of small.edges) large.edges.push(edge);
  }

  /** Spans each cluster by a tree of full edges, from the boundary where it reaches it, and takes leaf after leaf away. */
  #peel(): number {
    const { from, to, flips, first, incident, detectors } = this.#graph;
    const seen = new Set<number>();
    /** Nodes in the order in which they were reached, each with the edge that it was reached by, or -1. */
    const order: number[] = [];
    const by: number[] = [];
    const reach = (node: number, edge: number): void => {
      if (seen.has(node)) return;
      seen.add(node);
      order.push(node);
      by.push(edge);
    };
    const span = (start: number): void => {
      for (let at = start; at < order.length; at += 1) {
        const node = order[at]!;
        for (let k = first[node]!; k < first[node + 1]!; k += 1) {
          const edge = incident[k]!;
          if (this.#full[edge] === 1 && to[edge] !== detectors)
            reach(from[edge] === node ? to[edge]! : from[edge]!, edge);
        }
      }
    };
    for (const edge of this.#touchedEdges)
      if (this.#full[edge] === 1 && to[edge] === detectors) {
        const start = order.length;
        reach(from[edge]!, edge);
        span(start);
      }
    for (const node of this.#nodes) {
      const start = order.length;
      reach(node, -1);
      span(start);
    }
    let result = 0;
    for (let at = order.length - 1; at >= 0; at -= 1) {
      const node = order[at]!;
      const edge = by[at]!;
      if (this.#fired[node] === 0 || edge < 0) continue;
      this.#fired[node] = 0;
      result ^= flips[edge]!;
      if (to[edge] !== detectors) this.#fired[from[edge] === node ? to[edge]! : from[edge]!]! ^= 1;
    }
    return result;
  }

  #clear(): void {
    for (const node of this.#nodes) {
      this.#parent[node] = node;
      this.#fired[node] = 0;
      this.#clusters[node] = undefined;
    }
    for (const edge of this.#touchedEdges) {
      this.#grown[edge] = 0;
      this.#full[edge] = 0;
    }
    this.#nodes.length = 0;
    this.#touchedEdges.length = 0;
  }
}

interface Cluster {
  readonly root: number;
  size: number;
  odd: number;
  atBoundary: boolean;
  /** Those with one end in the cluster, and some that have both by now. */
  readonly edges: number[];
}
