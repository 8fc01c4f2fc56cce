import { describe, expect, it } from 'vitest';
import { simulateDag, viewsDisagree, type DagReport } from '../src/testing/index.ts';

const failuresOf = (reports: readonly DagReport[]) =>
  reports
    .filter(({ violations, stalled }) => violations.length > 0 || stalled !== undefined)
    .map(({ seed, violations, stalled }) => ({ seed, violations, stalled }));
const runs = (count: number, options: Omit<Parameters<typeof simulateDag>[0], 'seed'> = {}) =>
  Array.from({ length: count }, (_, at) => simulateDag({ ...options, seed: 1 + at }));
const at = (reports: readonly DagReport[], share: number): number => {
  const sorted = reports.flatMap(({ latencies_ms }) => latencies_ms).toSorted((a, b) => a - b);
  return sorted[Math.floor(share * sorted.length)]!;
};
const calm = { fault: 'none', faulty_ms: 0 } as const;

describe('a chain with up to a third of liars', () => {
  it('keeps one history, its money and its progress in 300 runs of every kind of fault', () => {
    const reports = runs(300);
    expect(failuresOf(reports)).toEqual([]);
    expect(reports.every(({ commits }) => commits > 0)).toBe(true);
  }, 900_000);

  it('keeps one history when liars play two validators each to two halves that do not hear each other', () => {
    expect(failuresOf(runs(12, { byzantine: 'max', strategy: 'twins' }))).toEqual([]);
  }, 60_000);

  it('comes to the end of an epoch where a liar shows each validator another block', () => {
    // Without what names the blocks that an end rests on, or where all build on the liar's blocks, 3 and 16 stand still.
    const seen = [
      { seed: 3, nodes: 4 },
      { seed: 16, nodes: 7 },
    ];
    const reports = seen.map((run) =>
      simulateDag({ ...run, byzantine: 'max', strategy: 'manyFaces', fault: 'epochs' }),
    );
    expect(failuresOf(reports)).toEqual([]);
  }, 60_000);

  it('can show how its committee came to be after a state of others, where the end before had no certificate yet', () => {
    // Whoever forgets that the end is open finds no certificate for it in 3000021, and no other validators after it.
    expect(failuresOf([simulateDag({ seed: 3_000_021 })])).toEqual([]);
  }, 60_000);

  it('keeps one history and goes on where a third bring their blocks seconds late, to each at another time', () => {
    const reports = runs(8, { byzantine: 'max', strategy: 'straggle' });
    expect(reports.flatMap(({ violations }) => violations)).toEqual([]);
    for (const { stalled = '', commits } of reports) {
      expect(stalled).not.toContain('commits nothing');
      expect(commits).toBeGreaterThan(0);
    }
  }, 60_000);

  it('goes on after each epoch with the validators that did not equivocate', () => {
    const reports = runs(4, { ...calm, nodes: 7, byzantine: 2, strategy: 'equivocate' });
    expect(failuresOf(reports)).toEqual([]);
    for (const { counts } of reports) expect(counts.epochs).toBeGreaterThan(0);
  }, 60_000);
});

describe('a chain with one liar more than it bears', () => {
  it('forks, and the checks say where', () => {
    const reports = runs(12, { nodes: 4, byzantine: 2, strategy: 'twins', fault: 'none' });
    const sentences = reports.flatMap(({ violations }) => violations);
    expect(sentences.some((sentence) => sentence.includes('another commit'))).toBe(true);
    expect(sentences.some((sentence) => sentence.includes('another certificate'))).toBe(true);
  }, 60_000);

  it('stands still where too many are silent, and does not fork', () => {
    const [report] = runs(1, { nodes: 4, byzantine: 2, strategy: 'silent', fault: 'none' });
    expect(report).toMatchObject({ violations: [], commits: 0 });
    expect(report?.stalled).toContain('commits nothing');
  }, 60_000);
});

describe('a run', () => {
  it('is the same for the same seed, with a picture of its blocks', () => {
    const [one, two] = [1, 2].map(() => simulateDag({ seed: 77, draws: true }));
    expect(one).toEqual(two);
    expect(one?.picture).toMatch(/^<svg[^>]*>\n<title>Seed 77, epoch \d+: rounds/);
    for (const mark of ['a block', "a leader's, committed", 'votes for a parent'])
      expect(one?.picture).toContain(`>${mark}</text>`);
    expect(simulateDag({ seed: 78 }).counts).not.toEqual(one?.counts);
  }, 60_000);
});

describe('with delays of 20 to 100 ms', () => {
  it('a block of four validators is committed within a second, at the 99th of 100 within two', () => {
    const reports = runs(4, { ...calm, nodes: 4, byzantine: 0 });
    expect(at(reports, 0.5)).toBeLessThan(1_000);
    expect(at(reports, 0.99)).toBeLessThan(2_000);
  }, 60_000);

  it('and within two with one crashed', () => {
    const reports = runs(4, { ...calm, nodes: 4, byzantine: 1, strategy: 'silent' });
    expect(at(reports, 0.99)).toBeLessThan(2_000);
  }, 60_000);

  it.each(['equivocate', 'manyFaces'] as const)(
    'and within five where three of ten equivocate: %s',
    (strategy) => {
      const reports = runs(3, { ...calm, nodes: 10, byzantine: 3, strategy });
      expect(at(reports, 0.99)).toBeLessThan(5_000);
    },
    60_000,
  );
});

describe('nodes that have parts of one DAG', () => {
  it('decide alike as far as they decide, whatever blocks build on and whatever liars make', () => {
    const said = Array.from({ length: 500 }, (_, seed) => viewsDisagree(seed));
    expect(said.filter((sentence) => sentence !== undefined)).toEqual([]);
  });
});
