import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseQasm, type Circuit } from '@anarq/circuit';
import { describe, expect, it } from 'vitest';
import { chooseMethod, simulate } from '../src/automatic/index.ts';
import { DenseState } from '../src/dense/denseState.ts';
import { exactDistribution } from '../src/density/index.ts';
import { MpsState } from '../src/mps/index.ts';
import { Random } from '../src/random.ts';
import { SparseState } from '../src/sparse/index.ts';
import type { PauliFactor } from '../src/task.ts';
import { walkOnce } from './oracle.ts';

const root = process.env['Q_VECTORS'] ?? join(import.meta.dirname, '../../../../shared/vectors');
const folder = join(root, 'quantum/qasmbench/small');
const present = existsSync(folder);
if (!present) console.warn('quantum: the circuits of QASMBench are not here; skipped');

const read = (name: string): Circuit => parseQasm(readFileSync(join(folder, name), 'utf8'));
const names = present
  ? readdirSync(folder)
      .map((name) => `${name}/${name}.qasm`)
      // Uses registers that it does not declare.
      .filter((name) => !name.startsWith('vqe_uccsd_n6'))
  : [];

function somePauliProducts(qubits: number, count: number): readonly (readonly PauliFactor[])[] {
  const random = new Random(13n);
  return Array.from({ length: count }, () =>
    Array.from({ length: qubits }, (_, qubit) => ({
      qubit,
      pauli: (['X', 'Y', 'Z', 'I'] as const)[random.below(4)]!,
    })).flatMap(({ qubit, pauli }) => (pauli === 'I' ? [] : [{ qubit, pauli }])),
  );
}

describe.skipIf(!present)('a small circuit of QASMBench', () => {
  it.each(names)('%s goes through the same shots by every method', (name) => {
    const circuit = read(name);
    const { qubits } = circuit;
    for (const seed of [1n, 2n]) {
      const dense = walkOnce(circuit, new DenseState(qubits), seed);
      const others = [
        walkOnce(circuit, new SparseState(qubits, 2 ** qubits), seed),
        walkOnce(circuit, MpsState.zero(qubits, { bondMax: 2 ** qubits, cutOff: 1e-26 }), seed),
      ];
      const products = somePauliProducts(qubits, 6);
      for (const { bits, state } of others) {
        expect(bits).toEqual(dense.bits);
        for (const product of products)
          expect(state.expectation(product)).toBeCloseTo(dense.state.expectation(product), 9);
      }
    }
  });

  const few = names.filter((name) => read(name).qubits <= 7);
  it.each(few)('%s has the same distribution by every method that can run it', (name) => {
    const circuit = read(name);
    const shots = 1_000;
    const limits = { shots, memoryLimit_bytes: 2 ** 28 };
    const exact = exactDistribution({ circuit }, limits.memoryLimit_bytes);
    const { method, alternatives } = chooseMethod(circuit, limits);
    const possible = [method, ...alternatives.flatMap((one) => (one.possible ? [one.method] : []))];
    expect(possible.length).toBeGreaterThanOrEqual(4);
    for (const by of possible) {
      const { outcome } = simulate({ circuit, shots, seed: 14n }, { ...limits, method: by });
      let chiSquared = 0;
      let freedom = -1;
      let rest = 1;
      let found = shots;
      for (const [key, p] of exact) {
        if (shots * p < 5) continue;
        chiSquared += ((outcome.counts.get(key) ?? 0) - shots * p) ** 2 / (shots * p);
        freedom += 1;
        rest -= p;
        found -= outcome.counts.get(key) ?? 0;
      }
      for (const key of outcome.counts.keys()) expect(exact.get(key) ?? 0).toBeGreaterThan(0);
      // What is rarer is one class of its own.
      if (shots * rest >= 5) {
        chiSquared += (found - shots * rest) ** 2 / (shots * rest);
        freedom += 1;
      }
      // The cube root of a chi-squared is nearly normal (Wilson and Hilferty): 5 sigma above its mean.
      const spread = 2 / (9 * Math.max(1, freedom));
      expect(chiSquared).toBeLessThan(
        Math.max(1, freedom) * (1 - spread + 5 * Math.sqrt(spread)) ** 3,
      );
    }
  });
});
