import { compileGlob } from './glob.ts';
import { describe, isMap, sameValue } from './ipld.ts';
import type { Policy, Statement } from './policy.ts';
import { parseSelector, select, UNRESOLVED } from './selector.ts';

/** Why a policy did not hold, in words short enough for a record. */
export interface PolicyFailure {
  /** JSON pointer (RFC 6901) of the statement within the policy. */
  readonly statement: string;
  readonly selector: string;
  readonly expected: string;
  readonly actual: string;
}

/** A policy made ready: undefined where the arguments satisfy it, else the first failure. */
export type CompiledPolicy = (args: unknown) => PolicyFailure | undefined;

/**
 * Three values, after Kleene. A statement that cannot be judged, because nothing is at its path or
 * what is there has the wrong type or is too large to look through, is UNKNOWN and stays so under
 * `not`: only TRUE admits a call, so `["not", [">", ".amount", 10]]` is not met by leaving the amount
 * out or by sending it as text, nor `["not", ["like", ".to", "m*"]]` by a text of a megabyte.
 */
const FALSE = 0;
const TRUE = 1;
const UNKNOWN = 2;
type Truth = typeof FALSE | typeof TRUE | typeof UNKNOWN;

/** More elements than this are not looked at: the statement is then UNKNOWN. */
const ELEMENTS_MAX = 10_000;

/** A `like` does not look through a text of more UTF-16 code units: it is then UNKNOWN. */
const TEXT_LENGTH_MAX = 4_096;

/**
 * Elements and code units that one policy looks at in one call, all its statements together: what is
 * asked of each element of a long list multiplies. What comes after them is UNKNOWN.
 */
const WORK_MAX = 1_048_576;

/** What is left of that, for the policy that is being judged. */
interface Work {
  left: number;
}

/** Longer explanations are cut. */
const EXPECTED_LENGTH_MAX = 512;

interface Compiled {
  test(value: unknown): Truth;
  explain(value: unknown, pointer: string): PolicyFailure;
}

/**
 * Compiles a policy to closures, once, for many calls. A call that is admitted allocates nothing
 * (save for slices and `[]` in selectors).
 *
 * @param policy as read by parsePolicy
 */
export function compilePolicy(policy: Policy): CompiledPolicy {
  const work: Work = { left: WORK_MAX };
  const compiled = policy.map((statement) => compile(statement, work));
  return (args) => {
    work.left = WORK_MAX;
    for (let i = 0; i < compiled.length; i += 1) {
      const statement = compiled[i];
      if (statement !== undefined && statement.test(args) !== TRUE) {
        work.left = WORK_MAX;
        return statement.explain(args, `/${i}`);
      }
    }
    return undefined;
  };
}

function compile(statement: Statement, work: Work): Compiled {
  const compileInner = (inner: Statement) => compile(inner, work);
  switch (statement[0]) {
    case 'and':
      return compileAnd(statement[1].map(compileInner));
    case 'or':
      return compileOr(statement[1].map(compileInner));
    case 'not':
      return compileNot(compileInner(statement[1]));
    case 'all':
    case 'any':
      return compileQuantifier(statement, compileInner(statement[2]), work);
    default:
      return compileLeaf(statement, work);
  }
}

function compileAnd(parts: readonly Compiled[]): Compiled {
  return {
    test(value) {
      let result: Truth = TRUE;
      for (const part of parts) {
        const truth = part.test(value);
        if (truth === FALSE) return FALSE;
        if (truth === UNKNOWN) result = UNKNOWN;
      }
      return result;
    },
    explain(value, pointer) {
      const at = parts.findIndex((part) => part.test(value) !== TRUE);
      const part = parts[at];
      if (part === undefined) return failure(pointer, '.', 'every statement', 'not every one');
      return part.explain(value, `${pointer}/1/${at}`);
    },
  };
}

/** An empty `or` is true: the specification says so. */
function compileOr(parts: readonly Compiled[]): Compiled {
  return {
    test(value) {
      let result: Truth = parts.length === 0 ? TRUE : FALSE;
      for (const part of parts) {
        const truth = part.test(value);
        if (truth === TRUE) return TRUE;
        if (truth === UNKNOWN) result = UNKNOWN;
      }
      return result;
    },
    explain: (value, pointer) =>
      explainOr(
        parts.map((part, i) => part.explain(value, `${pointer}/1/${i}`)),
        pointer,
      ),
  };
}

/** What is asked of one value is told as one list; else only that nothing held. */
function explainOr(failures: readonly PolicyFailure[], pointer: string): PolicyFailure {
  const [first] = failures;
  const isOneValue = failures.every(({ selector }) => selector === first?.selector);
  if (first === undefined || !isOneValue || first.selector === '.')
    return failure(
      pointer,
      '.',
      `one of ${failures.length} statements to hold`,
      'none of them does',
    );
  const expected = [...new Set(failures.map((each) => each.expected))].join(' or ');
  return failure(pointer, first.selector, expected.slice(0, EXPECTED_LENGTH_MAX), first.actual);
}

function compileNot(part: Compiled): Compiled {
  return {
    test(value) {
      const truth = part.test(value);
      return truth === UNKNOWN ? UNKNOWN : truth === TRUE ? FALSE : TRUE;
    },
    explain(value, pointer) {
      const holds = part.test(value) === TRUE;
      return failure(
        pointer,
        '.',
        'the inner statement not to hold',
        holds
          ? 'it holds'
          : 'it cannot be judged: a value is missing, of another type or too large',
      );
    },
  };
}

/** `any` of nothing is false: an empty list of recipients contains no permitted one. */
function compileQuantifier([op, text]: Quantified, part: Compiled, work: Work): Compiled {
  const selector = parseSelector(text);
  const decisive = op === 'all' ? FALSE : TRUE;
  return {
    test(value) {
      const elements = elementsOf(select(selector, value));
      if (elements === undefined || !spend(work, elements.length)) return UNKNOWN;
      let result: Truth = op === 'all' ? TRUE : FALSE;
      for (const element of elements) {
        const truth = part.test(element);
        if (truth === decisive) return decisive;
        if (truth === UNKNOWN) result = UNKNOWN;
      }
      return result;
    },
    explain(value, pointer) {
      const found = select(selector, value);
      const elements = elementsOf(found);
      const expected = op === 'all' ? 'every element to match' : 'an element that matches';
      if (elements === undefined) return failure(pointer, text, expected, describeFound(found));
      if (op === 'any') return failure(pointer, text, expected, `none of ${elements.length}`);
      const at = elements.findIndex((element) => part.test(element) !== TRUE);
      if (at < 0) return failure(pointer, text, expected, 'too many to look through');
      const inner = part.explain(elements[at], `${pointer}/2`);
      return { ...inner, selector: `${text} element ${at}, ${inner.selector}` };
    },
  };
}

function elementsOf(found: unknown): readonly unknown[] | undefined {
  const elements = Array.isArray(found) ? found : isMap(found) ? Object.values(found) : undefined;
  return elements !== undefined && elements.length <= ELEMENTS_MAX ? elements : undefined;
}

/** Takes from what is left; false where it is not enough. */
function spend(work: Work, amount: number): boolean {
  work.left -= amount;
  return work.left >= 0;
}

type Quantified = Extract<Statement, readonly ['all' | 'any', string, Statement]>;
type Leaf = Extract<Statement, readonly [string, string, unknown]>;
type Comparison = Exclude<Leaf, Quantified>;

function compileLeaf(statement: Comparison, work: Work): Compiled {
  const [op, text, literal] = statement;
  const selector = parseSelector(text);
  const judge = judgeOf(statement, work);
  return {
    test(value) {
      const found = select(selector, value);
      return found === UNRESOLVED ? UNKNOWN : judge(found);
    },
    explain: (value, pointer) =>
      failure(pointer, text, `${op} ${describe(literal)}`, describeFound(select(selector, value))),
  };
}

function judgeOf(statement: Comparison, work: Work): (found: unknown) => Truth {
  switch (statement[0]) {
    case '==': {
      const literal = statement[2];
      return (found) => (sameValue(literal, found) ? TRUE : FALSE);
    }
    case '!=': {
      const literal = statement[2];
      return (found) => (sameValue(literal, found) ? FALSE : TRUE);
    }
    case 'like': {
      const matches = compileGlob(statement[2]);
      return (found) => {
        if (typeof found !== 'string' || found.length > TEXT_LENGTH_MAX) return UNKNOWN;
        if (!spend(work, found.length)) return UNKNOWN;
        return matches(found) ? TRUE : FALSE;
      };
    }
    default:
      return judgeOrder(statement[0], statement[2]);
  }
}

/** A bigint and a number compare exactly in ECMAScript. */
const ORDERS = {
  '<': (a: number | bigint, b: number): boolean => a < b,
  '<=': (a: number | bigint, b: number): boolean => a <= b,
  '>': (a: number | bigint, b: number): boolean => a > b,
  '>=': (a: number | bigint, b: number): boolean => a >= b,
};

function judgeOrder(op: keyof typeof ORDERS, literal: number): (found: unknown) => Truth {
  const holds = ORDERS[op];
  return (found) => {
    const isNumber =
      typeof found === 'bigint' || (typeof found === 'number' && Number.isFinite(found));
    if (!isNumber) return UNKNOWN;
    return holds(found, literal) ? TRUE : FALSE;
  };
}

function describeFound(found: unknown): string {
  return found === UNRESOLVED ? 'nothing' : describe(found);
}

function failure(
  statement: string,
  selector: string,
  expected: string,
  actual: string,
): PolicyFailure {
  return { statement, selector, expected, actual };
}
