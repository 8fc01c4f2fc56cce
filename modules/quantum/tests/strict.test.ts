import { startTestNode, type Actor, type TestNode } from '@anarq/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { quantum } from '../src/contract.ts';
import { BELL, MODULES, ran } from './support.ts';

/** Rotations and entangling gates, of which the state vector makes the least; a measurement in their middle. */
const deep = (qubits: number): string => {
  const lines = ['OPENQASM 3.0;', 'include "stdgates.inc";', `qubit[${qubits}] q;`];
  lines.push(`bit[${qubits}] c;`);
  for (let layer = 0; layer < 4; layer += 1) {
    if (layer === 2) lines.push('c[0] = measure q[0];', 'if (c[0]) { ry(0.7) q[1]; }');
    for (let at = 0; at < qubits; at += 1)
      lines.push(
        `u3(${0.3 + 0.1 * at + layer}, ${0.2 * at}, ${layer}) q[${at}];`,
        `cx q[${at}], q[${(at + 1 + layer) % qubits}];`,
      );
  }
  return [...lines, 'c = measure q;'].join('\n');
};

let node: TestNode;
let ana: Actor;
beforeAll(async () => {
  node = await startTestNode({ modules: MODULES });
  ana = await node.person('ana');
});
afterAll(() => node.close());

const strictly = async (more: {
  text: string;
  precision?: 'f32' | 'f64';
  threads?: number;
  method?:
    | 'automatic'
    | 'statevector'
    | 'stabiliser'
    | 'trajectories'
    | 'mps'
    | 'sparse'
    | 'density';
  observables?: string[];
  noise?: number;
}) => {
  const { job, result } = await ran(ana, { shots: 400, seed: '11', strict: true, ...more });
  expect([job.state, job.error]).toEqual(['DONE', undefined]);
  return result;
};

/** Of the counts and values below: they change with the circuit, the seed, or the order in which kernels add. */
const DIGESTS = {
  f64: '84a4e847817d1489291aa864f21d913fd9665ace986fd1db1a5f4a317ad51e15',
  f32: 'bb720feb61873c92feb766ea67af6b3c989821c2f33dffda23909d5ecb8f5d2f',
};

describe('a strict run', () => {
  it.each(['f64', 'f32'] as const)(
    'in %s has the same bits with 1 and 2 threads, and those of every machine',
    async (precision) => {
      const asked = {
        text: deep(12),
        precision,
        method: 'statevector',
        observables: OBSERVED,
      } as const;
      const one = await strictly({ ...asked, threads: 1 });
      const two = await strictly({ ...asked, threads: 2 });
      expect(two.counts).toEqual(one.counts);
      expect(two.expectations).toEqual(one.expectations);
      expect(two.provenance.resultHash).toBe(one.provenance.resultHash);
      expect(one.provenance).toMatchObject({
        strict: true,
        executor: `wasm ${precision} strict, 1 thread`,
        resultHash: DIGESTS[precision],
      });
      expect(two.provenance.executor).toBe(`wasm ${precision} strict, 2 threads`);
    },
  );

  it('is chosen its method by the circuit alone, and not by threads', async () => {
    const [one, two] = await Promise.all(
      [1, 8].map((threads) => strictly({ text: deep(11), threads, observables: OBSERVED })),
    );
    expect(one?.method).toBe(two?.method);
    expect(one?.provenance.resultHash).toBe(two?.provenance.resultHash);
  });

  it('is one of any method: those without a choice of executors are strict already', async () => {
    for (const method of ['stabiliser', 'mps', 'sparse'] as const) {
      const { provenance } = await strictly({ text: BELL, method });
      expect(provenance).toMatchObject({ method, strict: true, executor: 'typescript f64' });
    }
    const noisy = await strictly({ text: BELL, method: 'trajectories', noise: 0.01 });
    expect(noisy.provenance).toMatchObject({ strict: true, executor: 'wasm f64 strict, 1 thread' });
    const density = await strictly({ text: BELL, method: 'density', noise: 0.01 });
    expect(density.provenance).toMatchObject({ strict: true, executor: 'typescript f64' });
  });

  it('is only where it is asked for, and its order says so', async () => {
    const { result } = await ran(ana, { text: BELL, shots: 10 });
    expect(result.provenance.strict).toBe(false);
    const { runId } = await strictly({ text: BELL });
    expect((await ana.call(quantum.get, { runId })).order).toMatchObject({ strict: true });
  });

  it('is estimated as what it is, and refused where WebAssembly has no memory for it', async () => {
    const wide = 'OPENQASM 3.0; include "stdgates.inc"; qubit[29] q; h q[0];';
    const asked = { text: wide, method: 'statevector', precision: 'f32', strict: true } as const;
    expect(await ana.result(quantum.estimate, asked)).toMatchObject({ code: 'LIMIT_EXCEEDED' });
    const small = await ana.call(quantum.estimate, { text: BELL, strict: true });
    expect(small.isAdmissible).toBe(true);
  });
});

const OBSERVED = ['Z0 Z1', 'X3 X7 - 0.25*Y1', 'Y1 Z2 Y10'];
