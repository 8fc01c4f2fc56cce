import type { Circuit } from '@anarq/circuit';
import { countKey, keyOrderOf } from '../interpreter/key.ts';
import { bitOf, type Shots } from './shots.ts';

/** Counts how often shots end with which bits, under keys as `Outcome.counts` has them. */
export class Counts {
  readonly counts = new Map<string, number>();
  /** Bits in the order in which a key has them. */
  readonly #order: Int32Array;

  constructor({ bitRegisters }: Circuit) {
    this.#order = keyOrderOf(bitRegisters);
  }

  /** A shot, by a function that says what each bit is. */
  add(bit: (at: number) => number, times = 1): void {
    let key = '';
    for (const at of this.#order) key += bit(at) === 0 ? '0' : '1';
    countKey(this.counts, key, times);
  }

  /** Many shots: those that are alike are counted before their key is made. */
  addAll(shots: Shots): void {
    const alike = new Map<string | number, { shot: number; times: number }>();
    for (let shot = 0; shot < shots.count; shot += 1) {
      const from = shot * shots.words;
      const words = shots.data.subarray(from, from + shots.words);
      const known = words.length === 1 ? words[0]! : words.join();
      const entry = alike.get(known);
      if (entry === undefined) alike.set(known, { shot, times: 1 });
      else entry.times += 1;
    }
    for (const { shot, times } of alike.values()) this.add((bit) => bitOf(shots, shot, bit), times);
  }
}
