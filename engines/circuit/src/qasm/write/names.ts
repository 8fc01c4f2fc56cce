import { KEYWORDS_OF } from '../tokens.ts';

const IDENTIFIER: Readonly<Record<2 | 3, RegExp>> = {
  2: /^[a-z][A-Za-z0-9_]*$/,
  3: /^[\p{Lu}\p{Ll}\p{Lt}\p{Lm}\p{Lo}\p{Nl}_][\p{Lu}\p{Ll}\p{Lt}\p{Lm}\p{Lo}\p{Nl}\w]*$/u,
};

/** Names of a text that no two things have. One that is no identifier, or taken, is written another way. */
export class Names {
  readonly #version: 2 | 3;
  readonly #taken: Set<string>;

  constructor(version: 2 | 3, reserved: Iterable<string>) {
    this.#version = version;
    this.#taken = new Set(reserved);
  }

  /** The name under which this one is written. */
  add(name: string): string {
    const base = this.#identifier(name);
    let unique = base;
    for (let number = 2; this.#taken.has(unique); number += 1) unique = `${base}_${number}`;
    this.#taken.add(unique);
    return unique;
  }

  #identifier(name: string): string {
    const isKeyword = KEYWORDS_OF[this.#version].has(name);
    if (!isKeyword && IDENTIFIER[this.#version].test(name)) return name;
    const cleaned = name.replaceAll(/\W/g, '_');
    return IDENTIFIER[this.#version].test(cleaned) && !isKeyword ? cleaned : `q_${cleaned}`;
  }

  /** Names of the parameters or qubits of a gate, which may be those of something else in the text. */
  inside(): Names {
    return new Names(this.#version, CONSTANTS);
  }
}

/** Names that mean a number everywhere. */
export const CONSTANTS = ['pi', 'π', 'tau', 'τ', 'euler', 'ℇ'] as const;
