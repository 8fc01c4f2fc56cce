import { Lexer } from './lexer.ts';
import { refuse, type Source } from './source.ts';
import type { Name, Scope } from './syntax.ts';
import type { TokenKind } from './tokens.ts';

/** How deep expressions and statements nest at most, together. */
export const SYNTAX_DEPTH_MAX = 256;

const FOUND_LENGTH_MAX = 30;

/** A lexer with what the rules of the grammar share. The token it stands at is the one to be read next. */
export class Reader extends Lexer {
  depth = 0;
  /** Height of the expression read last. */
  height = 0;
  /** End of the token read last. */
  lastEnd = 0;
  /** Reads a scope; expressions need it for `durationof`. */
  readonly scope: (reader: Reader) => Scope;

  constructor(source: Source, scope: (reader: Reader) => Scope) {
    super(source);
    this.scope = scope;
    this.next();
  }

  override next(): void {
    this.lastEnd = this.end;
    super.next();
  }

  /** Refuses the token. `expected` says what would have been right. */
  unexpected(expected: string): never {
    const { content } = this;
    const found =
      this.kind === '<end>'
        ? 'the end of the text'
        : content.length > FOUND_LENGTH_MAX
          ? `'${content.slice(0, FOUND_LENGTH_MAX)}…'`
          : `'${content}'`;
    return this.refuse(`Expected ${expected}, but found ${found}`);
  }

  is(kind: TokenKind): boolean {
    return this.kind === kind;
  }

  /** Reads the token if it is of this kind. */
  accept(kind: TokenKind): boolean {
    if (this.kind !== kind) return false;
    this.next();
    return true;
  }

  /** Reads a token that must be of this kind. */
  expect(kind: TokenKind, where = ''): void {
    if (this.kind !== kind) this.unexpected(`'${kind}'${where}`);
    this.next();
  }

  /** Reads a name that is declared or called here. */
  name(what: string): Name {
    if (this.kind !== '<identifier>') this.unexpected(what);
    const name = { name: this.content, at: this.at, end: this.end };
    this.next();
    return name;
  }

  /** Items with commas between, the last of which may have one behind it; at least one. */
  list<T>(item: (reader: Reader) => T, isClosing: (kind: TokenKind) => boolean): T[] {
    const items = [item(this)];
    while (this.accept(',')) {
      if (isClosing(this.kind)) break;
      items.push(item(this));
    }
    return items;
  }

  /** Reads one level deeper, and refuses what nests too deep before the stack is full. */
  nested<T>(read: (reader: Reader) => T): T {
    this.depth += 1;
    if (this.depth > SYNTAX_DEPTH_MAX) this.tooDeep();
    const result = read(this);
    this.depth -= 1;
    return result;
  }

  tooDeep(): never {
    return refuse(
      'LIMIT',
      `Expressions and statements nest at most ${SYNTAX_DEPTH_MAX} deep`,
      this.source,
      this.at,
    );
  }
}
