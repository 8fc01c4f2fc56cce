/**
 * Fuzzes decoders: `node tests/fuzz/run.ts RUNS SEED [NAME...]`. Prints a line of JSON for each, and
 * keeps what it finds under tests/corpus, where `./q test` takes it up.
 */
import { fuzz } from '@anarq/testing/fuzz';
import { keep, keptFor } from './corpus.ts';
import { decoders } from './decoders.ts';

const [runs = '10000', seed = '1', ...names] = process.argv.slice(2);
const root = new URL('../../', import.meta.url).href;
const OURS = /^(?:packages|engines|modules)\/[a-z0-9-]+\/src\//;
const isOurs = (url: string): boolean =>
  url.startsWith(root) && OURS.test(url.slice(root.length)) && !url.includes('/testing/');

for (const decoder of decoders) {
  if (names.length > 0 && !names.includes(decoder.name)) continue;
  const seeds = [...decoder.seeds, ...keptFor(decoder.name).map(({ bytes }) => bytes)];
  const order = { runs: Number(runs), seed: Number(seed), isOurs };
  const { found, ...counts } = fuzz({ ...decoder, seeds }, order);
  const cases = found.map(({ problem, bytes }) => ({
    problem,
    file: keep(decoder.name, bytes),
    base64: Buffer.from(bytes).toString('base64'),
  }));
  process.stdout.write(`${JSON.stringify({ decoder: decoder.name, ...counts, found: cases })}\n`);
}
