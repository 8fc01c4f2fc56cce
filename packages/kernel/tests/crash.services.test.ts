import { describe, expect, it } from 'vitest';
import { BACKWARD, DONE, FORWARD, killedAt, UNDONE } from './killedAt.ts';

describe.concurrent('a node that is killed', () => {
  it.each(FORWARD)('at %s has done everything once when it is back', async (point) => {
    expect(await killedAt(point, 'go')).toMatchObject(DONE);
  });

  it.each(BACKWARD)('at %s, on the way back, has undone everything', async (point) => {
    expect(await killedAt(point, 'fail')).toMatchObject(UNDONE);
  });
});
