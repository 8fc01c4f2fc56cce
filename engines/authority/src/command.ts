import { AuthorityError } from './errors.ts';

const COMMAND_LENGTH_MAX = 256;

/**
 * A command is a path of lower-case segments, `/` alone is all commands (UCAN, Command: starts
 * with a slash, no trailing slash).
 *
 * @returns the command as it came
 * @throws AuthorityError MALFORMED
 */
export function parseCommand(value: unknown): string {
  const ok =
    typeof value === 'string' &&
    value.length <= COMMAND_LENGTH_MAX &&
    (value === '/' || /^(?:\/[^/\s\p{Cc}]+)+$/u.test(value)) &&
    value === value.toLowerCase();
  if (ok) return value;
  throw new AuthorityError(
    'MALFORMED',
    `cmd must be a path like /crud/read, in lower case, of at most ${COMMAND_LENGTH_MAX} characters`,
  );
}

/**
 * Whether a command proves another: `/a` covers `/a` and `/a/b`, and not `/ab`.
 *
 * @returns a test for commands, made once and called often
 */
export function coverOf(command: string): (other: string) => boolean {
  if (command === '/') return (other) => other.startsWith('/');
  const below = `${command}/`;
  return (other) => other === command || other.startsWith(below);
}
