/** What exact numbers read of texts from outside, for the fuzzer of the whole project. */
export { parseDecimal } from '../src/arithmetic/text.ts';
export { parseDay } from '../src/calendar.ts';
