import { expect, it } from 'vitest';
import { stress } from './stress.ts';

const TRANSFERS_MIN = 5_000;

it('many senders of any sizes at once get what the plain model says, also after a crash', async () => {
  expect(await stress(20_251)).toBeGreaterThan(TRANSFERS_MIN);
});
