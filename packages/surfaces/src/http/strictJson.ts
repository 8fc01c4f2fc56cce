import { fail } from '@anarq/common-schemas';

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const OPEN_OBJECT = 0x7b;
const CLOSE_OBJECT = 0x7d;
const OPEN_LIST = 0x5b;
const CLOSE_LIST = 0x5d;
const COMMA = 0x2c;
const DEPTH_MAX = 100;
/** A number of so many characters, without an exponent, is far below 1.8e308. */
const SAFE_LENGTH = 300;

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

/**
 * Looks through text that is known to be JSON, for what the parser lets pass. Goes by code units and
 * makes no text but of names and of numbers with an exponent: a megabyte must cost no more to look
 * through than to parse.
 */
function inspect(text: string): void {
  /** The names seen in each open object; undefined for an open list. */
  const open: (Set<string> | undefined)[] = [];
  let names: Set<string> | undefined;
  let isName = false;
  for (let at = 0; at < text.length; at += 1) {
    switch (text.charCodeAt(at)) {
      case QUOTE: {
        const end = endOfString(text, at);
        if (isName) addName(names, text.slice(at, end + 1));
        isName = false;
        at = end;
        break;
      }
      case OPEN_OBJECT:
      case OPEN_LIST:
        isName = text.charCodeAt(at) === OPEN_OBJECT;
        names = isName ? new Set() : undefined;
        open.push(names);
        if (open.length > DEPTH_MAX)
          fail('INPUT_MALFORMED', `The body is nested deeper than ${DEPTH_MAX} levels.`);
        break;
      case CLOSE_OBJECT:
      case CLOSE_LIST:
        open.pop();
        names = open[open.length - 1];
        isName = false;
        break;
      case COMMA:
        isName = names !== undefined;
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
  const name = quoted.includes('\\') ? (JSON.parse(quoted) as string) : quoted.slice(1, -1);
  if (name === '__proto__') fail('INPUT_MALFORMED', 'No member may be named __proto__.');
  if (names?.has(name))
    fail('INPUT_MALFORMED', `The member ${name.slice(0, 64)} is given twice.`, {
      member: name.slice(0, 64),
    });
  names?.add(name);
}

/** @returns the place of the number's last character, or `at` where no number begins */
function skipNumber(text: string, at: number): number {
  if (!isNumberUnit(text.charCodeAt(at))) return at;
  let end = at + 1;
  while (end < text.length && isNumberUnit(text.charCodeAt(end))) end += 1;
  // Without an exponent it takes more digits than this to leave the range of a double.
  const isLarge = end - at > SAFE_LENGTH || hasExponent(text, at, end);
  if (isLarge && !Number.isFinite(Number(text.slice(at, end))))
    fail('INPUT_MALFORMED', 'A number is beyond the range of a double.');
  return end - 1;
}

/** Digits, signs, point and exponent, in text that is JSON; `e` also stands in true and false. */
const isNumberUnit = (unit: number): boolean =>
  (unit >= 0x30 && unit <= 0x39) ||
  unit === 0x2d ||
  unit === 0x2b ||
  unit === 0x2e ||
  unit === 0x65 ||
  unit === 0x45;

function hasExponent(text: string, start: number, end: number): boolean {
  for (let at = start + 1; at < end; at += 1) {
    const unit = text.charCodeAt(at);
    if (unit === 0x65 || unit === 0x45) return true;
  }
  return false;
}
