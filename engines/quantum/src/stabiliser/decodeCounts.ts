import type { Circuit, Instruction } from '@anarq/circuit';
import { errorModelOf } from './analyse.ts';
import { compile } from './compile.ts';
import { Decoder } from './decode.ts';
import { bitOf, emptyShots } from './shots.ts';

interface Count {
  /** The measurement record, its last result first. */
  readonly bits: string;
  readonly count: number;
}

/** Shots of a memory that ended otherwise than it was prepared: as it was read, and as it was decoded. */
export interface Wrong {
  readonly read: number;
  readonly decoded: number;
}

/**
 * Decodes what was measured of a memory with detectors and one observable, by the decoder for its own noise.
 * @throws CircuitError where it has no decoder
 */
export function decodeCounts(circuit: Circuit, counts: readonly Count[]): Wrong {
  const { detectors, observable } = paritiesOf(circuit);
  const fired = emptyShots(counts.length, detectors.length);
  for (const [shot, { bits }] of counts.entries())
    for (const [at, records] of detectors.entries())
      fired.data[shot * fired.words + (at >> 5)]! |= parityOf(bits, records) << (at & 31);
  const predicted = new Decoder(errorModelOf(compile(circuit))).decode(fired);
  const wrong = { read: 0, decoded: 0 };
  for (const [shot, { bits, count }] of counts.entries()) {
    const flipped = parityOf(bits, observable);
    wrong.read += flipped * count;
    wrong.decoded += (flipped ^ bitOf(predicted, shot, 0)) * count;
  }
  return wrong;
}

const parityOf = (bits: string, records: readonly number[]): number =>
  records.reduce((parity, record) => parity ^ Number(bits[bits.length - 1 - record]), 0);

/** Which results of the record each detector compares, and of which the observable is made. */
function paritiesOf(circuit: Circuit) {
  const detectors: number[][] = [];
  const observable: number[] = [];
  let measured = 0;
  const walk = (body: readonly Instruction[]): void => {
    for (const one of body)
      if (one.kind === 'measure') measured += 1;
      else if (one.kind === 'repeat')
        for (let time = 0; time < one.times; time += 1) walk(one.body);
      else if (one.kind === 'detector') detectors.push(one.records.map((at) => measured + at));
      else if (one.kind === 'observable')
        observable.push(...one.records.map((at) => measured + at));
  };
  walk(circuit.body);
  return { detectors, observable };
}
