import { describe, expect, it } from 'vitest';
import {
  GATES,
  type Instruction,
  parseQasm,
  unitaryOf,
  validate,
  writeQasm,
} from '../../src/index.ts';
import { haveVectors, vectorPaths, vectorText } from './vectors.ts';

/** Both texts of this circuit measure a register that they do not declare. */
const WITHOUT_REGISTER = 'vqe_uccsd_n6';

const files = ['qasmbench', 'mqt-qmap', 'benchpress', 'queko']
  .flatMap((folder) => vectorPaths(folder, '.qasm'))
  .filter((path) => !path.includes(WITHOUT_REGISTER));

/** Gates of qelib1.inc taken apart, and how many of them are cx. */
const COMPOSITES: Readonly<Record<string, readonly [gates: number, cx: number]>> = {
  cx: [1, 1],
  cz: [3, 1],
  ch: [11, 2],
  swap: [3, 3],
  cu1: [5, 2],
  crz: [4, 2],
  cu3: [6, 2],
  rzz: [3, 2],
  ccx: [15, 6],
  cswap: [17, 8],
};

/** The sizes that a file has as they are published: composites taken apart, without what stands behind `if`. */
function sizes(text: string): { qubits: number; gates: number; cx: number } {
  const circuit = parseQasm(text);
  const costs = new Map<string, readonly [number, number]>(Object.entries(COMPOSITES));
  const sum = (body: readonly Instruction[]): readonly [number, number] =>
    body.reduce<readonly [number, number]>(
      ([gates, cx], one) => {
        const [more, moreCx] = one.kind === 'gate' ? (costs.get(one.gate) ?? [1, 0]) : [0, 0];
        return [gates + more, cx + moreCx];
      },
      [0, 0],
    );
  for (const { name, body } of circuit.customGates) costs.set(name, sum(body));
  const [gates, cx] = sum(circuit.body);
  return { qubits: circuit.qubits, gates, cx };
}

describe.skipIf(!haveVectors)('files of published benchmarks', () => {
  it(`${files.length} files are read, hold the rules of a circuit, and are the same written and read again`, () => {
    for (const path of files) {
      const circuit = parseQasm(vectorText(path));
      validate(circuit);
      const text = writeQasm(circuit);
      expect(writeQasm(parseQasm(text)), path).toBe(text);
      // Version 3 has u2 and u3 with another phase, and says them by U in the body of a gate.
      const hasOldGates = circuit.customGates.some(({ body }) =>
        body.some(({ gate }) => gate === 'u2' || gate === 'u3'),
      );
      if (!hasOldGates) expect(parseQasm(text), path).toEqual(circuit);
      expect(parseQasm(writeQasm(circuit, { version: 2 })), path).toEqual(circuit);
    }
    expect(files.length).toBeGreaterThan(300);
  });

  it('says where a file measures a register that it does not declare', () => {
    const path = `qasmbench/small/${WITHOUT_REGISTER}/${WITHOUT_REGISTER}.qasm`;
    expect(() => parseQasm(vectorText(path))).toThrow("'q' is not declared (line 2286, column 9)");
  });

  const published = haveVectors
    ? (
        JSON.parse(vectorText('qasmbench/counts.json')) as {
          circuits: { folder: string; qubits: number; gates: number; cx: number }[];
        }
      ).circuits
    : [];
  const present = new Set(vectorPaths('qasmbench', '.qasm'));
  // The published row of qram_n20 counts 8 Toffoli gates less than its file has.
  const others = [WITHOUT_REGISTER, 'qram_n20'];
  const compared = published.flatMap(({ folder, ...size }) => {
    const name = folder.split('/').at(-1)!;
    const path = `qasmbench/${folder}/${name}.qasm`;
    return present.has(path) && !others.includes(name) ? [[path, size] as const] : [];
  });

  it.for(compared)('%s has the published size', ([path, size]) => {
    expect(sizes(vectorText(path))).toEqual(size);
  });
});

describe.skipIf(!haveVectors)('stdgates.inc of the official repository', () => {
  const text = haveVectors ? vectorText('openqasm/examples/stdgates.inc') : '';
  const names = [...text.matchAll(/^gate (\w+)(?:\(([^)]*)\))? ([\w, ]+) \{/gm)].map(
    ([, name, params, qubits]) =>
      [name!, (params ?? '').split(',').filter(Boolean).length, qubits!.split(',').length] as const,
  );

  // Read to the letter, `ctrl @ U(pi, 0, pi)` is a controlled X with a phase of i; CX is meant.
  it.for(names.filter(([name]) => name !== 'CX'))(
    'defines %s as the built-in file does',
    ([name, params, qubits]) => {
      const angles = [0.3, -1.7, 2.9, 0.8].slice(0, params);
      const operands = Array.from({ length: qubits }, (_, at) => `q[${at + 1}]`);
      const call = `qubit[5] q; ctrl @ ${name}${params === 0 ? '' : `(${angles.join(', ')})`} q[0], ${operands.join(', ')};`;
      const ofFile = parseQasm(`include "own.inc"; ${call}`, { includes: { 'own.inc': text } });
      const builtIn = parseQasm(`include "stdgates.inc"; ${call}`);
      const expected = unitaryOf(builtIn);
      for (const [at, entry] of unitaryOf(ofFile).entries())
        expect(entry).toBeCloseTo(expected[at]!, 12);
      // The built-in one is of the table, which is what simulators know.
      expect(builtIn.body.every((one) => one.kind === 'gate' && GATES.has(one.gate))).toBe(true);
    },
  );
});
