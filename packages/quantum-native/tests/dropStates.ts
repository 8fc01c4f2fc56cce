/**
 * Run with --expose-gc: takes small states, drops every second one, and reads those that it keeps. A state
 * that gives back more than it took gives back a neighbour, and reading that one ends the process.
 */
import { findNative } from '../src/index.ts';

const state = await findNative({ build: 'no' });
if (state.kind !== 'ready') throw new Error(`the native executor is ${state.kind}`);
const kept = [];
/** Of many sizes, and never written to: so that states come to lie at any distance from what lies beside them. */
const between: ArrayBuffer[] = [];
for (let round = 0; round < 40; round += 1) {
  for (let at = 0; at < 100; at += 1) {
    const executor = state.native.executor(at % 2 === 0 ? 'f32' : 'f64', 1);
    // Of 512 bytes to 128 KiB.
    const numbers = executor.allocate(6 + (at % 8));
    between.push(new ArrayBuffer(2 ** 18 + 4096 * ((round * 100 + at) % 509)));
    numbers.fill(round * 100 + at);
    if (at % 3 === 0) kept.push({ numbers, value: round * 100 + at });
  }
  gc!();
  // What refers to a dropped state's memory goes in a later turn.
  await new Promise((resolve) => setImmediate(resolve));
  for (const { numbers, value } of kept)
    if (numbers.some((number) => number !== value)) throw new Error(`state ${value} was changed`);
}
console.log(`${kept.length} states kept`);
