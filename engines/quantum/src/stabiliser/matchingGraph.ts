import { CircuitError } from '@anarq/circuit';
import type { ErrorModel } from './errorModel.ts';

/** Detectors, and observables, of a model that is decoded. */
const DETECTORS_MAX = 1_000_000;
const OBSERVABLES_MAX = 32;

/**
 * Detectors as nodes, and an edge for each component of an error with one detector or two; the node
 * after the last detector is the boundary, where edges of one detector end. The weight of an edge is
 * ln((1 - p) / p): a set of errors is the more likely the less it weighs.
 */
export interface MatchingGraph {
  readonly detectors: number;
  readonly observables: number;
  readonly edges: number;
  /** Nodes of each edge; of those at the boundary, the detector is `from`. */
  readonly from: Int32Array;
  readonly to: Int32Array;
  readonly weight: Float64Array;
  /** Observables that the error of an edge flips, a bit each. */
  readonly flips: Int32Array;
  /** Edges of detector d: `incident[first[d]]` to before `incident[first[d + 1]]`. */
  readonly first: Int32Array;
  readonly incident: Int32Array;
}

/**
 * The graph in which a model is decoded. Components of one mechanism count as if they were independent.
 * Of errors with the same detectors but other observables the likeliest counts.
 * @throws CircuitError UNSUPPORTED where a component has more than two detectors; LIMIT
 */
export function matchingGraphOf(model: ErrorModel): MatchingGraph {
  if (model.observables > OBSERVABLES_MAX || model.detectors > DETECTORS_MAX)
    throw new CircuitError(
      'LIMIT',
      `At most ${OBSERVABLES_MAX} observables and ${DETECTORS_MAX} detectors are decoded, not ${model.observables} and ${model.detectors}.`,
    );
  const edges = [...likeliest(model).values()];
  const first = new Int32Array(model.detectors + 1);
  for (const { from, to } of edges) {
    first[from]! += 1;
    if (to < model.detectors) first[to]! += 1;
  }
  let sum = 0;
  for (let node = 0; node <= model.detectors; node += 1) {
    sum += first[node]!;
    first[node] = sum;
  }
  const incident = new Int32Array(sum);
  for (const [edge, { from, to }] of edges.entries())
    for (const node of [from, to])
      if (node < model.detectors) {
        first[node]! -= 1;
        incident[first[node]!] = edge;
      }
  return {
    detectors: model.detectors,
    observables: model.observables,
    edges: edges.length,
    from: Int32Array.from(edges, ({ from }) => from),
    to: Int32Array.from(edges, ({ to }) => to),
    // An edge more likely than not would weigh less than nothing; it weighs next to nothing.
    weight: Float64Array.from(edges, ({ p }) => Math.max(1e-6, Math.log((1 - p) / p))),
    flips: Int32Array.from(edges, ({ flips }) => flips),
    first,
    incident,
  };
}

interface Edge {
  readonly from: number;
  readonly to: number;
  readonly flips: number;
  p: number;
}

function likeliest({ detectors, errors }: ErrorModel): Map<number, Edge> {
  const all = new Map<string, Edge>();
  for (const { probability, components } of errors)
    for (const component of components) {
      const [from, to = detectors, ...more] = component.detectors;
      if (more.length > 0)
        throw new CircuitError(
          'UNSUPPORTED',
          `An error fires the detectors ${component.detectors.join(', ')} at once; components with at most two are decoded.`,
        );
      if (from === undefined || probability === 0) continue;
      const flips = component.observables.reduce((bits, index) => bits | (1 << index), 0);
      const key = `${from},${to},${flips}`;
      const known = all.get(key);
      if (known === undefined) all.set(key, { from, to, flips, p: probability });
      else known.p += probability - 2 * probability * known.p;
    }
  const best = new Map<number, Edge>();
  for (const edge of all.values()) {
    const key = edge.from * (detectors + 1) + edge.to;
    const known = best.get(key);
    if (known === undefined || known.p < edge.p) best.set(key, edge);
  }
  return best;
}
