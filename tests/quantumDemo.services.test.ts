import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { q } from './qCommand.ts';

interface Report {
  readonly ok: boolean;
  readonly cost: { readonly runs: number; readonly spent: string; readonly paid: string };
  readonly grover: { readonly points: { readonly measured: number; readonly textbook: number }[] };
  readonly code: {
    readonly bare: { readonly measured: number };
    readonly points: {
      readonly distance: number;
      readonly read: number;
      readonly measured: number;
    }[];
  };
  readonly qaoa: { readonly ratio: number; readonly energies: number[] };
  readonly receipts: { readonly path: string; readonly trust: string };
  readonly refused: { readonly code: string };
}

describe('q demo quantum', () => {
  let folder: string;
  let report: Report;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'q-quantum-demo-'));
    const ended = await q('demo', 'quantum', '--json', '--receipt', join(folder, 'receipt.json'));
    if (ended.code !== 0) throw new Error(`${ended.stderr}${ended.stdout}`);
    report = JSON.parse(ended.stdout) as Report;
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  it('ends well: every circuit shows what the textbook says, within its statistics', () => {
    expect(report.ok).toBe(true);
    expect(report.grover.points).toHaveLength(8);
    expect(report.qaoa.ratio).toBeGreaterThan(0.6924);
    expect(Math.max(...report.qaoa.energies)).toBeGreaterThan(report.qaoa.energies[0] ?? 0);
  });

  it('keeps a bit in a repetition code the better, the more qubits it has, by decoding', () => {
    const { bare, points } = report.code;
    expect(points.map(({ distance }) => distance)).toEqual([3, 5, 7, 9]);
    const wrong = [bare.measured, ...points.map(({ measured }) => measured)];
    for (const [at, share] of wrong.slice(1).entries()) expect(share).toBeLessThan(wrong[at] ?? 0);
    // A code is nothing without its decoder: one data qubit alone is as noisy as ever.
    for (const { read, measured } of points) {
      expect(read).toBeGreaterThan(0.9 * bare.measured);
      expect(measured).toBeLessThan(read / 2);
    }
  });

  it('is paid run by run by the agent’s organisation, until the budget is used up', () => {
    expect(report.cost.paid).toBe(report.cost.spent);
    expect(Number(report.cost.spent)).toBeLessThanOrEqual(0.45);
    expect(report.refused.code).toBe('BUDGET_EXCEEDED');
  });

  it('leaves a receipt that verifies offline', async () => {
    const { path, trust } = report.receipts;
    const verified = await q('verify', path, '--trust', trust, '--json');
    expect([verified.code, JSON.parse(verified.stdout)]).toMatchObject([0, { ok: true }]);
  });
});
