import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { contentRange, parseRange } from '../src/index.ts';

describe('a Range header', () => {
  it('names a first and a last byte, a first one, or a number of last ones', () => {
    expect(parseRange('bytes=0-99', 1000)).toEqual({ start: 0, end: 100 });
    expect(parseRange('bytes=100-', 1000)).toEqual({ start: 100, end: 1000 });
    expect(parseRange('bytes=-50', 1000)).toEqual({ start: 950, end: 1000 });
    expect(parseRange('bytes=999-999', 1000)).toEqual({ start: 999, end: 1000 });
    expect(parseRange('Bytes=0-0', 1000)).toEqual({ start: 0, end: 1 });
  });

  it('is cut to what there is', () => {
    expect(parseRange('bytes=900-5000', 1000)).toEqual({ start: 900, end: 1000 });
    expect(parseRange('bytes=-5000', 1000)).toEqual({ start: 0, end: 1000 });
    expect(parseRange(`bytes=0-${'9'.repeat(40)}`, 1000)).toEqual({ start: 0, end: 1000 });
    expect(parseRange(`bytes=-${'9'.repeat(40)}`, 1000)).toEqual({ start: 0, end: 1000 });
  });

  it('is unsatisfiable when it begins behind the end or asks for the last zero bytes', () => {
    for (const header of [
      'bytes=1000-',
      'bytes=1000-1001',
      `bytes=${'9'.repeat(40)}-`,
      'bytes=-0',
    ]) {
      expect(parseRange(header, 1000), header).toBe('unsatisfiable');
    }
    expect(parseRange('bytes=0-', 0)).toBe('unsatisfiable');
  });

  it('is ignored when there is none, when it is malformed, or when it names several', () => {
    const ignored = ['', 'bytes', 'bytes=', 'bytes=-', 'bytes=5-4', 'bytes=a-b', 'bytes=0-1,5-6'];
    ignored.push(
      'bytes=0-1,',
      'items=0-1',
      'bytes =0-1',
      'bytes= 0-1',
      'bytes=0 - 1',
      'bytes=+0-1',
    );
    ignored.push('bytes=0x0-0x1', 'bytes=--5', 'bytes=1.5-2', 'bytes=٠-٩', 'bytes=0-1\n');
    ignored.push(`bytes=${'0'.repeat(200)}-1`, 'bytes=9007199254740993-9007199254740992');
    for (const header of ignored) expect(parseRange(header, 1000), header).toBeUndefined();
    expect(parseRange(undefined, 1000)).toBeUndefined();
    expect(parseRange('bytes=-5', 0)).toBeUndefined();
  });

  it('gives a range inside the representation, or none, whatever it says', () => {
    const header = fc.oneof(
      fc.string(),
      fc.tuple(fc.nat(50), fc.nat(50)).map(([a, b]) => `bytes=${a}-${b}`),
      fc.nat(50).map((n) => `bytes=${n}-`),
      fc.nat(50).map((n) => `bytes=-${n}`),
    );
    fc.assert(
      fc.property(header, fc.nat(40), (text, totalBytes) => {
        const range = parseRange(text, totalBytes);
        if (range === undefined || range === 'unsatisfiable') return;
        expect(range.start).toBeGreaterThanOrEqual(0);
        expect(range.end).toBeGreaterThan(range.start);
        expect(range.end).toBeLessThanOrEqual(totalBytes);
      }),
    );
  });

  it('is answered with a Content-Range that names the last byte, not the one after it', () => {
    expect(contentRange({ start: 0, end: 100 }, 1000)).toBe('bytes 0-99/1000');
    expect(contentRange('unsatisfiable', 1000)).toBe('bytes */1000');
  });
});
