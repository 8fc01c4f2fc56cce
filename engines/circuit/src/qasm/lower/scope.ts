import type { Value } from '../../expression.ts';
import type { Source } from '../source.ts';
import type { Statement } from '../syntax.ts';
import type { Type, Typed } from './types.ts';
import type { Wires } from './wires.ts';

/** What a name stands for. */
export type Symbol =
  | { readonly kind: 'qubits'; readonly wires: Wires; readonly isRegister: boolean }
  | { readonly kind: 'bits'; readonly wires: Wires; readonly isRegister: boolean }
  /** A constant, a parameter of a gate, an input. */
  | { readonly kind: 'value'; readonly typed: Typed }
  | Cell
  | {
      readonly kind: 'array';
      readonly type: Type;
      readonly sizes: readonly number[];
      /** Row after row. */
      readonly cells: readonly Cell[];
      readonly isReadonly: boolean;
    }
  | {
      readonly kind: 'def';
      readonly definition: Statement & { kind: 'def' };
      readonly source: Source;
    }
  | { readonly kind: 'extern' };

/** What is known of variables while a text is lowered: only what was assigned since `floor`. */
export interface Certainty {
  now: number;
  floor: number;
}

/** A classical variable, with its value where that is known before the circuit runs. */
export class Cell {
  readonly kind = 'variable';
  readonly type: Type;
  /** Its index among the variables of the circuit. */
  readonly variable: number;
  readonly #certainty: Certainty;
  #known: Value | undefined;
  #since: number;

  constructor(type: Type, variable: number, certainty: Certainty, known: Value | undefined) {
    this.type = type;
    this.variable = variable;
    this.#certainty = certainty;
    this.#known = known;
    this.#since = certainty.now;
  }

  get known(): Value | undefined {
    return this.#since >= this.#certainty.floor ? this.#known : undefined;
  }

  set known(value: Value | undefined) {
    this.#known = value;
    this.#since = this.#certainty.now;
  }
}

/** The names of a block, inside those of others. */
export class Scope {
  readonly parent: Scope | undefined;
  /** In the body of a gate or subroutine only constants and subroutines of the surroundings are seen. */
  readonly isBody: boolean;
  readonly #symbols = new Map<string, Symbol>();

  constructor(parent?: Scope, isBody = false) {
    this.parent = parent;
    this.isBody = isBody;
  }

  has(name: string): boolean {
    return this.#symbols.has(name);
  }

  set(name: string, symbol: Symbol): void {
    this.#symbols.set(name, symbol);
  }

  find(name: string): Symbol | undefined {
    const own = this.#symbols.get(name);
    if (own !== undefined || this.parent === undefined) return own;
    const symbol = this.parent.find(name);
    return symbol !== undefined && this.isBody && !isSeenInside(symbol) ? undefined : symbol;
  }
}

const isSeenInside = (symbol: Symbol): boolean =>
  symbol.kind === 'def' ||
  symbol.kind === 'extern' ||
  (symbol.kind === 'value' && symbol.typed.value.kind === 'literal');
