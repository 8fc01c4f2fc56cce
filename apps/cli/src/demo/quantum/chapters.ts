import { decodeCounts, logicalErrorRate, repetitionCode, writeStim } from '@anarq/quantum/local';
import type { Show } from '../storyteller.ts';
import type { Buyer, Bought } from './buyer.ts';
import {
  bareQubit,
  bareQubitFails,
  bell,
  cutOf,
  ghz,
  grover,
  groverChance,
  largestCut,
  qaoa,
  ringWithChords,
} from './circuits.ts';
import { minimise } from './minimise.ts';

const GHZ_QUBITS = 20;
const GROVER_QUBITS = 6;
const GROVER_SHOTS = 2_000;
/** Of every gate, reset, measurement and round of the code. */
const NOISE = 0.03;
const CODE_ROUNDS = 3;
const CODE_SHOTS = 4_000;
/** Of the same circuit, sampled here with another seed. */
const EXPECTED_SHOTS = 50_000;
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

/**
 * A bit in a repetition code of more and more qubits, whose checks are measured round after round, with noise on
 * every gate, reset and measurement. The agent buys the measurements, and decodes them itself.
 */
export async function repetitionMemory(buyer: Buyer, show: Show) {
  const bare = await bareBit(buyer, show);
  const points: { distance: number; read: number; measured: number; expected: number }[] = [];
  for (const distance of [3, 5, 7, 9]) {
    const circuit = repetitionCode({ distance, rounds: CODE_ROUNDS, noise: NOISE });
    const run = await buyer.run({
      name: `repetition code, d = ${distance}`,
      text: writeStim(circuit),
      shots: CODE_SHOTS,
    });
    const wrong = decodeCounts(circuit, await buyer.outcomes(run));
    const [read, measured] = [wrong.read / CODE_SHOTS, wrong.decoded / CODE_SHOTS];
    const expected = logicalErrorRate(circuit, EXPECTED_SHOTS, BigInt(distance)).rate;
    show(
      'code',
      `d = ${distance}    ${errorBar(measured)}  wrong ${percent(measured)}, expected ${percent(expected)}; not decoded ${percent(read)}`,
    );
    points.push({ distance, read, measured, expected });
  }
  const all = [bare, ...points];
  const falls = points.every(({ measured }, at) => measured < (all[at]?.measured ?? 0));
  const ok = falls && all.every((p) => isNear(p.measured, p.expected, CODE_SHOTS));
  return { noise: NOISE, rounds: CODE_ROUNDS, shots: CODE_SHOTS, bare, points, ok };
}

async function bareBit(buyer: Buyer, show: Show) {
  const text = bareQubit(CODE_ROUNDS, NOISE);
  const run = await buyer.run({ name: 'a qubit without a code', text, shots: CODE_SHOTS });
  const ones = run.counts.find(({ bits }) => bits === '1')?.count ?? 0;
  const measured = ones / CODE_SHOTS;
  const expected = bareQubitFails(CODE_ROUNDS, NOISE);
  show(
    'code',
    `no code  ${errorBar(measured)}  wrong ${percent(measured)}, by the formula ${percent(expected)}; ${percent(NOISE)} noise, ${CODE_ROUNDS} rounds`,
  );
  return { measured, expected };
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

const errorBar = (part: number): string => '█'.repeat(Math.round(part * 200)).padEnd(23);

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
