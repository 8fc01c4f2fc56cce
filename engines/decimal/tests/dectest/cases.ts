import * as arithmetic from '../../src/arithmetic/index.ts';

/** One case of a decTest file, under the directives that stand before it. */
export interface Case {
  readonly id: string;
  readonly operation: string;
  readonly operands: readonly string[];
  readonly result: string;
  readonly conditions: readonly string[];
  readonly settings: arithmetic.ContextSettings;
  /** `extended: 0`, the subset arithmetic: it knows one zero only. */
  readonly extended: boolean;
}

/** Words of a line: quoted ones may hold blanks and doubled quotes; `--` begins a comment. */
function wordsOf(line: string): string[] {
  const words: string[] = [];
  for (const [word] of line.matchAll(/'(?:[^']|'')*'|"(?:[^"]|"")*"|\S+/g)) {
    if (word.startsWith('--')) break;
    words.push(word);
  }
  return words;
}

const unquoted = (word: string): string => {
  const quote = word[0];
  if (word.length < 2 || (quote !== "'" && quote !== '"') || !word.endsWith(quote)) return word;
  return word.slice(1, -1).replaceAll(quote + quote, quote);
};

/** Reads a decTest file. */
export function casesOf(text: string): Case[] {
  const directives = new Map<string, string>();
  const cases: Case[] = [];
  for (const line of text.split(/\r?\n/)) {
    const words = wordsOf(line);
    const directive = /^(\w+):(.*)$/.exec(words[0] ?? '');
    const arrow = words.indexOf('->');
    if (directive !== null && arrow === -1) {
      directives.set(directive[1]!.toLowerCase(), (directive[2] || words[1] || '').toLowerCase());
    } else if (arrow > 0) {
      cases.push({
        id: words[0]!,
        operation: words[1]!.toLowerCase(),
        operands: words.slice(2, arrow).map(unquoted),
        result: unquoted(words[arrow + 1]!),
        conditions: words.slice(arrow + 2).map((word) => word.toLowerCase()),
        settings: settingsOf(directives),
        extended: directives.get('extended') !== '0',
      });
    }
  }
  return cases;
}

function settingsOf(directives: ReadonlyMap<string, string>): arithmetic.ContextSettings {
  const number = (name: string, otherwise: number) => Number(directives.get(name) ?? otherwise);
  return {
    precision: number('precision', 9),
    rounding: (directives.get('rounding') ?? 'half_up') as arithmetic.Rounding,
    maxExponent: number('maxexponent', 999_999_999),
    minExponent: number('minexponent', -999_999_999),
    clamp: directives.get('clamp') === '1',
  };
}

/** Why a case is not run; undefined where it is. */
export function reasonToSkip({ operation, operands, result }: Case): string | undefined {
  if ([...operands, result].includes('#')) return 'a null reference: the types allow none';
  if ([...operands, result].some((word) => /^#|#[\da-f]/i.test(word)))
    return 'an encoding of an interchange format';
  const { UNARY, BINARY, TERNARY } = arithmetic;
  if (operation === 'power' && operands.length === 3) return 'a modular power';
  if (operation in UNARY || operation in BINARY || operation in TERNARY) return undefined;
  return ['tosci', 'toeng', 'apply', 'class'].includes(operation)
    ? undefined
    : `no operation ${operation}`;
}

export interface Outcome {
  readonly result: string;
  readonly conditions: readonly string[];
}

/** What this project makes of a case: the result's representation, and the conditions. */
export function outcomeOf(item: Case): Outcome {
  const context = new arithmetic.Context(item.settings);
  const result = resultOf(item, context);
  const text = item.extended || !/^0(E|\.0*$)/.test(result) ? result : '0';
  return { result: text, conditions: context.conditions.toSorted() };
}

function resultOf({ operation, operands }: Case, context: arithmetic.Context): string {
  const { toNumber, toScientificString, toEngineeringString, parseDecimal } = arithmetic;
  if (operation === 'tosci' || operation === 'apply')
    return toScientificString(toNumber(operands[0]!, context));
  if (operation === 'toeng') return toEngineeringString(toNumber(operands[0]!, context));
  // Operands are taken as they are, with all their digits.
  const [a, b, c] = operands.map(parseDecimal);
  if (operation === 'class') return arithmetic.numberClass(context, a!);
  const unary = arithmetic.UNARY[operation];
  if (unary !== undefined) return toScientificString(unary(context, a!));
  const binary = arithmetic.BINARY[operation];
  if (binary !== undefined) return toScientificString(binary(context, a!, b!));
  return toScientificString(arithmetic.TERNARY[operation]!(context, a!, b!, c!));
}
