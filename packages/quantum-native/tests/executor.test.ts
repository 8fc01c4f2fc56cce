import {
  FLIP,
  PASS,
  interpret,
  plainExecutor,
  readPlan,
  writePlan,
  type Operation,
  type Plan,
  type Precision,
  type Reals,
} from '@anarq/quantum-engine';
import { describe, expect, it } from 'vitest';
import { findNative, type Native, type NativeExecutor } from '../src/index.ts';
import { farthest, fill, somePlan } from './plans.ts';

const state = await findNative({ build: 'wait' });
const notice = state.kind === 'absent' ? ` (left out: ${state.why})` : '';

/** One an instruction set that this processor has. */
const natives: Native[] = [];
if (state.kind === 'ready')
  for (const kernels of state.native.allKernels) {
    const one = await findNative({ build: 'no', kernels });
    if (one.kind === 'ready') natives.push(one.native);
  }

const precisions: [Precision, number][] = [
  ['f32', 1e-4],
  ['f64', 1e-11],
];
const ALL_SIX = [0, 1, 2, 3, 4, 5];
const flip = (qubit: number): Operation => ({ op: FLIP, qubits: [qubit], controls: [] });

describe.skipIf(state.kind !== 'ready')(`the native executor${notice}`, () => {
  const executor = (precision: Precision, threads: number): NativeExecutor =>
    natives[0]!.executor(precision, threads);
  const filled = (qubits: number, precision: Precision, seed: number): Reals => {
    const given = executor(precision, 1).allocate(qubits);
    fill(given, seed);
    return given;
  };

  it.each(precisions)(
    'does in %s what the interpreter does, with all kernels',
    (precision, near) => {
      for (let seed = 0; seed < 150; seed += 1) {
        const plan = somePlan(seed, 6 + (seed % 7), 6);
        const wanted = filled(plan.qubits, precision, seed);
        interpret(wanted, plan);
        for (const native of natives) {
          const given = filled(plan.qubits, precision, seed);
          native.executor(precision, 1 + (seed % 3)).run(given, plan);
          expect(farthest(given, wanted), `seed ${seed}, ${native.kernels}`).toBeLessThan(near);
        }
      }
    },
  );

  it.each(precisions)('adds up in %s, with all kernels', (precision, near) => {
    for (const native of natives)
      for (const [x, z] of [
        [0, 0],
        [3, 5],
        [8, 0],
        [2_063, 4_095],
        [4_096, 9],
      ] as const) {
        const [left, right] = [filled(13, precision, 1), filled(13, precision, 2)];
        const given = native.executor(precision, 2);
        const [re, im] = given.overlap(left, right, x, z);
        const plain = plainExecutor(precision);
        const wanted = plain.overlap(left, right, x, z);
        expect(Math.hypot(re - wanted[0], im - wanted[1]), `${x} ${z}`).toBeLessThan(100 * near);
        expect(farthest(given.weights(left, 6), plain.weights(left, 6))).toBeLessThan(near);
        expect(farthest(given.weights(left, 13), plain.weights(left, 13))).toBeLessThan(near);
      }
  });

  it('gives the same to the bit with any number of threads', () => {
    const plan = somePlan(77, 14, 30);
    const [first, ...others] = [1, 2, 3, 7].map((threads) => {
      const given = filled(14, 'f32', 3);
      executor('f32', threads).run(given, plan);
      return { given, overlap: executor('f32', threads).overlap(given, given, 77, 1) };
    });
    for (const other of others) expect(other).toEqual(first);
  });

  it('runs a state in shared memory, where that is aligned', () => {
    const plan = writePlan(6, [{ op: PASS, qubits: ALL_SIX }, flip(3)], []);
    const shared = new SharedArrayBuffer(1024);
    const ran = [0, 16, 32, 48].filter((offset) => {
      const given = new Float32Array(shared, offset, 128);
      given.fill(0)[0] = 1;
      try {
        executor('f32', 1).run(given, plan);
      } catch {
        return false;
      }
      expect(given.indexOf(1)).toBe(8);
      return true;
    });
    expect(ran).toHaveLength(1);
  });

  it('refuses what is no plan for the state, and touches nothing', () => {
    const good = writePlan(6, [{ op: PASS, qubits: ALL_SIX }, flip(3)], []);
    const broken = (change: (code: Int32Array) => void): Plan => {
      const code = good.code.slice();
      change(code);
      return { ...good, code };
    };
    const plans: [Plan, string][] = [
      [{ ...good, qubits: 7 }, 'another number of qubits'],
      [{ ...good, qubits: 64 }, '6 to 34 qubits'],
      [{ ...good, code: good.code.slice(0, -1) }, 'beyond the plan'],
      [broken((code) => (code[0] = 99)), 'no such operation'],
      [broken((code) => (code[1] = 0)), 'beyond the plan'],
      [broken((code) => (code[code.length - 1] = 6)), 'outside its range'],
      [{ ...good, code: good.code.slice(good.code[1]) }, 'begins with a pass'],
      [writePlan(6, [{ op: PASS, qubits: [0, 1, 2] }, flip(3)], []), 'does not name'],
    ];
    const f64 = executor('f64', 1);
    for (const [plan, said] of plans) {
      const given = f64.allocate(6);
      expect(() => f64.run(given, plan), said).toThrow(said);
      expect(given[0], said).toBe(1);
    }
    const apart = new Float64Array(new ArrayBuffer(1032), 8, 128);
    expect(() => f64.run(apart, good)).toThrow('multiple of 64');
    expect(() => f64.run(new Float64Array(100), good)).toThrow('2^(n + 1)');
    expect(() => f64.run(executor('f32', 1).allocate(6), good)).toThrow('for f64');
    expect(() => executor('f64', 0).run(f64.allocate(6), good)).toThrow('threads');
  });

  it('refuses a plan that has a word changed, or runs it within the state', () => {
    const plan = somePlan(5, 8, 12);
    const f32 = executor('f32', 1);
    for (let at = 0; at < plan.code.length; at += 1)
      for (const value of [-1, 7, 2 ** 31 - 1]) {
        const code = plan.code.slice();
        code[at] = value;
        try {
          f32.run(f32.allocate(8), { ...plan, code });
        } catch (error) {
          expect(error).toBeInstanceOf(RangeError);
        }
      }
    expect(readPlan(plan).length).toBeGreaterThan(12);
    expect(() => f32.run(f32.allocate(8), { ...plan, data: plan.data.slice(0, 3) })).toThrow(
      'beyond the data',
    );
  });

  it('gives the memory of a state back at once', () => {
    const f32 = executor('f32', 1);
    const resident = (): number => process.memoryUsage.rss();
    const before = resident();
    for (let round = 0; round < 8; round += 1) {
      const given = f32.allocate(23);
      given.fill(1);
      f32.release(given);
      expect(given.length).toBe(0);
    }
    // Each had 64 MiB.
    expect(resident() - before).toBeLessThan(200 * 2 ** 20);
  });
});
