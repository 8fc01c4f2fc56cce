import { CircuitError, type Expression } from '@anarq/circuit';
import { OP } from './ops.ts';
import { DO, endOf, STRIDE, type Program, type Totals } from './program.ts';

type Parts = Omit<Program, 'flow' | 'total'>;

/** See `Program.flow`. */
export function flowOf({ code, conditions }: Parts): Program['flow'] {
  let flow: Program['flow'] = 'fixed';
  for (let at = 0; at < code.length; at += STRIDE) {
    const what = code[at]!;
    if (what === DO.WHILE || what === DO.ASSIGN || what === DO.JUMP) return 'free';
    if (what !== DO.IF) continue;
    if (parityOf(conditions[code[at + 1]!]!) === undefined) return 'free';
    const end = endOf(code, at);
    for (let inner = at + STRIDE; inner < end; inner += STRIDE)
      if (code[inner]! > OP.Z && code[inner] !== DO.ELSE) return 'free';
    flow = 'pauli';
  }
  return flow;
}

/** A parity of bits and of results, each named once, and of a constant. */
export interface Parity {
  readonly bits: readonly number[];
  /** Counted back from the end of the record: -1 is the last. */
  readonly records: readonly number[];
  readonly constant: boolean;
}

/** A condition as a parity, or undefined where it is none. */
export function parityOf(condition: Expression): Parity | undefined {
  switch (condition.kind) {
    case 'literal':
      return { bits: [], records: [], constant: truth(condition.value) };
    case 'bit':
      return { bits: [condition.bit], records: [], constant: false };
    case 'record':
      return { bits: [], records: [condition.offset], constant: false };
    case 'bits':
      return condition.size === 1
        ? { bits: [condition.start], records: [], constant: false }
        : undefined;
    case 'unary':
      return condition.op === '!' ? plus(parityOf(condition.of), true) : undefined;
    case 'binary': {
      const { op } = condition;
      if (op !== '==' && op !== '!=' && op !== '^') return undefined;
      const left = parityOf(condition.left);
      const right = parityOf(condition.right);
      if (
        left === undefined ||
        right === undefined ||
        !isBit(condition.left, op) ||
        !isBit(condition.right, op)
      )
        return undefined;
      return plus(
        {
          bits: difference(left.bits, right.bits),
          records: difference(left.records, right.records),
          constant: left.constant,
        },
        right.constant !== (op === '=='),
      );
    }
    default:
      return undefined;
  }
}

/** Whether truth says all there is to a value: a literal 2 is true, but no bit equals it. */
const isBit = (value: Expression, op: string): boolean =>
  value.kind !== 'literal' ||
  typeof value.value === 'boolean' ||
  value.value === 0n ||
  value.value === 1n ||
  (op !== '^' && (value.value === 0 || value.value === 1));

const truth = (value: boolean | bigint | number): boolean => Number(value) !== 0;

const plus = (parity: Parity | undefined, constant: boolean): Parity | undefined =>
  parity && { ...parity, constant: parity.constant !== constant };

/** What stands in one of the two only. */
function difference(a: readonly number[], b: readonly number[]): number[] {
  return [...new Set(a).symmetricDifference(new Set(b))];
}

/** Operations of one shot, repeated ones as often as they are repeated. */
const OPERATIONS_MAX = 1e10;

/**
 * See `Program.total`.
 * @throws CircuitError SEMANTICS where a detector or an observable points before the first result
 */
export function totalsOf(parts: Parts, flow: Program['flow']): Totals {
  const { code, conditions, detectors, observables } = parts;
  let count = 0;
  let operations = 0;
  const check = (records: readonly number[]): void => {
    for (const record of records)
      if (!Number.isInteger(record) || record >= 0 || (flow !== 'free' && count + record < 0))
        throw new CircuitError(
          'SEMANTICS',
          `rec[${record}] points to no result; there are ${count} before it.`,
        );
  };
  const walk = (from: number, to: number): number => {
    let detectorCount = 0;
    for (let at = from; at < to; at += STRIDE) {
      const what = code[at]!;
      operations += 1;
      if (what === DO.MEASURE) count += 1;
      else if (what === DO.IF || what === DO.WHILE) check(recordsIn(conditions[code[at + 1]!]!));
      else if (what === DO.DETECTOR) {
        check(detectors[code[at + 1]!]!.records);
        detectorCount += 1;
      } else if (what === DO.OBSERVABLE) check(observables[code[at + 1]!]!.records);
      else if (what === DO.REPEAT) {
        // The first round has the fewest results before it, so what it may point to all rounds may.
        const before = count;
        const operationsBefore = operations;
        const times = code[at + 1]!;
        const end = at + STRIDE * (1 + code[at + 2]!);
        const inside = walk(at + STRIDE, end);
        detectorCount += times * inside;
        count = before + times * (count - before);
        operations = operationsBefore + times * (operations - operationsBefore);
        at = end - STRIDE;
      }
    }
    return detectorCount;
  };
  const detectorCount = walk(0, code.length);
  if (operations > OPERATIONS_MAX)
    throw new CircuitError(
      'LIMIT',
      `With its repetitions the circuit has ${operations} operations; the limit is ${OPERATIONS_MAX}.`,
    );
  return {
    measurements: count,
    detectors: detectorCount,
    observables: observables.reduce((most, { index }) => Math.max(most, index + 1), 0),
  };
}

/** The results that an expression names. */
function recordsIn(expression: Expression): number[] {
  switch (expression.kind) {
    case 'record':
      return [expression.offset];
    case 'unary':
      return recordsIn(expression.of);
    case 'binary':
      return [...recordsIn(expression.left), ...recordsIn(expression.right)];
    case 'call':
      return expression.of.flatMap(recordsIn);
    default:
      return [];
  }
}
