import type { Show } from '../storyteller.ts';
import type { Buyer, Bought } from './buyer.ts';
import {
  bell,
  cutOf,
  flipping,
  ghz,
  grover,
  groverChance,
  largestCut,
  majorityFails,
  qaoa,
  repetition,
  ringWithChords,
} from './circuits.ts';
import { minimise } from './minimise.ts';

const GHZ_QUBITS = 20;
const GROVER_QUBITS = 6;
const GROVER_SHOTS = 2_000;
const FLIP = 0.1;
const CODE_SHOTS = 20_000;
const VERTICES = 8;
const ASKS = 24;
/** A measured share may be so many standard errors off before something is wrong. */
const SIGMAS = 6;

export async function bellPair(buyer: Buyer, show: Show) {
  const run = await buyer.run({ name: 'Bell pair', text: bell(), shots: 1_000 });
  show('Bell', `${countsText(run)} by ${run.method}`);
  return { counts: countsOf(run), price: run.price, record: run.record, ok: isHalves(run, 2) };
}

export async function ghzState(buyer: Buyer, show: Show) {
  const text = ghz(GHZ_QUBITS);
  const run = await buyer.run({ name: `GHZ of ${GHZ_QUBITS} qubits`, text, shots: 1_000 });
  show(
    'GHZ',
    `${GHZ_QUBITS} qubits: ${countsText(run)} by ${run.method}, ${run.duration_ms.toFixed(1)} ms`,
  );
  return {
    qubits: GHZ_QUBITS,
    counts: countsOf(run),
    method: run.method,
    record: run.record,
    ok: isHalves(run, GHZ_QUBITS),
  };
}

/** Grover's curve: what is measured after each round beside what the textbook says. */
export async function groverCurve(buyer: Buyer, show: Show) {
  const points: { rounds: number; measured: number; textbook: number }[] = [];
  for (let rounds = 0; rounds <= 7; rounds += 1) {
    const text = grover(GROVER_QUBITS, rounds);
    const run = await buyer.run({ name: `Grover, ${rounds} rounds`, text, shots: GROVER_SHOTS });
    const found = run.counts.find(({ bits }) => !bits.includes('0'))?.count ?? 0;
    const measured = found / GROVER_SHOTS;
    const textbook = groverChance(GROVER_QUBITS, rounds);
    show(
      'Grover',
      `${rounds} rounds  ${curve(measured, textbook)}  measured ${percent(measured)}, textbook ${percent(textbook)}`,
    );
    points.push({ rounds, measured, textbook });
  }
  const ok = points.every(({ measured, textbook }) => isNear(measured, textbook, GROVER_SHOTS));
  return { qubits: GROVER_QUBITS, shots: GROVER_SHOTS, points, ok };
}

/** A bit in more and more qubits: the majority is wrong less and less often. */
export async function repetitionCode(buyer: Buyer, show: Show) {
  const points: { distance: number; measured: number; expected: number }[] = [];
  for (const distance of [1, 3, 5, 7, 9]) {
    const run = await buyer.run({
      name: `repetition code, d = ${distance}`,
      text: repetition(distance),
      noiseModel: flipping(FLIP),
      shots: CODE_SHOTS,
    });
    const wrong = run.counts
      .filter(({ bits }) => 2 * bits.replaceAll('0', '').length > distance)
      .reduce((sum, { count }) => sum + count, 0);
    const measured = wrong / CODE_SHOTS;
    const expected = majorityFails(distance, FLIP);
    show(
      'code',
      `d = ${distance}  ${'█'.repeat(Math.round(measured * 240)).padEnd(24)}  wrong ${percent(measured)}, by the formula ${percent(expected)} (${run.method})`,
    );
    points.push({ distance, measured, expected });
  }
  const falls = points.every(
    ({ measured }, at) => at === 0 || measured < (points[at - 1]?.measured ?? 1),
  );
  const ok = falls && points.every((p) => isNear(p.measured, p.expected, CODE_SHOTS));
  return { flip: FLIP, shots: CODE_SHOTS, points, ok };
}

/** The largest cut of a graph: angles are sought here, energies are bought one by one. */
export async function qaoaCut(buyer: Buyer, show: Show) {
  const edges = ringWithChords(VERTICES);
  const best = largestCut(VERTICES, edges);
  const [text, observables] = [qaoa(VERTICES, edges), [cutOf(edges)]];
  const energies: number[] = [];
  let [most, record] = [0, ''];
  const cutAt = async ([gamma, beta]: readonly [number, number]): Promise<number> => {
    const name = `QAOA, ask ${energies.length + 1}`;
    const run = await buyer.run({ name, text, shots: 0, observables, parameters: { gamma, beta } });
    const cut = run.expectations[0]?.value ?? 0;
    energies.push(cut);
    if (cut > most) [most, record] = [cut, run.record];
    show('QAOA', `${spark(energies, edges.length)}  cut ${most.toFixed(3)} of ${best}`, false);
    return -cut;
  };
  const { at } = await minimise(cutAt, [0.1, 0.1], { step: 0.25, asks: ASKS });
  const ratio = most / best;
  show(
    'QAOA',
    `${spark(energies, edges.length)}  cut ${most.toFixed(3)} of ${best} after ${energies.length} energies: ratio ${ratio.toFixed(3)}`,
  );
  // What depth 1 reaches at least on graphs of three neighbours (arXiv:1411.4028).
  return {
    vertices: VERTICES,
    edges: edges.length,
    best,
    energies,
    angles: at,
    ratio,
    record,
    ok: ratio > 0.6924,
  };
}

const countsOf = (run: Bought): Record<string, number> =>
  Object.fromEntries(run.counts.map(({ bits, count }) => [bits, count]));
const countsText = (run: Bought): string =>
  run.counts.map(({ bits, count }) => `${bits} ${count}`).join(', ');
const percent = (part: number): string => `${(100 * part).toFixed(2)} %`;

const isNear = (measured: number, expected: number, shots: number): boolean =>
  Math.abs(measured - expected) <=
  SIGMAS * Math.sqrt((expected * (1 - expected)) / shots) + 1 / shots;

/** All zeros and all ones, half and half. */
function isHalves(run: Bought, bits: number): boolean {
  const counts = countsOf(run);
  const zeros = counts['0'.repeat(bits)] ?? 0;
  const ones = counts['1'.repeat(bits)] ?? 0;
  return zeros + ones === run.shots && isNear(zeros / run.shots, 0.5, run.shots);
}

const CURVE_CHARS = 40;

/** A bar of what was measured, with a mark where the textbook has it. */
function curve(measured: number, textbook: number): string {
  const bar = Array.from('█'.repeat(Math.round(measured * CURVE_CHARS)).padEnd(CURVE_CHARS + 1));
  bar[Math.round(textbook * CURVE_CHARS)] = '┃';
  return bar.join('');
}

const spark = (values: readonly number[], most: number): string =>
  values
    .map((value) => '▁▂▃▄▅▆▇█'[Math.max(0, Math.min(7, Math.floor((value / most) * 8)))] ?? '▁')
    .join('')
    .padEnd(ASKS);
