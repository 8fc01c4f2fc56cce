const FRAMES_MAX = 16;
const FRAME = /^ {4}at [^\n]{1,300}:\d+:\d+\)?$/;
const CODE = /^[A-Z][A-Z0-9_]{1,63}$/;

/** What a log may say of an error. */
export interface PlainError {
  /** Name of its class. */
  readonly error: string;
  /** Its code, where it has one: of the table, of the store, of the system. */
  readonly code?: string;
  /** What the engine says of a mistake in the code, in its own words only. */
  readonly hint?: string;
  /** Where it was thrown, innermost first. */
  readonly frames: readonly string[];
}

/**
 * An error without its message: a message may quote what a caller sent, and a log is no place for that.
 * Class, code and place are enough to find the line that threw it.
 */
export function plainError(thrown: unknown): PlainError {
  if (!(thrown instanceof Error)) return { error: typeof thrown, frames: [] };
  const code = 'code' in thrown ? thrown.code : undefined;
  return {
    error: /^[A-Za-z]\w{0,63}$/.test(thrown.constructor.name) ? thrown.constructor.name : 'Error',
    ...(typeof code === 'string' && CODE.test(code) ? { code } : {}),
    ...hintOf(thrown),
    frames: framesOf(thrown),
  };
}

/** Sentences of the engine that tell what is wrong with the code; without the names and values in them. */
const HINTS =
  /^Cannot (?:read|set) properties of (?:undefined|null)|is not a (?:function|constructor)|is not (?:defined|iterable)|Maximum call stack size exceeded/;

function hintOf({ message, constructor }: Error): { hint?: string } {
  if (![TypeError, ReferenceError, RangeError].some((one) => one === constructor)) return {};
  const hint = HINTS.exec(message)?.[0];
  return hint === undefined ? {} : { hint };
}

/** A message may hold lines that look like frames, so all of it goes first. */
function framesOf({ stack = '', message }: Error): string[] {
  const at = stack.indexOf(message);
  if (at < 0) return [];
  return stack
    .slice(at + message.length)
    .split('\n')
    .filter((line) => FRAME.test(line))
    .slice(0, FRAMES_MAX)
    .map((line) => line.slice('    at '.length));
}
