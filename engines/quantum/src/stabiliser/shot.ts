import {
  CircuitError,
  evaluateAs,
  evaluateCondition,
  WHILE_ROUNDS_MAX,
  type ClassicalType,
  type Environment,
  type Value,
} from '@anarq/circuit';
import type { Random } from '../random.ts';
import { GATES_END } from './ops.ts';
import { DO, endOf, JUMP, STRIDE, type Noise, type Program } from './program.ts';
import { Tableau } from './tableau.ts';

/** How results come about where the state does not decide them, and errors. */
export interface Chance {
  /** A result where both are as likely. */
  readonly result: () => number;
  /** Noise and readout errors; without it there are none. */
  readonly noise?: Random;
}

/** Results of a shot. */
const RECORD_MAX = 2 ** 28;

/** Rounds of all loops of a shot together. */
const ROUNDS_MAX = 1e8;

/** One run of a program on a tableau. */
export class Shot {
  readonly tableau: Tableau;
  readonly bits: Uint8Array;
  /** Results in the order in which they came, told wrong ones as told; `length` of them. */
  record = new Uint8Array(64);
  length = 0;
  #rounds = 0;
  readonly #program: Program;
  readonly #variables: Value[];
  readonly #environment: Environment;

  constructor(program: Program) {
    this.#program = program;
    this.tableau = new Tableau(program.qubits);
    this.bits = new Uint8Array(program.bits);
    this.#variables = program.variables.map(({ type }) => startOf(type));
    this.#environment = {
      bit: (bit) => this.bits[bit] === 1,
      variables: program.variables,
      variable: (variable) => this.#variables[variable]!,
      record: (offset) =>
        this.length + offset < 0 ? undefined : this.record[this.length + offset] === 1,
    };
  }

  /** Runs the program from the beginning. @throws CircuitError LIMIT in a loop that does not end */
  run(chance: Chance): void {
    this.tableau.clear();
    this.bits.fill(0);
    for (const [at, { type }] of this.#program.variables.entries())
      this.#variables[at] = startOf(type);
    this.length = 0;
    this.#rounds = 0;
    this.#run(0, this.#program.code.length, chance);
  }

  /** Returns what of JUMP ended the block, or 0. */
  #run(from: number, to: number, chance: Chance): number {
    const { code } = this.#program;
    const { tableau } = this;
    for (let at = from; at < to; at += STRIDE) {
      const what = code[at]!;
      const a = code[at + 1]!;
      const b = code[at + 2]!;
      if (what < GATES_END) tableau.apply(what, a, b);
      else if (what === DO.MEASURE) this.#measure(a, b, chance);
      else if (what === DO.RESET) tableau.reset(a, chance.result);
      else if (what === DO.NOISE) {
        if (chance.noise !== undefined) this.#noise(this.#program.noises[a]!, chance.noise);
      } else if (what === DO.JUMP) return a;
      else if (what === DO.ASSIGN) this.#assign(a);
      else if (what !== DO.DETECTOR && what !== DO.OBSERVABLE && what !== DO.SHIFT) {
        const jump = this.#block(at, chance);
        if (jump !== 0) return jump;
        at = endOf(code, at) - STRIDE;
      }
    }
    return 0;
  }

  #block(at: number, chance: Chance): number {
    const { code } = this.#program;
    const a = code[at + 1]!;
    const end = at + STRIDE * (1 + code[at + 2]!);
    switch (code[at]) {
      case DO.ELSE:
        return 0;
      case DO.IF: {
        if (this.#holds(a)) return this.#run(at + STRIDE, end, chance);
        return this.#run(end, endOf(code, at), chance);
      }
      case DO.REPEAT:
        for (let round = 0; round < a; round += 1) {
          this.#countRound();
          const jump = this.#run(at + STRIDE, end, chance);
          if (jump === JUMP.BREAK) return 0;
          if (jump === JUMP.END) return jump;
        }
        return 0;
      default:
        for (let round = 0; this.#holds(a); round += 1) {
          if (round === WHILE_ROUNDS_MAX)
            throw new CircuitError('LIMIT', `A while loop ran ${WHILE_ROUNDS_MAX} rounds.`);
          this.#countRound();
          const jump = this.#run(at + STRIDE, end, chance);
          if (jump === JUMP.BREAK) return 0;
          if (jump === JUMP.END) return jump;
        }
        return 0;
    }
  }

  /** Loops in loops multiply their rounds. */
  #countRound(): void {
    this.#rounds += 1;
    if (this.#rounds > ROUNDS_MAX)
      throw new CircuitError('LIMIT', `The loops of a shot ran more than ${ROUNDS_MAX} rounds.`);
  }

  #holds(condition: number): boolean {
    return evaluateCondition(this.#program.conditions[condition]!, this.#environment);
  }

  #assign(at: number): void {
    const { to, value } = this.#program.assignments[at]!;
    const { bits } = this;
    if (to.kind === 'variable') {
      const { type } = this.#program.variables[to.variable]!;
      this.#variables[to.variable] = evaluateAs(value, type, this.#environment);
    } else if (to.kind === 'bit')
      bits[to.bit] = Number(evaluateAs(value, { kind: 'bool' }, this.#environment));
    else {
      const { start, size } = to;
      let rest = BigInt(evaluateAs(value, { kind: 'uint', width: size }, this.#environment));
      for (let bit = start; bit < start + size; bit += 1, rest >>= 1n)
        bits[bit] = Number(rest & 1n);
    }
  }

  #measure(qubit: number, at: number, chance: Chance): void {
    const { bit, flip, inverted } = this.#program.measures[at]!;
    let result = this.tableau.measure(qubit, chance.result) ^ inverted;
    if (flip > 0 && chance.noise !== undefined && chance.noise.uniform() < flip) result ^= 1;
    if (bit >= 0) this.bits[bit] = result;
    if (this.length === this.record.length) {
      if (this.length >= RECORD_MAX)
        throw new CircuitError('LIMIT', `A shot has at most ${RECORD_MAX} results.`);
      const longer = new Uint8Array(2 * this.length);
      longer.set(this.record);
      this.record = longer;
    }
    this.record[this.length] = result;
    this.length += 1;
  }

  #noise({ arity, total, errors, targets }: Noise, random: Random): void {
    for (let at = 0; at < targets.length; at += arity) {
      let left = random.uniform();
      if (left >= total) continue;
      let which = 0;
      while (which < errors.length - 1 && left >= errors[which]!.probability) {
        left -= errors[which]!.probability;
        which += 1;
      }
      const { pauli } = errors[which]!;
      for (let k = 0; k < arity; k += 1)
        this.tableau.pauli((pauli >> (2 * k)) & 3, targets[at + k]!);
    }
  }
}

/** What a variable is before anything is assigned to it. */
const startOf = ({ kind }: ClassicalType): Value =>
  kind === 'bool' ? false : kind === 'float' ? 0 : 0n;
