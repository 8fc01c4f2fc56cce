import { expect, it } from 'vitest';
import { fuzzing } from './fuzz/fuzzing.ts';

it('a long search finds nothing that a reader takes wrongly', async () => {
  const seed = Math.floor(Date.now() / 86_400_000);
  const lines = await fuzzing(100_000, seed);
  process.stdout.write(`${JSON.stringify({ seed, lines })}\n`);
  expect(lines.filter(({ found }) => found.length > 0)).toEqual([]);
}, 3_600_000);
