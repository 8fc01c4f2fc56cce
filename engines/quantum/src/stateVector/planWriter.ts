import {
  DENSE,
  DIAGONAL,
  FLIP,
  PASS,
  PHASE,
  ROTATE,
  type Operation,
  type Pair,
  type Plan,
  type Rotation,
  type Single,
} from './plan.ts';

/** Writes operations as the records of plan.ts. */
export function writePlan(
  qubits: number,
  operations: readonly Operation[],
  positions: readonly number[],
): Plan {
  const code: number[] = [];
  const data = new Numbers();
  for (const operation of operations) {
    const start = code.length;
    code.push(operation.op, 0, data.length);
    writeOperands(operation, code, data);
    code[start + 1] = code.length - start;
  }
  return { qubits, code: Int32Array.from(code), data: data.all(), positions };
}

/** Numbers that are added piece by piece: most of them are whole tables. */
class Numbers {
  readonly #pieces: Float64Array[] = [];
  length = 0;

  add(piece: Float64Array): void {
    this.#pieces.push(piece);
    this.length += piece.length;
  }

  all(): Float64Array {
    const all = new Float64Array(this.length);
    let at = 0;
    for (const piece of this.#pieces) {
      all.set(piece, at);
      at += piece.length;
    }
    return all;
  }
}

function writeOperands(operation: Operation, code: number[], data: Numbers): void {
  switch (operation.op) {
    case PASS:
      code.push(operation.qubits.length, ...operation.qubits);
      return;
    case DENSE:
    case DIAGONAL:
    case FLIP:
      code.push(operation.qubits.length, operation.controls.length);
      code.push(...operation.qubits, ...operation.controls);
      if (operation.op === DENSE) data.add(operation.matrix);
      if (operation.op === DIAGONAL) data.add(operation.diagonal);
      return;
    case ROTATE:
      code.push(operation.rotations.length);
      for (const { qubit, form } of operation.rotations) code.push(qubit, form);
      data.add(Float64Array.from(operation.rotations, ({ t }) => t));
      return;
    case PHASE: {
      const { low, table, singles, pairs } = operation;
      code.push(low, singles.length, pairs.length);
      for (const { qubit } of singles) code.push(qubit);
      for (const pair of pairs) code.push(pair.low, pair.high);
      data.add(table);
      data.add(Float64Array.from([...singles, ...pairs].flatMap(({ re, im }) => [re, im])));
      return;
    }
  }
}

/** A plan in parts of so many passes, with how many of all are done after each. */
export function partsOf(
  plan: Plan,
  passes: number,
): { readonly part: Plan; readonly done: number; readonly total: number }[] {
  const starts: number[] = [];
  for (let at = 0; at < plan.code.length; at += plan.code[at + 1]!)
    if (plan.code[at] === PASS) starts.push(at);
  const total = starts.length;
  return starts.flatMap((start, at) => {
    if (at % passes !== 0) return [];
    const code = plan.code.subarray(start, starts[at + passes] ?? plan.code.length);
    return [{ part: { ...plan, code }, done: Math.min(total, at + passes), total }];
  });
}

/** Reads a plan back, record by record. */
export function readPlan({ code, data }: Plan): Operation[] {
  const operations: Operation[] = [];
  for (let at = 0; at < code.length; at += code[at + 1]!)
    operations.push(readRecord(code.subarray(at, at + code[at + 1]!), data));
  return operations;
}

function readRecord(record: Int32Array, data: Float64Array): Operation {
  const op = record[0]!;
  const at = record[2]!;
  const operands = Array.from(record.subarray(3));
  switch (op) {
    case PASS:
      return { op, qubits: operands.slice(1) };
    case DENSE:
    case DIAGONAL:
    case FLIP: {
      const k = operands[0]!;
      const acting = { qubits: operands.slice(2, 2 + k), controls: operands.slice(2 + k) };
      if (op === FLIP) return { op, ...acting };
      if (op === DENSE) return { op, ...acting, matrix: data.subarray(at, at + 2 * 4 ** k) };
      return { op, ...acting, diagonal: data.subarray(at, at + 2 * 2 ** k) };
    }
    case ROTATE:
      return { op, rotations: readRotations(operands, data, at) };
    case PHASE:
      return readPhase(operands, data, at);
    default:
      throw new RangeError(`a plan has no operation ${op}`);
  }
}

const readRotations = (operands: readonly number[], data: Float64Array, at: number): Rotation[] =>
  Array.from({ length: operands[0]! }, (_, k) => ({
    qubit: operands[1 + 2 * k]!,
    form: operands[2 + 2 * k] === 1 ? 1 : 0,
    t: data[at + k]!,
  }));

function readPhase(operands: readonly number[], data: Float64Array, at: number): Operation {
  const [low = 0, singleCount = 0, pairCount = 0] = operands;
  const table = data.subarray(at, at + 2 ** (low + 1));
  let next = at + table.length;
  const factor = (): { re: number; im: number } => {
    next += 2;
    return { re: data[next - 2]!, im: data[next - 1]! };
  };
  const singles: Single[] = operands
    .slice(3, 3 + singleCount)
    .map((qubit) => ({ qubit, ...factor() }));
  const pairs: Pair[] = Array.from({ length: pairCount }, (_, k) => {
    const where = 3 + singleCount + 2 * k;
    return { low: operands[where]!, high: operands[where + 1]!, ...factor() };
  });
  return { op: PHASE, low, table, singles, pairs };
}
