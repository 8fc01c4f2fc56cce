import { encode } from '@ipld/dag-cbor';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { encodePlain } from '../src/plainCbor.ts';

const MAX = 4_096;

const leaf = fc.oneof(
  fc.string({ unit: 'grapheme', maxLength: 300 }),
  fc.maxSafeInteger(),
  fc.constantFrom(0, 23, 24, 255, 256, 65_535, 65_536, 2 ** 32 - 1, 2 ** 32, -24, -25, -257),
  fc.boolean(),
  fc.constant(null),
  fc.uint8Array({ maxLength: 300 }),
);
const plain = fc.letrec((tie) => ({
  value: fc.oneof(
    { depthSize: 'small' },
    leaf,
    fc.array(tie('value'), { maxLength: 30 }),
    fc.dictionary(fc.string({ unit: 'grapheme-ascii', maxLength: 30 }), tie('value')),
  ),
})).value;

describe('plain DAG-CBOR', () => {
  it('has the bytes that the library makes of the same value', () => {
    let compared = 0;
    fc.assert(
      fc.property(plain, (value) => {
        const library = encode(value);
        const own = encodePlain(value, MAX);
        if (own !== undefined) {
          compared += 1;
          expect(own.toHex()).toBe(library.toHex());
        } else expect(library.length).toBeGreaterThan(MAX - 16);
      }),
      { numRuns: 1_000 },
    );
    expect(compared).toBeGreaterThan(500);
  });

  it('leaves to the library what is not plain, or longer than may be', () => {
    const self: unknown[] = [];
    self.push(self);
    const others = [
      undefined,
      { a: undefined },
      1.5,
      -0,
      2 ** 53,
      1n,
      '\ud800',
      { ä: 1 },
      new Date(0),
      new Map(),
      () => 1,
      self,
      'x'.repeat(MAX),
      new Uint8Array(MAX),
    ];
    for (const other of others) expect(encodePlain(other, MAX)).toBeUndefined();
    expect(encodePlain('x'.repeat(MAX - 20), MAX)).toHaveLength(MAX - 17);
  });
});
