import { describe, expect, it } from 'vitest';
import { Random } from '../../src/index.ts';
import { compile } from '../../src/stabiliser/compile.ts';
import {
  canonical,
  productOf,
  textOf,
  type PauliProduct,
} from '../../src/stabiliser/pauliProduct.ts';
import { Shot } from '../../src/stabiliser/shot.ts';
import { randomCircuit } from './circuits.ts';
import { PlainTableau, PlainVector, runOn } from './plain.ts';

const productFrom = (text: string): PauliProduct => {
  const letters = Array.from(text.slice(1));
  const factors = letters.flatMap((pauli, qubit) =>
    pauli === 'X' || pauli === 'Y' || pauli === 'Z' ? [{ qubit, pauli } as const] : [],
  );
  return { ...productOf(letters.length, factors), sign: text.startsWith('-') ? 1 : 0 };
};
const reduced = (products: readonly PauliProduct[]): string[] => canonical(products).map(textOf);
const choices = (seed: bigint): (() => number) => {
  const random = new Random(seed);
  return () => random.u32() & 1;
};

describe('a run on the tableau', () => {
  it('has the results and the state of a state vector, on thousands of generated circuits', () => {
    for (let seed = 1n; seed <= 2000n; seed += 1n) {
      const random = new Random(seed);
      const qubits = 1 + random.below(6);
      const circuit = randomCircuit(random, qubits, 30);
      const vector = new PlainVector(qubits);
      const expected = runOn(vector, circuit, choices(seed));
      const shot = new Shot(compile(circuit));
      shot.run({ result: choices(seed) });
      expect([...shot.record.subarray(0, shot.length)], `seed ${seed}`).toEqual(expected.record);
      expect([...shot.bits]).toEqual(expected.bits);
      const stabilisers = shot.tableau.stabilisers().map(textOf);
      expect(stabilisers).toHaveLength(qubits);
      for (const text of stabilisers) {
        expect(vector.expectation(text), `seed ${seed}, ${text}`).toBeCloseTo(1, 9);
        expect(shot.tableau.expectation(productFrom(text))).toBe(1);
      }
      for (let q = 0; q < qubits; q += 1)
        expect(shot.tableau.certain(q), `seed ${seed}`).toBe(vector.certain(q));
    }
  });

  it('agrees with a plain tableau of booleans across words, on hundreds of larger circuits', () => {
    for (let seed = 1n; seed <= 100n; seed += 1n) {
      const random = new Random(seed);
      const qubits = 25 + random.below(50);
      const circuit = randomCircuit(random, qubits, 8 * qubits);
      const plain = new PlainTableau(qubits);
      const expected = runOn(plain, circuit, choices(seed));
      const shot = new Shot(compile(circuit));
      shot.run({ result: choices(seed) });
      expect([...shot.record.subarray(0, shot.length)], `seed ${seed}`).toEqual(expected.record);
      expect(reduced(shot.tableau.stabilisers()), `seed ${seed}`).toEqual(
        reduced(plain.stabilisers().map(productFrom)),
      );
    }
  });
});
