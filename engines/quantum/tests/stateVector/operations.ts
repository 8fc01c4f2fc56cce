import fc from 'fast-check';
import {
  DENSE,
  DIAGONAL,
  FLIP,
  PASS,
  PHASE,
  PHASE_LOW_MIN,
  ROTATE,
  type Operation,
  type Step,
} from '../../src/index.ts';
import type { ReferenceState } from '../../src/interpreter/index.ts';
import { stepped } from './circuits.ts';

const real = fc.double({ min: -1, max: 1, noNaN: true });
const reals = (length: number): fc.Arbitrary<Float64Array> =>
  fc
    .array(real, { minLength: length, maxLength: length })
    .map((values) => Float64Array.from(values));
const ascending = (numbers: readonly number[]): number[] => numbers.toSorted((a, b) => a - b);

/** Different positions of a state, in no order. */
const positions = (qubits: number, min: number, max: number): fc.Arbitrary<number[]> =>
  fc.shuffledSubarray(
    Array.from({ length: qubits }, (_, qubit) => qubit),
    { minLength: min, maxLength: Math.min(max, qubits) },
  );

const acting = (
  qubits: number,
  min: number,
  max: number,
): fc.Arbitrary<{ qubits: number[]; controls: number[] }> =>
  fc
    .tuple(fc.integer({ min, max: Math.min(max, qubits) }), fc.integer({ min: 0, max: 3 }))
    .chain(([k, c]) => fc.tuple(positions(qubits, k, k + c), fc.nat(7), fc.constant(k)))
    .map(([chosen, values, k]) => ({
      qubits: ascending(chosen.slice(0, k)),
      controls: ascending(chosen.slice(k).map((qubit, at) => 2 * qubit + ((values >> at) & 1))),
    }));

const phase = (qubits: number): fc.Arbitrary<Operation> =>
  fc.integer({ min: PHASE_LOW_MIN, max: Math.min(qubits, 8) }).chain((low) =>
    fc
      .record({
        table: reals(2 ** (low + 1)),
        singles: fc.array(
          fc.record({ qubit: fc.integer({ min: low, max: qubits }), re: real, im: real }),
        ),
        pairs: fc.array(fc.record({ at: positions(qubits, 2, 2), re: real, im: real }), {
          maxLength: 8,
        }),
      })
      .map(({ table, singles, pairs }) => ({
        op: PHASE,
        low,
        table,
        singles: singles.filter(({ qubit }) => qubit < qubits),
        pairs: pairs
          .map(({ at, re, im }) => ({ low: Math.min(...at), high: Math.max(...at), re, im }))
          .filter(({ high }) => high >= low),
      })),
  );

/** Any operation of a plan, for a state of `qubits` qubits, PASS apart; not unitary. */
export const someOperation = (qubits: number, denseMax: number): fc.Arbitrary<Operation> =>
  fc.oneof<fc.Arbitrary<Operation>[]>(
    acting(qubits, 1, denseMax).chain((where) =>
      reals(2 * 4 ** where.qubits.length).map((matrix) => ({ op: DENSE, ...where, matrix })),
    ),
    acting(qubits, 0, 6).chain((where) =>
      reals(2 ** (where.qubits.length + 1)).map((diagonal) => ({
        op: DIAGONAL,
        ...where,
        diagonal,
      })),
    ),
    acting(qubits, 1, 1).map((where) => ({ op: FLIP, ...where })),
    positions(qubits, 1, qubits).chain((chosen) =>
      fc.tuple(reals(chosen.length), fc.nat()).map(([t, forms]) => ({
        op: ROTATE,
        rotations: chosen.map((qubit, k) => ({
          qubit,
          form: ((forms >> k) & 1) as 0 | 1,
          t: t[k]!,
        })),
      })),
    ),
    phase(qubits),
  );

/** Does to a state what the table of plan.ts says an operation does, amplitude by amplitude. */
export function operatePlainly(state: ReferenceState, operation: Operation): void {
  const apply = (...steps: readonly Step[]): void => void stepped(state.qubits, steps, state);
  switch (operation.op) {
    case PASS:
      return;
    case DENSE:
      return apply(step(operation, operation.matrix));
    case FLIP:
      return apply(step(operation, Float64Array.of(0, 0, 1, 0, 1, 0, 0, 0)));
    case DIAGONAL: {
      const size = operation.diagonal.length / 2;
      const matrix = new Float64Array(2 * size * size);
      for (let k = 0; k < size; k += 1)
        matrix.set(operation.diagonal.subarray(2 * k, 2 * k + 2), 2 * k * (size + 1));
      return apply(step(operation, matrix));
    }
    case ROTATE:
      return apply(
        ...operation.rotations.map(({ qubit, form, t }) =>
          step(
            { qubits: [qubit], controls: [] },
            form === 0
              ? Float64Array.of(1, 0, -t, 0, t, 0, 1, 0)
              : Float64Array.of(-t, 0, 1, 0, 1, 0, t, 0),
          ),
        ),
      );
    case PHASE:
      return phasePlainly(state, operation);
  }
}

const step = (
  {
    qubits,
    controls,
  }: { readonly qubits: readonly number[]; readonly controls: readonly number[] },
  matrix: Float64Array,
): Step => ({
  matrix,
  qubits,
  controls: controls.map((control) => ({ qubit: control >> 1, value: control & 1 ? 1 : 0 })),
});

function phasePlainly(
  { amplitudes }: ReferenceState,
  { low, table, singles, pairs }: Extract<Operation, { op: typeof PHASE }>,
): void {
  for (let index = 0; index < amplitudes.length / 2; index += 1) {
    const times = (re: number, im: number): void => {
      const [before, beside] = [amplitudes[2 * index]!, amplitudes[2 * index + 1]!];
      amplitudes[2 * index] = before * re - beside * im;
      amplitudes[2 * index + 1] = before * im + beside * re;
    };
    const entry = 2 * (index % 2 ** low);
    times(table[entry]!, table[entry + 1]!);
    for (const { qubit, re, im } of singles) if ((index >> qubit) & 1) times(re, im);
    for (const pair of pairs)
      if ((index >> pair.low) & (index >> pair.high) & 1) times(pair.re, pair.im);
  }
}
