import { Reader } from './reader.ts';
import { refuse, type Source } from './source.ts';
import { scope, statementOrScope } from './statements.ts';
import type { Program, Statement, Version } from './syntax.ts';
import { statement2 } from './version2.ts';

/** The longest text that is read, in UTF-16 units. */
const TEXT_LENGTH_MAX = 256 * 1024 * 1024;

/**
 * Reads a text of OpenQASM, statement by statement. The line `OPENQASM 2.0;` or `OPENQASM 3.1;`
 * decides the language; without one it is `version`, 3 unless given. Time is linear in the text, and
 * what nests too deep is refused before the stack is full. What is read of a statement is kept
 * nowhere, so that a long text needs no long tree.
 * @throws CircuitError SYNTAX with the place, what was expected and what was found; LIMIT
 */
export class StatementReader {
  readonly version: Version | undefined;
  readonly major: 2 | 3;
  readonly #reader: Reader;
  readonly at: number;

  constructor(source: Source, version: 2 | 3 = 3) {
    if (source.text.length > TEXT_LENGTH_MAX)
      refuse('LIMIT', `A text has at most ${TEXT_LENGTH_MAX} characters`, source, 0);
    const reader = new Reader(source, scope);
    this.at = reader.at;
    this.version = reader.is('OPENQASM') ? versionLine(reader) : undefined;
    this.major = (this.version?.major ?? version) === 2 ? 2 : 3;
    reader.use(this.major);
    this.#reader = reader;
  }

  *[Symbol.iterator](): Generator<Statement, undefined> {
    const read = this.major === 2 ? statement2 : statementOrScope;
    while (!this.#reader.is('<end>')) yield read(this.#reader);
    return undefined;
  }
}

/** The syntax tree of a whole text; see StatementReader. */
export function parseSyntax(source: Source, version: 2 | 3 = 3): Program {
  const reader = new StatementReader(source, version);
  const { at } = reader;
  const body = [...reader];
  return { at, end: source.text.length, version: reader.version, body };
}

function versionLine(reader: Reader): Version {
  const { at } = reader;
  const { major, minor } = reader.versionNumber();
  const place = reader.at;
  reader.next();
  if ((major === 2 && minor === 0) || (major === 3 && minor <= 1)) {
    if (!reader.is(';')) reader.unexpected("';'");
    reader.use(major);
    reader.next();
    return { at, end: reader.lastEnd, major, minor };
  }
  return refuse(
    'UNSUPPORTED',
    `Versions 2.0, 3.0 and 3.1 of OpenQASM are read, not ${major}.${minor}`,
    reader.source,
    place,
  );
}
