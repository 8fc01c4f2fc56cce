import { describe, expect, it } from 'vitest';
import { peerLimit } from '../src/http/peerLimit.ts';

describe('the limit of requests of one address', () => {
  it('lets so many pass in a second, tells the rest how long to wait, and forgets', () => {
    let now_ms = 5_250;
    const waitOf = peerLimit(2, () => now_ms);
    expect([waitOf('a'), waitOf('a'), waitOf('a'), waitOf('b')]).toEqual([0, 0, 750, 0]);
    now_ms = 6_000;
    expect(waitOf('a')).toBe(0);
  });
});
