import {
  interpret,
  originalPositions,
  PASS,
  plainExecutor,
  planSteps,
  ROTATE,
  writePlan,
  DENSE,
  FLIP,
  PHASE,
  type Operation,
  type Plan,
  type Reals,
} from '@anarq/quantum-engine';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  distance,
  largest,
  someSteps,
  stepped,
} from '../../../engines/quantum/tests/stateVector/circuits.ts';
import { someOperation } from '../../../engines/quantum/tests/stateVector/operations.ts';
import { wasmExecutor, type WasmPool } from '../src/index.ts';

/** What rounding leaves after tens of operations, of the largest amplitude. */
const TOLERANCE = { f32: 4e-6, f64: 1e-12 };

describe.each([
  { precision: 'f64', threads: 1, strict: false },
  { precision: 'f64', threads: 2, strict: true },
  { precision: 'f32', threads: 2, strict: false },
  { precision: 'f32', threads: 1, strict: true },
] as const)('the WASM executor, $precision, $threads threads, strict: $strict', (options) => {
  let pool: WasmPool;
  beforeAll(async () => {
    pool = await wasmExecutor(options);
  });
  afterAll(() => pool.close());

  const copyOf = (state: Reals): Reals =>
    options.precision === 'f32' ? new Float32Array(state) : new Float64Array(state);

  /** How far the executor is from the interpreter, relative to the largest number. */
  const apart = (plan: Plan): number => {
    const state = pool.executor.allocate(plan.qubits);
    for (let k = 0; k < state.length; k += 1) state[k] = Math.sin(1.3 * k + 1);
    const twin = copyOf(state);
    pool.executor.run(state, plan);
    interpret(twin, plan);
    let far = 0;
    for (let k = 0; k < state.length; k += 1) {
      const difference = Math.abs(state[k]! - twin[k]!);
      if (!(difference <= far)) far = difference;
    }
    pool.executor.release(state);
    return far / largestOf(twin);
  };

  it('does what the interpreter does, for each operation and tiles of any qubits', () => {
    const qubits = 9;
    fc.assert(
      fc.property(someOperation(qubits, 4), fc.shuffledSubarray([6, 7, 8]), (operation, high) => {
        const plan = writePlan(qubits, [tileOf(operation, high), operation], []);
        expect(apart(plan)).toBeLessThan(TOLERANCE[options.precision]);
      }),
      { numRuns: 200, seed: 11 },
    );
  });

  it('runs planned circuits as the matrices say', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 9 }).chain((qubits) =>
          fc.record({
            qubits: fc.constant(qubits),
            steps: someSteps(qubits, 30),
            tileQubits: fc.integer({ min: 10, max: 12 }),
          }),
        ),
        ({ qubits, steps, tileQubits }) => {
          const plan = planSteps(steps, originalPositions(qubits), { tileQubits, rowQubits: 6 });
          const state = pool.executor.allocate(plan.qubits);
          pool.executor.run(state, plan);
          const expected = stepped(qubits, steps);
          const far = distance(state, expected, plan.positions);
          pool.executor.release(state);
          expect(far).toBeLessThan(TOLERANCE[options.precision] * largest(expected));
        },
      ),
      { numRuns: 100, seed: 12 },
    );
  });

  it('refuses a state that does not fit, with the numbers, before it takes memory', () => {
    const qubits = options.precision === 'f32' ? 29 : 28;
    expect(() => pool.executor.allocate(qubits)).toThrow(/would take 4294971392 bytes.*at most/);
  });

  it('adds up squares and overlaps', () => {
    const left = pool.executor.allocate(8);
    const right = pool.executor.allocate(8);
    for (let k = 0; k < left.length; k += 1) {
      left[k] = Math.sin(k);
      right[k] = Math.cos(2 * k);
    }
    const plain = plainExecutor(options.precision);
    const [x, z] = [0b10010001, 0b01000011];
    for (const [k, square] of plain.weights(left, 6).entries())
      expect(pool.executor.weights(left, 6)[k]).toBeCloseTo(square, 9);
    const expected = plain.overlap(left, right, x, z);
    for (const [k, part] of pool.executor.overlap(left, right, x, z).entries())
      expect(part).toBeCloseTo(expected[k]!, 9);
    pool.executor.release(left);
    pool.executor.release(right);
  });
});

const largestOf = (numbers: Iterable<number>): number => {
  let most = 1;
  for (const value of numbers) most = Math.max(most, Math.abs(value));
  return most;
};

/** A tile that has what an operation mixes: the six lowest positions, and those chosen where they suffice. */
function tileOf(operation: Operation, high: readonly number[]): Operation {
  const chosen = [0, 1, 2, 3, 4, 5, ...high].toSorted((a, b) => a - b);
  const mixed =
    operation.op === DENSE || operation.op === FLIP
      ? operation.qubits
      : operation.op === ROTATE
        ? operation.rotations.map(({ qubit }) => qubit)
        : [];
  const row = chosen.filter((position, at) => position === at).length;
  const suffices =
    mixed.every((qubit) => chosen.includes(qubit)) &&
    (operation.op !== PHASE || operation.low <= row);
  return { op: PASS, qubits: suffices ? chosen : originalPositions(9) };
}

describe('strict kernels', () => {
  it('give the same bits with any number of threads', async () => {
    const one = await wasmExecutor({ precision: 'f32', threads: 1, strict: true });
    const three = await wasmExecutor({ precision: 'f32', threads: 3, strict: true });
    fc.assert(
      fc.property(someSteps(11, 25), (steps) => {
        const plan = planSteps(steps, originalPositions(11), { tileQubits: 10, rowQubits: 6 });
        const [a, b] = [one.executor.allocate(11), three.executor.allocate(11)];
        one.executor.run(a, plan);
        three.executor.run(b, plan);
        expect(new Uint32Array(a.slice().buffer)).toEqual(new Uint32Array(b.slice().buffer));
        one.executor.release(a);
        three.executor.release(b);
      }),
      { numRuns: 40, seed: 13 },
    );
    await one.close();
    await three.close();
  });
});
