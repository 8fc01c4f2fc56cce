import { AuthorityError } from './errors.ts';
import { PATTERN_LENGTH_MAX } from './glob.ts';
import { isMap } from './ipld.ts';
import { parseSelector } from './selector.ts';

/**
 * A statement as it stands in a token. Selectors and patterns in it were read once by
 * {@link parsePolicy}, so they are known to be well formed.
 */
export type Statement =
  | readonly [op: '==' | '!=', selector: string, value: unknown]
  | readonly [op: '<' | '<=' | '>' | '>=', selector: string, value: number]
  | readonly [op: 'like', selector: string, pattern: string]
  | readonly [op: 'and' | 'or', statements: readonly Statement[]]
  | readonly [op: 'not', statement: Statement]
  | readonly [op: 'all' | 'any', selector: string, statement: Statement];

/** What the arguments of a call must satisfy: every statement. */
export type Policy = readonly Statement[];

const DEPTH_MAX = 16;
const NODES_MAX = 1024;
/** Each `like` looks at every character of a text, which the caller chooses. */
const LIKES_MAX = 64;

/** Counts what was read, so that a policy of any shape stays small. */
interface Reader {
  nodes: number;
  likes: number;
}

/**
 * Reads a policy: its shape, its selectors, and its limits (1024 statements and values together,
 * 64 of them `like`, nested at most 16 deep).
 *
 * Source: UCAN Delegation, Policy.
 *
 * @param value the member `pol` of a delegation, decoded
 * @returns the same statements, of a known shape
 * @throws AuthorityError MALFORMED
 */
export function parsePolicy(value: unknown): Policy {
  if (!Array.isArray(value)) throw malformed('a policy must be a list of statements');
  const reader: Reader = { nodes: 0, likes: 0 };
  return value.map((statement) => readStatement(statement, 1, reader));
}

function readStatement(value: unknown, depth: number, reader: Reader): Statement {
  count(depth, reader);
  if (!Array.isArray(value)) throw malformed('a statement must be a list');
  const op: unknown = value[0];
  if (op === 'and' || op === 'or' || op === 'not') {
    return readConnective(op, value, depth, reader);
  }
  if (value.length !== 3) throw malformed('expected [operator, selector, argument]');
  const selector = parseSelector(value[1]).text;
  const argument: unknown = value[2];
  switch (op) {
    case '==':
    case '!=':
      checkLiteral(argument, depth + 1, reader);
      return [op, selector, argument];
    case '<':
    case '<=':
    case '>':
    case '>=':
      if (typeof argument !== 'number') throw malformed(`${op} needs a number`);
      checkNumber(argument);
      return [op, selector, argument];
    case 'like':
      reader.likes += 1;
      if (reader.likes > LIKES_MAX) throw malformed(`more than ${LIKES_MAX} statements with like`);
      if (typeof argument === 'string' && argument.length <= PATTERN_LENGTH_MAX) {
        return [op, selector, argument];
      }
      throw malformed(`like needs a text of at most ${PATTERN_LENGTH_MAX} characters`);
    case 'all':
    case 'any':
      return [op, selector, readStatement(argument, depth + 1, reader)];
    default:
      throw malformed('unknown operator');
  }
}

function readConnective(
  op: 'and' | 'or' | 'not',
  value: readonly unknown[],
  depth: number,
  reader: Reader,
): Statement {
  if (value.length !== 2) throw malformed(`expected [${op}, argument]`);
  const argument = value[1];
  if (op === 'not') return [op, readStatement(argument, depth + 1, reader)];
  if (!Array.isArray(argument)) throw malformed(`${op} needs a list of statements`);
  return [op, argument.map((statement) => readStatement(statement, depth + 1, reader))];
}

function checkLiteral(value: unknown, depth: number, reader: Reader): void {
  count(depth, reader);
  if (typeof value === 'number') checkNumber(value);
  else if (typeof value === 'bigint' || value === undefined) throw malformed('bad literal');
  else if (Array.isArray(value)) for (const item of value) checkLiteral(item, depth + 1, reader);
  else if (isMap(value)) for (const v of Object.values(value)) checkLiteral(v, depth + 1, reader);
}

function checkNumber(value: number): void {
  if (Number.isInteger(value) ? Number.isSafeInteger(value) : Number.isFinite(value)) return;
  throw malformed('a number must be finite, an integer within 53 bits');
}

function count(depth: number, reader: Reader): void {
  reader.nodes += 1;
  if (depth > DEPTH_MAX) throw malformed(`deeper than ${DEPTH_MAX}`);
  if (reader.nodes > NODES_MAX) throw malformed(`more than ${NODES_MAX} statements and values`);
}

function malformed(why: string): AuthorityError {
  return new AuthorityError('MALFORMED', `policy: ${why}`);
}

/**
 * Whether judging a policy takes time that grows with what the caller sends: it matches patterns,
 * goes through lists, or makes a list of its own. All others compare single values.
 *
 * @param policy as read by parsePolicy
 */
export function isCostly(policy: Policy): boolean {
  return policy.some((statement) => {
    switch (statement[0]) {
      case 'and':
      case 'or':
        return isCostly(statement[1]);
      case 'not':
        return isCostly([statement[1]]);
      case 'like':
      case 'all':
      case 'any':
        return true;
      default:
        return parseSelector(statement[1]).segments.some(
          ({ kind }) => kind === 'values' || kind === 'slice',
        );
    }
  });
}
