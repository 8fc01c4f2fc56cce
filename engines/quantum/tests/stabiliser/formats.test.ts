import { describe, expect, it } from 'vitest';
import { Random } from '../../src/index.ts';
import { readShots, writeShots, type ResultFormat } from '../../src/stabiliser/formats.ts';
import { bitOf, emptyShots, shotsFromRows, type Shots } from '../../src/stabiliser/shots.ts';

const text = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);
const bytes = (from: string): Uint8Array => new TextEncoder().encode(from);
const randomShots = (random: Random, count: number, bits: number, ones: number): Shots => {
  const shots = emptyShots(count, bits);
  for (let shot = 0; shot < count; shot += 1)
    for (let k = 0; k < bits; k += 1)
      if (random.uniform() < ones) shots.data[shot * shots.words + (k >> 5)]! |= 1 << (k & 31);
  return shots;
};

describe('results in a file', () => {
  const example = readShots(bytes('00001111001101\n'), '01', 14);

  it('look as in the examples of Stim’s page of formats', () => {
    expect(text(writeShots(example, '01'))).toBe('00001111001101\n');
    expect([...writeShots(example, 'b8')]).toEqual([0xf0, 0x2c]);
    expect([...writeShots(example, 'r8')]).toEqual([4, 0, 0, 0, 2, 0, 1, 0]);
    expect(text(writeShots(example, 'hits'))).toBe('4,5,6,7,10,11,13\n');
    expect(text(writeShots(example, 'dets'))).toBe('shot M4 M5 M6 M7 M10 M11 M13\n');
    const parts = [
      { letter: 'D', bits: 3 },
      { letter: 'L', bits: 6 },
    ] as const;
    const detections = readShots(bytes('shot D1 L5\n'), 'dets', 9, parts);
    expect(text(writeShots(detections, '01'))).toBe('010000001\n');
    expect(text(writeShots(detections, 'dets', parts))).toBe('shot D1 L5\n');
    const far = readShots(bytes(`${'0'.repeat(9)}1${'0'.repeat(31)}\n`), '01', 41);
    expect([...writeShots(far, 'r8')]).toEqual([9, 0x1f]);
    const ones = readShots(bytes('01\n'.repeat(64)), '01', 2);
    const groups = [...Array<number>(8).fill(0), ...Array<number>(8).fill(255)];
    expect([...writeShots(ones, 'ptb64')]).toEqual(groups);
  });

  it('read back as they were written, in each format', () => {
    const random = new Random(11n);
    const formats: ResultFormat[] = ['01', 'b8', 'r8', 'hits', 'dets', 'ptb64'];
    for (const bits of [1, 8, 31, 32, 33, 255, 256, 600])
      for (const ones of [0, 0.003, 0.5, 1]) {
        const shots = randomShots(random, 64, bits, ones);
        for (const format of formats)
          expect(readShots(writeShots(shots, format), format, bits), format).toEqual(shots);
      }
  });

  it.each([
    ['01', bytes('0120\n'), 4, /0 and 1/],
    ['01', bytes('01\n'), 3, /3 of 0 and 1/],
    ['b8', Uint8Array.of(1, 2, 3), 12, /do not fill/],
    ['b8', Uint8Array.of(0, 16), 12, /past the last/],
    ['r8', Uint8Array.of(3, 200), 12, /past its 12 bits/],
    ['r8', Uint8Array.of(3), 12, /not complete/],
    ['hits', bytes('3,12\n'), 12, /no bit 12/],
    ['hits', bytes('3,,4\n'), 12, /no number/],
    ['dets', bytes('shot D0\n'), 12, /no "D0"/],
    ['dets', bytes('M0\n'), 12, /begins with/],
    ['ptb64', Uint8Array.of(1, 2), 1, /do not fill/],
    ['hits', bytes('1\n'), 1e12, /0 to/],
  ] as [ResultFormat, Uint8Array, number, RegExp][])(
    'are refused where they are not %s: case %#',
    (format, from, bits, message) => {
      expect(() => readShots(from, format, bits)).toThrow(message);
    },
  );
});

describe('a table of shots', () => {
  it('has in each shot the bits of its column in the rows', () => {
    const random = new Random(3n);
    for (const [bits, words, count] of [
      [1, 1, 32],
      [33, 2, 50],
      [70, 4, 128],
    ] as const) {
      const rows = Int32Array.from({ length: bits * words }, () => random.u32());
      const shots = shotsFromRows(rows, bits, words, count);
      for (let shot = 0; shot < count; shot += 1)
        for (let k = 0; k < bits; k += 1)
          expect(bitOf(shots, shot, k)).toBe((rows[k * words + (shot >> 5)]! >>> (shot & 31)) & 1);
    }
  });
});
