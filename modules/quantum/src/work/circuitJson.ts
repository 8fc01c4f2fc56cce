import {
  CircuitError,
  NESTING_MAX,
  type Circuit,
  type Expression,
  type Instruction,
} from '@anarq/circuit';

/** How deep an expression may be nested in JSON. */
const EXPRESSION_NESTING_MAX = 256;

type Json = Readonly<Record<string, unknown>>;
/** Reads a value that stands under a name; throws where it is another. */
type Reader<T> = (value: unknown, path: string) => T;

/**
 * Reads a circuit as its canonical text writes it: JSON with the members of `Circuit`, integers of
 * expressions as `{"integer":"12"}`, a matrix as a list of numbers. What it says still is to be
 * validated.
 * @throws CircuitError SYNTAX with the place for what is no JSON, SEMANTICS with the path for a
 * member that is missing, unknown, or of another kind
 */
export function readCircuitJson(text: string): Circuit {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new CircuitError(
      'SYNTAX',
      `This is no JSON: ${(error as Error).message}`,
      placeIn(text, error as Error),
    );
  }
  return circuit(value, 'circuit');
}

/** V8 says where in words; without them the place is the beginning. */
function placeIn(text: string, error: Error): { line: number; column: number } {
  const told = /at position (\d+)/.exec(error.message)?.[1];
  const atEnd = /end of JSON|unterminated/i.test(error.message) ? text.length : 0;
  const at = Math.min(text.length, told === undefined ? atEnd : Number(told));
  const before = text.slice(0, at);
  return {
    line: before.split('\n').length,
    column: at - before.lastIndexOf('\n'),
  };
}

function refuse(path: string, expected: string): never {
  throw new CircuitError('SEMANTICS', `${path} is ${expected}.`);
}

const string: Reader<string> = (value, path) =>
  typeof value === 'string' ? value : refuse(path, 'a text');
const number: Reader<number> = (value, path) =>
  typeof value === 'number' && Number.isFinite(value) ? value : refuse(path, 'a finite number');
const whole: Reader<number> = (value, path) =>
  Number.isSafeInteger(value) ? (value as number) : refuse(path, 'a whole number');
const boolean: Reader<boolean> = (value, path) =>
  typeof value === 'boolean' ? value : refuse(path, 'true or false');
const bit: Reader<0 | 1> = (value, path) =>
  value === 0 || value === 1 ? value : refuse(path, '0 or 1');
const list =
  <T>(of: Reader<T>): Reader<T[]> =>
  (value, path) =>
    Array.isArray(value)
      ? value.map((item: unknown, at) => of(item, `${path}[${at}]`))
      : refuse(path, 'a list');
const word =
  <const W extends string>(...words: W[]): Reader<W> =>
  (value, path) =>
    words.find((known) => known === value) ?? refuse(path, `one of ${words.join(', ')}`);

type Shape = Readonly<Record<string, Reader<unknown>>>;
type Read<S extends Shape> = { -readonly [K in keyof S]: ReturnType<S[K]> };

/** An object with exactly these members; those of `may` need not be there. */
const members =
  <S extends Shape, M extends Shape = Record<never, never>>(
    must: S,
    may?: M,
  ): Reader<Read<S> & Partial<Read<M>>> =>
  (value, path) => {
    const given = objectAt(value, path);
    const known: Shape = { ...must, ...may };
    const read: Record<string, unknown> = {};
    for (const name of Object.keys(given))
      if (!Object.hasOwn(known, name)) refuse(`${path}.${name.slice(0, 40)}`, 'no member of it');
    for (const [name, reader] of Object.entries(known))
      if (Object.hasOwn(given, name)) read[name] = reader(given[name], `${path}.${name}`);
      else if (Object.hasOwn(must, name)) refuse(`${path}.${name}`, 'missing');
    // Every member was read by the reader that its type comes from.
    return read as Read<S> & Partial<Read<M>>;
  };

function objectAt(value: unknown, path: string): Json {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    return refuse(path, 'an object');
  // An object that is no array has its members by name.
  return value as Json;
}

/** One of several objects that their member `kind` tells apart. */
const kinds =
  <S extends Readonly<Record<string, Reader<unknown>>>>(of: S): Reader<ReturnType<S[keyof S]>> =>
  (value, path) => {
    const kind = objectAt(value, path)['kind'];
    const reader = typeof kind === 'string' && Object.hasOwn(of, kind) ? of[kind] : undefined;
    if (reader === undefined) return refuse(`${path}.kind`, `one of ${Object.keys(of).join(', ')}`);
    // It is the reader of this kind.
    return reader(value, path) as ReturnType<S[keyof S]>;
  };

const kind = <const K extends string>(name: K) => ({ kind: word(name) });

const register = members({ name: string, start: whole, size: whole }, { internal: boolean });
const width = { width: whole };
const type = kinds({
  bool: members(kind('bool')),
  float: members(kind('float')),
  int: members({ ...kind('int'), ...width }),
  uint: members({ ...kind('uint'), ...width }),
  angle: members({ ...kind('angle'), ...width }),
});
const control = members({ qubit: whole, value: bit });

const literal: Reader<boolean | bigint | number> = (value, path) => {
  if (typeof value === 'boolean' || typeof value === 'number') return value;
  const { integer } = members({ integer: string })(value, path);
  return /^-?\d{1,400}$/.test(integer) ? BigInt(integer) : refuse(path, 'a whole number in a text');
};

let nesting = 0;
/** Reads what may contain itself. */
const nested =
  <T>(max: number, reader: () => Reader<T>): Reader<T> =>
  (value, path) => {
    if (nesting >= max)
      throw new CircuitError('LIMIT', `${path.slice(0, 80)}… is nested more than ${max} deep.`);
    nesting += 1;
    try {
      return reader()(value, path);
    } finally {
      nesting -= 1;
    }
  };

const expression: Reader<Expression> = nested(
  NESTING_MAX + EXPRESSION_NESTING_MAX,
  () => anExpression,
);
const anExpression: Reader<Expression> = kinds({
  literal: members({ ...kind('literal'), value: literal }),
  parameter: members({ ...kind('parameter'), name: string }),
  bit: members({ ...kind('bit'), bit: whole }),
  bits: members({ ...kind('bits'), start: whole, size: whole }),
  variable: members({ ...kind('variable'), variable: whole }),
  unary: members({ ...kind('unary'), op: word('-', '!', '~'), of: expression }),
  binary: members({
    ...kind('binary'),
    op: word(
      '+',
      '-',
      '*',
      '/',
      '%',
      '**',
      '==',
      '!=',
      '<',
      '<=',
      '>',
      '>=',
      '&&',
      '||',
      '&',
      '|',
      '^',
      '<<',
      '>>',
    ),
    left: expression,
    right: expression,
  }),
  call: members({
    ...kind('call'),
    name: word(
      ...([
        'arccos',
        'arcsin',
        'arctan',
        'ceiling',
        'cos',
        'exp',
        'floor',
        'log',
        'mod',
        'popcount',
      ] as const),
      ...(['pow', 'rotl', 'rotr', 'sin', 'sqrt', 'tan', 'bool', 'int', 'uint', 'float'] as const),
    ),
    of: list(expression),
  }),
});

const target = kinds({
  bit: members({ ...kind('bit'), bit: whole }),
  bits: members({ ...kind('bits'), start: whole, size: whole }),
  variable: members({ ...kind('variable'), variable: whole }),
});

const gate = members(
  { ...kind('gate'), gate: string, params: list(expression), qubits: list(whole) },
  { controls: list(control) },
);
const matrix: Reader<Float64Array> = (value, path) => Float64Array.from(list(number)(value, path));
const body: Reader<Instruction[]> = nested(NESTING_MAX, () => list(instruction));
const instruction: Reader<Instruction> = kinds({
  gate,
  unitary: members(
    { ...kind('unitary'), matrix, qubits: list(whole) },
    { controls: list(control), label: string },
  ),
  measure: members(
    { ...kind('measure'), qubit: whole },
    { bit: whole, flip: number, inverted: boolean },
  ),
  reset: members({ ...kind('reset'), qubit: whole }),
  barrier: members({ ...kind('barrier'), qubits: list(whole) }),
  noise: members({ ...kind('noise'), channel: string, params: list(number), qubits: list(whole) }),
  assign: members({ ...kind('assign'), to: target, value: expression }),
  if: members({ ...kind('if'), condition: expression, then: body, else: body }),
  while: members({ ...kind('while'), condition: expression, body }),
  repeat: members({ ...kind('repeat'), times: whole, body }),
  break: members(kind('break')),
  continue: members(kind('continue')),
  end: members(kind('end')),
  detector: members({ ...kind('detector'), records: list(whole), coordinates: list(number) }),
  observable: members({ ...kind('observable'), index: whole, records: list(whole) }),
});

const circuit: Reader<Circuit> = members(
  {
    qubits: whole,
    qubitRegisters: list(register),
    bits: whole,
    bitRegisters: list(register),
    variables: list(members({ name: string, type })),
    parameters: list(string),
    customGates: list(
      members({ name: string, parameters: list(string), qubits: whole, body: list(gate) }),
    ),
    body,
  },
  { name: string },
);
