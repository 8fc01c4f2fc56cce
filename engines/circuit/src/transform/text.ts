import type { Circuit, Instruction } from '../circuit.ts';
import { CircuitError } from '../error.ts';
import { bodiesOf, checkNesting } from './walk.ts';

/** Characters of a piece, about. */
const PIECE_LENGTH = 65_536;

/**
 * The canonical text of a circuit, piece by piece, for a hash: JSON with members in the order of
 * their names, nothing absent written, integers of expressions as `{"integer":"12"}`, entries of a
 * matrix as numbers. Circuits are equal where their texts are. Its name is part of it.
 */
export function* circuitText(circuit: Circuit): Generator<string, void> {
  const { body, ...rest } = circuit;
  yield '{"body":';
  yield* bodyText(body);
  // `body` comes first in the order of names.
  yield `,${canonical(rest).slice(1)}`;
}

function* bodyText(body: readonly Instruction[], nesting = 0): Generator<string, void> {
  checkNesting(nesting);
  yield '[';
  let piece = '';
  for (const [at, instruction] of body.entries()) {
    if (at > 0) piece += ',';
    if (bodiesOf(instruction).length === 0) {
      piece += canonical(instruction);
      if (piece.length < PIECE_LENGTH) continue;
    }
    yield piece;
    piece = '';
    if (bodiesOf(instruction).length > 0) yield* blockText(instruction, nesting);
  }
  yield `${piece}]`;
}

/** A block is written member by member, since its bodies may be longer than a string can be. */
function* blockText(block: Instruction, nesting: number): Generator<string, void> {
  let before = '{';
  for (const [name, member] of membersOf(block)) {
    yield `${before}${JSON.stringify(name)}:`;
    before = ',';
    if (isBody(member)) yield* bodyText(member, nesting + 1);
    else yield canonical(member);
  }
  yield '}';
}

/** A block has no other member that is an array. */
const isBody = (member: unknown): member is readonly Instruction[] => Array.isArray(member);

const membersOf = (value: object): readonly (readonly [string, unknown])[] =>
  Object.entries(value)
    .filter(([, member]) => member !== undefined)
    .toSorted(([a], [b]) => (a < b ? -1 : 1));

function canonical(value: unknown): string {
  if (typeof value === 'bigint') return `{"integer":"${value}"}`;
  if (typeof value === 'number' && !Number.isFinite(value))
    throw new CircuitError('SEMANTICS', `A circuit holds finite numbers, not ${value}.`);
  if (value instanceof Float64Array) return `[${Array.from(value, canonical).join(',')}]`;
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  const members = membersOf(value).map(
    ([name, member]) => `${JSON.stringify(name)}:${canonical(member)}`,
  );
  return `{${members.join(',')}}`;
}
