import {
  CircuitError,
  evaluateAngle,
  evaluateAs,
  evaluateCondition,
  type Environment,
  type Value,
} from '@anarq/circuit';
import type { Measure, Operation, Program, QuantumOperation } from './program.ts';

/** Operations of one shot, and results of detectors in it. */
const OPERATIONS_MAX = 1_000_000_000;
const DETECTORS_MAX = 10_000_000;
const OBSERVABLES_MAX = 1_000_000;

/**
 * Walks through a program for one shot and does all that is classical: bits, variables, conditions,
 * loops, the record of measurements. `next` says what a simulator has to do next; after a `measure` it
 * is told the result. A machine can be forked wherever it stands, so that every outcome is followed.
 */
export class Machine {
  readonly program: Program;
  readonly bits: Uint8Array;
  readonly #variables: Value[];
  readonly #rounds: Float64Array;
  /** The last `lookback` results, told as they were told; the one of number k stands at k modulo its length. */
  readonly #record: Uint8Array;
  readonly #detectors: number[];
  readonly #observables: number[];
  /** What expressions look at. */
  readonly #environment: Environment;
  #at = 0;
  #results = 0;
  #steps = 0;

  constructor(program: Program, from?: Machine) {
    this.program = program;
    this.#environment = {
      bit: (bit) => this.bits[bit] === 1,
      variables: program.variables,
      variable: (index) => this.#variables[index]!,
      record: (offset) => this.#parity([offset]) === 1,
    };
    if (from === undefined) {
      this.bits = new Uint8Array(program.bits);
      this.#variables = program.variables.map(initial);
      this.#rounds = new Float64Array(program.loops);
      this.#record = new Uint8Array(program.lookback);
      this.#detectors = [];
      this.#observables = [];
      return;
    }
    this.bits = from.bits.slice();
    this.#variables = from.#variables.slice();
    this.#rounds = from.#rounds.slice();
    this.#record = from.#record.slice();
    this.#detectors = from.#detectors.slice();
    this.#observables = from.#observables.slice();
    this.#at = from.#at;
    this.#results = from.#results;
    this.#steps = from.#steps;
  }

  fork(): Machine {
    return new Machine(this.program, this);
  }

  /** Where in the code it stands: at the operation that `next` answers next. */
  get at(): number {
    return this.#at;
  }

  /** Parities of detectors so far, as they stand: without noise each is the same in every shot. */
  get detectors(): readonly number[] {
    return this.#detectors;
  }

  /** Parities of the logical observables so far, by index. */
  get observables(): readonly number[] {
    return this.#observables;
  }

  /**
   * Goes to the next thing a simulator has to do, or to the end of the shot.
   * @throws CircuitError LIMIT after too many rounds of a `while` or too many operations, SEMANTICS where
   * a division by zero or a result that is not there is asked for
   */
  next(): QuantumOperation | undefined {
    const { code } = this.program;
    for (let one = code[this.#at]; one !== undefined; one = code[this.#at]) {
      this.#steps += 1;
      if (this.#steps > OPERATIONS_MAX)
        throw new CircuitError('LIMIT', `One shot takes more than ${OPERATIONS_MAX} operations.`);
      this.#at += 1;
      const quantum = this.#perform(one);
      if (quantum !== undefined) return quantum;
    }
    return undefined;
  }

  /** Says what a measurement found, and whether it is told wrong. */
  tell({ bit, inverted }: Measure, found: number, isFlipped: boolean): void {
    const told = found ^ (inverted ? 1 : 0) ^ (isFlipped ? 1 : 0);
    if (bit !== undefined) this.bits[bit] = told;
    if (this.#record.length > 0) this.#record[this.#results % this.#record.length] = told;
    this.#results += 1;
  }

  #perform(one: Operation): QuantumOperation | undefined {
    switch (one.op) {
      case 'apply':
      case 'measure':
      case 'reset':
      case 'noise':
        return one;
      case 'gate': {
        const params = one.params.map((param) => evaluateAngle(param, this.#environment));
        const { qubits, controls } = one;
        return { op: 'apply', matrix: one.gate.matrix(...params), qubits, controls };
      }
      case 'assign':
        this.#assign(one);
        return undefined;
      case 'unless':
        if (!evaluateCondition(one.condition, this.#environment)) this.#at = one.target;
        return undefined;
      case 'jump':
        this.#at = one.target;
        return undefined;
      case 'enter':
        this.#rounds[one.loop] = 0;
        return undefined;
      case 'round':
        if (!this.#goesOn(one)) this.#at = one.exit;
        return undefined;
      case 'detector':
        if (this.#detectors.length >= DETECTORS_MAX)
          throw new CircuitError('LIMIT', `A shot has at most ${DETECTORS_MAX} detectors.`);
        this.#detectors.push(this.#parity(one.records));
        return undefined;
      case 'observable':
        if (!(one.index >= 0 && one.index < OBSERVABLES_MAX))
          throw new CircuitError('LIMIT', `Observables are numbered below ${OBSERVABLES_MAX}.`);
        while (this.#observables.length <= one.index) this.#observables.push(0);
        this.#observables[one.index] = this.#observables[one.index]! ^ this.#parity(one.records);
        return undefined;
    }
  }

  #assign({ to, value }: Operation & { readonly op: 'assign' }): void {
    if (to.kind === 'variable') {
      const { type } = this.program.variables[to.variable]!;
      this.#variables[to.variable] = evaluateAs(value, type, this.#environment);
    } else if (to.kind === 'bit')
      this.bits[to.bit] = evaluateCondition(value, this.#environment) ? 1 : 0;
    else {
      // A number of this type is a bigint.
      const type = { kind: 'uint', width: to.size } as const;
      const number = BigInt(evaluateAs(value, type, this.#environment));
      const digits = number.toString(2).padStart(to.size, '0');
      for (let k = 0; k < to.size; k += 1)
        this.bits[to.start + k] = digits[to.size - 1 - k] === '1' ? 1 : 0;
    }
  }

  #goesOn({ condition, times, loop }: Operation & { readonly op: 'round' }): boolean {
    const rounds = this.#rounds[loop]!;
    if (condition === undefined) {
      if (rounds >= times) return false;
    } else {
      if (!evaluateCondition(condition, this.#environment)) return false;
      if (rounds >= times)
        throw new CircuitError('LIMIT', `A while loop runs for more than ${times} rounds.`);
    }
    this.#rounds[loop] = rounds + 1;
    return true;
  }

  #parity(records: readonly number[]): number {
    let parity = 0;
    for (const record of records) {
      const result = this.#results + record;
      if (result < 0)
        throw new CircuitError(
          'SEMANTICS',
          `rec[${record}] points to no result; there are ${this.#results} before it.`,
        );
      parity ^= this.#record[result % this.#record.length]!;
    }
    return parity;
  }
}

const initial = ({ type }: Program['variables'][number]): Value =>
  type.kind === 'bool' ? false : type.kind === 'float' ? 0 : 0n;
