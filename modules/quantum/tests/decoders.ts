/** What quantum computing reads of texts from outside, for the fuzzer of the whole project. */
export { readCircuitJson } from '../src/work/circuitJson.ts';
