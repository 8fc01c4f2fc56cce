/**
 * Kinds of tokens. A keyword or symbol is its own kind; what has a content has a kind in angle
 * brackets, so that none of them is ever a keyword.
 */
export type TokenKind =
  | '<identifier>'
  | '<integer>'
  | '<float>'
  | '<imaginary>'
  | '<timing>'
  | '<bitstring>'
  | '<hardware qubit>'
  | '<end>'
  | (typeof KEYWORDS)[number]
  | (typeof SYMBOLS)[number];

const STRUCTURE = ['OPENQASM', 'include', 'def', 'gate', 'extern', 'box', 'let', 'opaque'] as const;
const CALIBRATION = ['defcalgrammar', 'cal', 'defcal', 'pragma'] as const;
const JUMPS = ['break', 'continue', 'end', 'return', 'nop'] as const;
const CONTROL = ['if', 'else', 'for', 'while', 'in', 'switch', 'case', 'default'] as const;
const STORAGE = ['input', 'output', 'const', 'readonly', 'mutable', 'im'] as const;
const REGISTERS = ['qreg', 'qubit', 'creg', 'bit', 'array', 'void'] as const;
const NUMBERS = [
  'bool',
  'int',
  'uint',
  'float',
  'angle',
  'complex',
  'duration',
  'stretch',
] as const;
const MODIFIERS = ['gphase', 'inv', 'pow', 'ctrl', 'negctrl'] as const;
const OPERATIONS = ['durationof', 'delay', 'reset', 'measure', 'barrier', 'true', 'false'] as const;
const KEYWORDS = [
  ...STRUCTURE,
  ...CALIBRATION,
  ...JUMPS,
  ...CONTROL,
  ...STORAGE,
  ...REGISTERS,
  ...NUMBERS,
  ...MODIFIERS,
  ...OPERATIONS,
] as const;

const ASSIGNMENTS = ['**=', '<<=', '>>=', '+=', '-=', '*=', '/=', '&=', '|=', '^=', '%='] as const;
const PAIRS = ['->', '++', '**', '||', '&&', '==', '!=', '>=', '<=', '>>', '<<'] as const;
const BRACKETS = ['[', ']', '{', '}', '(', ')', ':', ';', '.', ',', '='] as const;
const SINGLES = ['+', '-', '*', '/', '%', '|', '&', '^', '@', '~', '!', '>', '<'] as const;
/** Longer ones first: the first that fits is taken. */
const SYMBOLS = [...ASSIGNMENTS, ...PAIRS, ...BRACKETS, ...SINGLES, '#pragma', '#dim'] as const;

const VERSION_2_ONLY: readonly TokenKind[] = ['opaque'];
const VERSION_2_BASE = ['OPENQASM', 'include', 'qreg', 'creg', 'gate', 'opaque', 'if'] as const;
const VERSION_2_KEYWORDS: readonly TokenKind[] = [...VERSION_2_BASE, 'measure', 'reset', 'barrier'];

const byText = (kinds: readonly TokenKind[]): ReadonlyMap<string, TokenKind> =>
  new Map(kinds.map((kind) => [kind, kind]));

/** Keywords of a version; every other word is an identifier there. */
export const KEYWORDS_OF: Readonly<Record<2 | 3, ReadonlyMap<string, TokenKind>>> = {
  2: byText(VERSION_2_KEYWORDS),
  3: byText(KEYWORDS.filter((kind) => !VERSION_2_ONLY.includes(kind))),
};

/** Symbols by the code of their first character, longer ones first. */
export const SYMBOLS_BY_START: readonly (readonly TokenKind[] | undefined)[] = (() => {
  const byStart: TokenKind[][] = [];
  for (const symbol of SYMBOLS) (byStart[symbol.charCodeAt(0)] ??= []).push(symbol);
  return byStart;
})();
