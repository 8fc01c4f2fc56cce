import type { Pair, PhaseOperation } from './plan.ts';
import type { Pass, TapeWriter } from './tapeWriter.ts';

const PHASE = 8;

/** Where a qubit is for a run of 2^low amplitudes: an index bit of the run, a number of runs, or fixed in the tile. */
type Where =
  | { readonly kind: 'low'; readonly at: number }
  | { readonly kind: 'run'; readonly at: number }
  | { readonly kind: 'fixed'; readonly at: number };

interface Entry {
  readonly words: readonly number[];
  readonly re: number;
  readonly im: number;
}

/** Sorts singles and pairs by where their qubits are, as kernels/phases.as reads them. */
export function phaseRecord(writer: TapeWriter, pass: Pass, operation: PhaseOperation): void {
  const { low, table, singles, pairs } = operation;
  if (low > pass.low)
    throw new RangeError(`a table over ${low} qubits in a pass with rows of ${pass.low}`);
  const whereIs = (position: number): Where => {
    if (position < low) return { kind: 'low', at: position };
    const inTile = pass.qubits.indexOf(position);
    return inTile < 0 ? { kind: 'fixed', at: position } : { kind: 'run', at: inTile - low };
  };
  const runFactors = Array.from({ length: pass.qubits.length - low }, () => [1, 0]);
  const fixedSingles: Entry[] = [];
  for (const { qubit, re, im } of singles) {
    const { kind, at } = whereIs(qubit);
    if (kind === 'fixed') fixedSingles.push({ words: [at], re, im });
    else runFactors[at] = timesFactor(runFactors[at]!, re, im);
  }
  const lists = sortPairs(pairs, whereIs);
  const at = writer.begin(PHASE);
  const tableAt = isAllOnes(table) ? 0 : writer.keepReals(asVectors(table, writer.lanes));
  const entries = [...fixedSingles, ...lists.flat()];
  const factors = writer.keepDoubles([
    ...runFactors.flat(),
    ...entries.flatMap(({ re, im }) => [re, im]),
  ]);
  writer.push(low, runFactors.length, fixedSingles.length, ...lists.map((list) => list.length));
  writer.push(tableAt, factors, ...entries.flatMap(({ words }) => words));
  writer.end(at);
}

/** [fixed-fixed, fixed-run, fixed-low, run-run, run-low] */
function sortPairs(pairs: readonly Pair[], whereIs: (position: number) => Where): Entry[][] {
  const lists: Entry[][] = [[], [], [], [], []];
  for (const { low, high, re, im } of pairs) {
    const ends = [whereIs(low), whereIs(high)];
    const named = (kind: Where['kind']): number[] =>
      ends.filter((end) => end.kind === kind).map((end) => end.at);
    const words = [...named('fixed'), ...named('run'), ...named('low')];
    const kinds = `${named('fixed').length}${named('run').length}${named('low').length}`;
    lists[['200', '110', '101', '020', '011'].indexOf(kinds)]!.push({ words, re, im });
  }
  return lists;
}

const timesFactor = ([re = 1, im = 0]: readonly number[], by: number, byIm: number): number[] => [
  re * by - im * byIm,
  re * byIm + im * by,
];

const isAllOnes = (table: Float64Array): boolean =>
  table.every((value, at) => value === (at % 2 === 0 ? 1 : 0));

/** Real parts of one vector, then its imaginary parts, and so on. */
function asVectors(table: Float64Array, lanes: number): Float64Array {
  const result = new Float64Array(table.length);
  for (let k = 0; k < table.length / 2; k += 1) {
    const to = Math.floor(k / lanes) * 2 * lanes + (k % lanes);
    result[to] = table[2 * k]!;
    result[to + lanes] = table[2 * k + 1]!;
  }
  return result;
}
