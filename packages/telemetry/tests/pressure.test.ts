import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Pressure, PRESSURE, type Load } from '../src/pressure.ts';

const calm: Load = { delay_ms: 1, queue: 0 };
const late: Load = { delay_ms: 900, queue: 0 };
const full: Load = { delay_ms: 1, queue: 9_000 };
const between: Load = { delay_ms: 300, queue: 2_000 };

const looks = (pressure: Pressure, load: Load, times: number): boolean[] =>
  Array.from({ length: times }, () => pressure.look(load));

describe('pressure', () => {
  it.each([
    ['the event loop is late', late],
    ['commits queue up', full],
  ])('begins when %s, look after look', (_what, load) => {
    const pressure = new Pressure();
    expect(looks(pressure, load, PRESSURE.looksToBegin - 1)).not.toContain(true);
    looks(pressure, calm, 1);
    expect(looks(pressure, load, PRESSURE.looksToBegin)).toEqual([
      ...Array.from({ length: PRESSURE.looksToBegin - 1 }, () => false),
      true,
    ]);
  });

  it('ends only after it was calm for a while, not as soon as it is better', () => {
    const pressure = new Pressure();
    looks(pressure, late, PRESSURE.looksToBegin);
    expect(looks(pressure, between, 50)).not.toContain(false);
    expect(looks(pressure, calm, PRESSURE.looksToEnd - 1)).not.toContain(false);
    looks(pressure, between, 1);
    expect(looks(pressure, calm, PRESSURE.looksToEnd).at(-1)).toBe(false);
  });

  it('never changes twice within the looks that a change takes', () => {
    const load = fc.record({ delay_ms: fc.nat(600), queue: fc.nat(9_000) });
    fc.assert(
      fc.property(fc.array(load, { maxLength: 200 }), (loads) => {
        const pressure = new Pressure();
        let last = -Infinity;
        let was = false;
        for (const [at, each] of loads.entries()) {
          const is = pressure.look(each);
          if (is !== was) {
            expect(at - last).toBeGreaterThanOrEqual(
              is ? PRESSURE.looksToBegin : PRESSURE.looksToEnd,
            );
            last = at;
          }
          was = is;
        }
      }),
    );
  });
});
