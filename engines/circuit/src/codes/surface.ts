import type { Circuit } from '../circuit.ts';
import { CircuitError } from '../error.ts';
import { checkMemory, memoryCircuit, MemoryWriter, type MemoryOptions } from './memory.ts';

export interface SurfaceCodeOptions extends MemoryOptions {
  /** The basis in which the logical qubit is kept: `Z` keeps |0>, `X` keeps |+>. */
  readonly basis?: 'X' | 'Z';
}

interface Site {
  readonly x: number;
  readonly y: number;
  readonly qubit: number;
}

/**
 * The order in which a check meets its data. That of X checks and that of Z checks differ, so that an
 * error of a check's own qubit spreads across the logical operator it could make, and not along it.
 */
const X_ORDER = [
  [1, 1],
  [-1, 1],
  [1, -1],
  [-1, -1],
] as const;
const Z_ORDER = [
  [1, 1],
  [1, -1],
  [-1, 1],
  [-1, -1],
] as const;

/**
 * A rotated surface code that keeps a logical state for some rounds, laid out as `stim gen` does: data
 * at odd coordinates, checks at even ones between them. Detectors compare each check with the round
 * before, those of the basis also with the state it began in and with the data at the end; observable
 * 0 is the logical operator of the basis.
 * @throws CircuitError SEMANTICS or LIMIT for numbers out of range
 */
export function surfaceCode(options: SurfaceCodeOptions): Circuit {
  const { distance, rounds, basis = 'Z' } = options;
  if (basis !== 'X' && basis !== 'Z')
    throw new CircuitError('SEMANTICS', `A basis is X or Z, not ${String(basis)}.`);
  const noise = checkMemory(options);
  const layout = layoutOf(distance);
  const start = new MemoryWriter(noise);
  for (const { qubit, x, y } of layout.sites)
    start.body.push({ kind: 'coordinates', qubits: [qubit], coordinates: [x, y] });
  start.reset(layout.data.map(qubitOf), basis);
  start.reset(layout.checks.map(qubitOf));
  round(start, layout);
  const count = layout.checks.length;
  const own = basis === 'X' ? layout.isX : (check: Site) => !layout.isX(check);
  for (const [at, check] of layout.checks.entries())
    if (own(check)) start.detector([check.x, check.y, 0], [at - count]);
  if (rounds > 1) {
    const again = start.inside();
    round(again, layout);
    again.body.push({ kind: 'coordinates', qubits: [], coordinates: [0, 0, 1] });
    for (const [at, check] of layout.checks.entries())
      again.detector([check.x, check.y, 0], [at - count, at - 2 * count]);
    start.body.push({ kind: 'repeat', times: rounds - 1, body: again.body });
  }
  finish(start, layout, basis, own);
  return memoryCircuit(
    `rotated surface code, distance ${distance}, ${rounds} rounds, basis ${basis}`,
    layout.sites.length,
    start.body,
  );
}

const qubitOf = ({ qubit }: Site): number => qubit;

interface Layout {
  readonly sites: readonly Site[];
  readonly data: readonly Site[];
  readonly checks: readonly Site[];
  readonly isX: (check: Site) => boolean;
  /** The data qubit at an offset from a check, where there is one. */
  readonly beside: (check: Site, offset: readonly [number, number]) => Site | undefined;
}

/** Qubits are numbered along x, row after row. */
function layoutOf(distance: number): Layout {
  const end = 2 * distance;
  const sites: Site[] = [];
  for (let y = 0; y <= end; y += 1)
    for (let x = 0; x <= end; x += 1)
      if (isData(x, y) || isCheck(x, y, end)) sites.push({ x, y, qubit: sites.length });
  const byPlace = new Map(sites.map((site) => [site.y * (end + 1) + site.x, site]));
  return {
    sites,
    data: sites.filter(({ x, y }) => isData(x, y)),
    checks: sites.filter(({ x, y }) => !isData(x, y)),
    isX: ({ x, y }) => isOdd(x, y),
    beside: ({ x, y }, [dx, dy]) => {
      const inside = x + dx >= 0 && x + dx <= end;
      return inside ? byPlace.get((y + dy) * (end + 1) + x + dx) : undefined;
    },
  };
}

const isData = (x: number, y: number): boolean => x % 2 === 1 && y % 2 === 1;
/** Whether a place of checks has a different parity in x and y: there X is checked. */
const isOdd = (x: number, y: number): boolean => (x + y) % 4 === 2;

/** Along the sides at left and right only Z is checked, along the others only X. */
function isCheck(x: number, y: number, end: number): boolean {
  if (x % 2 === 1 || y % 2 === 1) return false;
  if ((x === 0 || x === end) && isOdd(x, y)) return false;
  return !((y === 0 || y === end) && !isOdd(x, y));
}

function round(writer: MemoryWriter, layout: Layout): void {
  const xChecks = layout.checks.filter(layout.isX).map(qubitOf);
  writer.beginRound(layout.data.map(qubitOf));
  writer.h(xChecks);
  writer.tick();
  for (let step = 0; step < 4; step += 1) {
    const pairs: [number, number][] = [];
    for (const check of layout.checks) {
      const isX = layout.isX(check);
      const data = layout.beside(check, (isX ? X_ORDER : Z_ORDER)[step]!);
      if (data === undefined) continue;
      pairs.push(isX ? [check.qubit, data.qubit] : [data.qubit, check.qubit]);
    }
    writer.cx(pairs);
    writer.tick();
  }
  writer.h(xChecks);
  writer.tick();
  writer.measureReset(layout.checks.map(qubitOf));
}

/** Measures the data, compares the checks of the basis with them, and reads the logical operator. */
function finish(
  writer: MemoryWriter,
  layout: Layout,
  basis: 'X' | 'Z',
  own: (check: Site) => boolean,
): void {
  writer.measure(layout.data.map(qubitOf), basis);
  const record = new Map(
    layout.data.map(({ qubit }, at) => [qubit, at - layout.data.length] as const),
  );
  for (const [at, check] of layout.checks.entries()) {
    if (!own(check)) continue;
    const around = Z_ORDER.flatMap((offset) => layout.beside(check, offset) ?? []);
    writer.detector(
      [check.x, check.y, 1],
      [
        ...around.map(({ qubit }) => record.get(qubit)!),
        at - layout.checks.length - layout.data.length,
      ],
    );
  }
  // X is checked along top and bottom, so a column of X touches each Z check twice or not at all.
  const logical = layout.data.filter(({ x, y }) => (basis === 'X' ? x === 1 : y === 1));
  writer.body.push({
    kind: 'observable',
    index: 0,
    records: logical.map(({ qubit }) => record.get(qubit)!),
  });
}
