import { fail } from '@anarq/common-schemas';

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const DEPTH_MAX = 100;
const NUMBER = /-?[0-9][0-9.eE+-]*/y;

/**
 * Reads JSON as RFC 8259 and I-JSON (RFC 7493) demand of a sender who means one thing: valid UTF-8
 * without a byte order mark, no member twice, no number beyond a double's range. `JSON.parse` alone
 * keeps the last of two equal members, so that two readers of one body could see two calls.
 * @returns the value; plain objects without a member named `__proto__`
 * @throws QError INPUT_MALFORMED
 */
export function parseStrictJson(bytes: Uint8Array): unknown {
  const text = decodeUtf8(bytes);
  const value = parse(text);
  inspect(text);
  return value;
}

/** The same for text that came decoded. */
export function parseStrictJsonText(text: string): unknown {
  const value = parse(text);
  inspect(text);
  return value;
}

function decodeUtf8(bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return fail('INPUT_MALFORMED', 'The body is not valid UTF-8.');
  }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // The parser's own message quotes the text, which may hold what no answer should repeat.
    return fail('INPUT_MALFORMED');
  }
}

/** Looks through text that is known to be JSON, for what the parser lets pass. */
function inspect(text: string): void {
  /** The names seen in each open object; undefined for an open list. */
  const open: (Set<string> | undefined)[] = [];
  let isName = false;
  for (let at = 0; at < text.length; at += 1) {
    switch (text[at]) {
      case '"': {
        const end = endOfString(text, at);
        if (isName) addName(open.at(-1), text.slice(at, end + 1));
        isName = false;
        at = end;
        break;
      }
      case '{':
      case '[':
        isName = text[at] === '{';
        open.push(isName ? new Set() : undefined);
        if (open.length > DEPTH_MAX)
          fail('INPUT_MALFORMED', `The body is nested deeper than ${DEPTH_MAX} levels.`);
        break;
      case '}':
      case ']':
        open.pop();
        isName = false;
        break;
      case ',':
        isName = open.at(-1) !== undefined;
        break;
      default:
        at = skipNumber(text, at);
    }
  }
}

function endOfString(text: string, start: number): number {
  for (let at = start + 1; ; at += 1) {
    const unit = text.charCodeAt(at);
    if (unit === BACKSLASH) at += 1;
    else if (unit === QUOTE) return at;
  }
}

function addName(names: Set<string> | undefined, quoted: string): void {
  // Escapes are read first: "a" and "\u0061" are the same name.
  const name = JSON.parse(quoted) as string;
  if (name === '__proto__') fail('INPUT_MALFORMED', 'No member may be named __proto__.');
  if (names?.has(name))
    fail('INPUT_MALFORMED', `The member ${name.slice(0, 64)} is given twice.`, {
      member: name.slice(0, 64),
    });
  names?.add(name);
}

/** @returns the place of the number's last character, or `at` where no number begins */
function skipNumber(text: string, at: number): number {
  NUMBER.lastIndex = at;
  const found = NUMBER.exec(text)?.[0];
  if (found === undefined) return at;
  if (!Number.isFinite(Number(found)))
    fail('INPUT_MALFORMED', 'A number is beyond the range of a double.');
  return at + found.length - 1;
}
