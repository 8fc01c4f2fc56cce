import { toldRegisters, type Register } from '@anarq/circuit';

/** The bits in the order of a key: registers as they are declared, each with its highest bit first. */
export function keyOrderOf(registers: readonly Register[]): Int32Array {
  return Int32Array.from(
    toldRegisters(registers).flatMap(({ start, size }) =>
      Array.from({ length: size }, (_, k) => start + size - 1 - k),
    ),
  );
}

/** The key of a shot's bits in `Outcome.counts`. */
export function keyOf(bits: Uint8Array, order: Int32Array): string {
  let key = '';
  for (const bit of order) key += bits[bit] === 1 ? '1' : '0';
  return key;
}

export function countKey(counts: Map<string, number>, key: string, times = 1): void {
  counts.set(key, (counts.get(key) ?? 0) + times);
}
