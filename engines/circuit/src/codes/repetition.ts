import type { Circuit } from '../circuit.ts';
import { checkMemory, memoryCircuit, MemoryWriter, type MemoryOptions } from './memory.ts';

/**
 * A repetition code that keeps |0> for some rounds: `distance` data qubits in a line (even numbers),
 * a check of the parity of neighbours between them (odd numbers). Detectors compare each check with
 * the round before, at the end with the data; observable 0 is the last data qubit.
 * @throws CircuitError SEMANTICS or LIMIT for numbers out of range
 */
export function repetitionCode(options: MemoryOptions): Circuit {
  const { distance, rounds } = options;
  const noise = checkMemory(options);
  const qubits = 2 * distance - 1;
  const all = Array.from({ length: qubits }, (_, k) => k);
  const data = all.filter((k) => k % 2 === 0);
  const checks = all.filter((k) => k % 2 === 1);
  const round = (writer: MemoryWriter): void => {
    writer.beginRound(data);
    writer.cx(checks.map((k) => [k - 1, k]));
    writer.tick();
    writer.cx(checks.map((k) => [k + 1, k]));
    writer.tick();
    writer.measureReset(checks);
  };
  const start = new MemoryWriter(noise);
  start.reset(all);
  round(start);
  for (const [at, check] of checks.entries()) start.detector([check, 0], [at - checks.length]);
  if (rounds > 1) {
    const again = start.inside();
    round(again);
    again.body.push({ kind: 'coordinates', qubits: [], coordinates: [0, 1] });
    for (const [at, check] of checks.entries())
      again.detector([check, 0], [at - checks.length, at - 2 * checks.length]);
    start.body.push({ kind: 'repeat', times: rounds - 1, body: again.body });
  }
  start.measure(data);
  for (const [at, check] of checks.entries())
    start.detector(
      [check, 1],
      [at - data.length, at - data.length + 1, at - data.length - checks.length],
    );
  start.body.push({ kind: 'observable', index: 0, records: [-1] });
  return memoryCircuit(
    `repetition code, distance ${distance}, ${rounds} rounds`,
    qubits,
    start.body,
  );
}
