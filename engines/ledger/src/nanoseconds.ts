import { NS_PER_S } from './layout.ts';

/** The low word of so many seconds, below 2^32, in nanoseconds. */
export const lowOfNs = (seconds: number): number => Math.imul(seconds, NS_PER_S) >>> 0;

/** The high word of so many seconds in nanoseconds: exact, by halves of 16 bits. */
export function highOfNs(seconds: number): number {
  const whole = (seconds >>> 16) * NS_PER_S;
  const rest = (seconds & 0xffff) * NS_PER_S;
  // whole * 2^16 + rest, of which the words above 2^32 are wanted; each part is below 2^46.
  const low = (whole % 65_536) * 65_536 + (rest % 4_294_967_296);
  return Math.floor(whole / 65_536) + Math.floor(rest / 4_294_967_296) + (low > 0xffffffff ? 1 : 0);
}
