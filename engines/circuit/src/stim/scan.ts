import type { Place } from '../circuit.ts';
import { CircuitError, type CircuitErrorCode } from '../error.ts';

/** A target as it is written, with where it stands in the text. */
export type StimTarget = (
  | { readonly kind: 'qubit'; readonly qubit: number; readonly inverted: boolean }
  | {
      readonly kind: 'pauli';
      readonly pauli: 'X' | 'Y' | 'Z';
      readonly qubit: number;
      readonly inverted: boolean;
      /** Whether the next target belongs to the same product: `X1*Z2`. */
      readonly joined: boolean;
    }
  /** A result, counted back: -1 is the last. */
  | { readonly kind: 'record'; readonly offset: number }
) & { readonly at: number };

/** One line of a .stim file. Its name is in upper case; a tag is read and left away. */
export type StimLine =
  | { readonly kind: 'end'; readonly at: number }
  | {
      readonly kind: 'instruction';
      readonly name: string;
      readonly args: readonly number[];
      readonly targets: readonly StimTarget[];
      /** Whether a block begins here. */
      readonly opens: boolean;
      readonly at: number;
    };

const NAME = /[A-Za-z]\w*/y;
const TAG = /\[[^\r\]\n]*\]/y;
const SPACE = /[ \t]*/y;
const NUMBER = /[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?/y;
const TARGET = /(!?)([XYZxyz]?)(\d+)|rec\[-(\d+)\]|(sweep\[\d+\])/y;

/** The longest text, in UTF-16 units. */
export const STIM_LENGTH_MAX = 256 * 1024 * 1024;

/** Reads a text of Stim's circuit format (doc/file_format_stim_circuit.md of Stim) line by line. */
export class StimScanner {
  readonly #text: string;
  #at = 0;

  constructor(text: string) {
    if (text.length > STIM_LENGTH_MAX)
      throw new CircuitError('LIMIT', `A .stim text has at most ${STIM_LENGTH_MAX} characters.`);
    this.#text = text;
  }

  /** The next line that says something, or `undefined` at the end of the text. */
  next(): StimLine | undefined {
    for (;;) {
      this.#match(SPACE);
      const at = this.#at;
      const character = this.#text[at];
      if (character === undefined) return undefined;
      if (character === '}') {
        this.#at += 1;
        this.#endLine();
        return { kind: 'end', at };
      }
      if (character !== '\n' && character !== '\r' && character !== '#') return this.#instruction();
      this.#endLine();
    }
  }

  /** The end of the text, for errors about what is missing there. */
  get end(): number {
    return this.#text.length;
  }

  /** Counts lines up to a place; only errors need it. */
  placeOf(at: number): Place {
    let line = 1;
    let start = 0;
    for (
      let k = this.#text.indexOf('\n');
      k !== -1 && k < at;
      k = this.#text.indexOf('\n', k + 1)
    ) {
      line += 1;
      start = k + 1;
    }
    return { line, column: at - start + 1 };
  }

  refuse(code: CircuitErrorCode, message: string, at: number): never {
    throw new CircuitError(code, message, this.placeOf(at));
  }

  #match(pattern: RegExp): RegExpExecArray | undefined {
    pattern.lastIndex = this.#at;
    const found = pattern.exec(this.#text);
    if (found === null) return undefined;
    this.#at = pattern.lastIndex;
    return found;
  }

  #instruction(): StimLine {
    const at = this.#at;
    const name = this.#match(NAME)?.[0];
    if (name === undefined) return this.#unexpected('the name of an instruction');
    this.#match(TAG);
    const args = this.#args();
    const targets = this.#targets();
    const opens = this.#text[this.#at] === '{';
    if (opens) this.#at += 1;
    this.#endLine();
    return { kind: 'instruction', name: name.toUpperCase(), args, targets, opens, at };
  }

  #args(): readonly number[] {
    if (this.#text[this.#at] !== '(') return [];
    this.#at += 1;
    const args: number[] = [];
    for (;;) {
      this.#match(SPACE);
      const at = this.#at;
      if (args.length === 0 && this.#text[at] === ')') break;
      const value = Number(this.#match(NUMBER)?.[0] ?? this.#unexpected('a number'));
      if (!Number.isFinite(value)) this.refuse('SYNTAX', 'This number is too large.', at);
      args.push(value);
      this.#match(SPACE);
      if (this.#text[this.#at] !== ',') break;
      this.#at += 1;
    }
    if (this.#text[this.#at] !== ')') this.#unexpected('"," or ")"');
    this.#at += 1;
    return args;
  }

  #targets(): readonly StimTarget[] {
    const targets: StimTarget[] = [];
    for (;;) {
      const apart = this.#match(SPACE)![0].length > 0;
      const character = this.#text[this.#at];
      if (character === undefined || '\r\n#{'.includes(character)) return targets;
      if (!apart) this.#unexpected('a space before a target');
      let target = this.#target();
      while (target.kind === 'pauli' && target.joined) {
        targets.push(target);
        target = this.#target();
        if (target.kind !== 'pauli')
          this.refuse('SYNTAX', '"*" joins Pauli targets, such as X1*Z2.', target.at);
      }
      targets.push(target);
    }
  }

  #target(): StimTarget {
    const at = this.#at;
    const found = this.#match(TARGET);
    if (found === undefined) return this.#unexpected('a target, such as 5, !5, X5 or rec[-1]');
    const [, bang, pauli, digits, back, sweep] = found;
    if (sweep !== undefined) this.refuse('UNSUPPORTED', 'Sweep bits are not supported.', at);
    if (back !== undefined) {
      const offset = Number(back);
      if (offset < 1 || !Number.isSafeInteger(offset))
        this.refuse('SYNTAX', 'Results count back from rec[-1].', at);
      return { kind: 'record', offset: -offset, at };
    }
    const qubit = Number(digits);
    const inverted = bang === '!';
    if (pauli === '' || pauli === undefined) return { kind: 'qubit', qubit, inverted, at };
    const joined = this.#text[this.#at] === '*';
    if (joined) this.#at += 1;
    // The pattern lets only these letters through.
    return {
      kind: 'pauli',
      pauli: pauli.toUpperCase() as 'X' | 'Y' | 'Z',
      qubit,
      inverted,
      joined,
      at,
    };
  }

  /** Spaces, a comment, and the end of the line. */
  #endLine(): void {
    this.#match(SPACE);
    const character = this.#text[this.#at];
    if (character === '#') {
      const end = this.#text.indexOf('\n', this.#at);
      this.#at = end === -1 ? this.#text.length : end;
    } else if (character === '\r') this.#at += 1;
    if (this.#at >= this.#text.length) return;
    if (this.#text[this.#at] !== '\n') this.#unexpected('the end of the line');
    this.#at += 1;
  }

  #unexpected(expected: string): never {
    const character = this.#text.codePointAt(this.#at);
    const found =
      character === undefined ? 'the end' : JSON.stringify(String.fromCodePoint(character));
    return this.refuse('SYNTAX', `Expected ${expected}, found ${found}.`, this.#at);
  }
}
