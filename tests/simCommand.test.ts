import { describe, expect, it } from 'vitest';
import { q } from './qCommand.ts';

interface Told {
  readonly runs: number;
  readonly violations: number;
  readonly seeds: readonly { readonly seed: number; readonly violations: readonly string[] }[];
  readonly counts: Readonly<Record<string, number>>;
}

describe('q sim ledger', () => {
  it('prints its runs, what broke, and how much went wrong on the way', async () => {
    const ran = await q('sim', 'ledger', '--runs', '20', '--seed', '100', '--json');
    expect(ran).toMatchObject({ code: 0, stderr: '' });
    const told = JSON.parse(ran.stdout) as Told;
    expect(told).toMatchObject({ runs: 20, violations: 0, seeds: [] });
    expect(told.counts['crashes']).toBeGreaterThan(20);
    expect(told.counts['tornWrites']).toBeGreaterThan(0);
  });

  it('prints the seeds in which a mistake shows, ends with 1, and does each of them again', async () => {
    const args = ['--bug', 'answersBeforeSync', '--json'];
    const ran = await q('sim', 'ledger', '--runs', '5', ...args);
    expect(ran.code).toBe(1);
    const { violations, seeds } = JSON.parse(ran.stdout) as Told;
    const [first] = seeds;
    expect(violations).toBeGreaterThan(0);
    const again = await q('sim', 'ledger', '--runs', '1', '--seed', String(first?.seed), ...args);
    expect((JSON.parse(again.stdout) as Told).seeds).toEqual([first]);
  });

  it('tells a person the same, without colours where nobody sees them', async () => {
    const ran = await q('sim', 'ledger', '--runs', '5', '--bug', 'answersBeforeSync');
    expect(ran.code).toBe(1);
    expect(ran.stdout).toContain('5 runs of the ledger, seeds 1 to 5');
    expect(ran.stderr).toMatch(/--runs 1 --seed \d+ --bug answersBeforeSync/);
    // eslint-disable-next-line no-control-regex -- the escape sequences of colours begin with it
    expect(ran.stdout + ran.stderr).not.toMatch(/\u001b/);
  });

  it.each([
    [['ledger', '--runs', '0'], 'a whole number from 1'],
    [['ledger', '--seed', 'x'], 'a whole number from 0'],
    [['ledger', '--bug', 'none'], 'leavesTail'],
    [['disk'], 'no simulation disk'],
    [['ledger', '--nodes', '4'], '--nodes is of ./q sim dag'],
    [['dag', '--bug', 'leavesTail'], '--bug is of ./q sim ledger'],
    [['dag', '--svg', 'none/there.svg'], 'FOLDER_UNUSABLE'],
  ])('says what is wrong with %j', async (args, reason) => {
    const ran = await q('sim', ...args);
    expect(ran).toMatchObject({ code: 1, stdout: '' });
    expect(ran.stderr).toContain(reason);
  });
});
