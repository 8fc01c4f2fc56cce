import { describe, expect, it } from 'vitest';
import { DONE, killedAt, UNDONE } from './killedAt.ts';

/** The other points are those of crash.services.test.ts: each takes a process of its own. */
describe.concurrent('a node that is killed', () => {
  it.each(['before-commit lab.put', 'after-step lab.inner deep'])(
    'at %s has done everything once when it is back',
    async (point) => {
      expect(await killedAt(point, 'go')).toMatchObject(DONE);
    },
  );

  it.each(['after-commit lab.del', 'after-undo lab.run'])(
    'at %s, on the way back, has undone everything',
    async (point) => {
      expect(await killedAt(point, 'fail')).toMatchObject(UNDONE);
    },
  );
});
