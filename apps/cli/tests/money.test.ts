import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { isMoneyName } from '../src/test/house/money.ts';
import { toolVerdict } from '../src/test/tool.ts';
import { withFiles } from './withFiles.ts';

const config = JSON.stringify({
  jsPlugins: [fileURLToPath(new URL('../src/test/house/plugin.ts', import.meta.url))],
  categories: { correctness: 'off' },
  rules: { 'house/money': 'error' },
});

const lint = (source: string) =>
  withFiles({ 'lint.json': config, 'src/a.ts': source }, (root) =>
    toolVerdict('oxlint', ['-c', 'lint.json', '--format=default', 'src'], { cwd: root }),
  );

describe('the money rule', () => {
  it.each([
    ['export const pay = (amountMinor: number) => amountMinor;', 'amountMinor is an amount'],
    ['export interface Order { amount: number }', 'amount is an amount'],
    ['export class Order { feeMinor: number = 1 }', 'feeMinor is an amount'],
    ['export class Order { #paidMinor: number = 1 }', 'paidMinor is an amount'],
    ['export let total_minor: number;', 'total_minor is an amount'],
    ['export const x = (o: { amount: string }) => Number(o.amount);', 'Number makes'],
    ['export const x = (amount: string) => parseFloat(amount.trim());', 'parseFloat makes'],
    ['export const x = (amount: string) => Number.parseFloat(amount);', 'parseFloat makes'],
    [
      'export const x = (amountMinor: bigint) => Math.round(Number(amountMinor) / 3);',
      'Number makes',
    ],
    ['export const x = (a: { amount: never }) => Math.floor(a.amount);', 'Math makes'],
    ['export const x = (amount: string) => +amount;', '+ makes'],
    ['export const x = (a: { amount: never }) => a.amount * 2;', 'reckon with bigints'],
    ['export const x = (amountMinor: never) => 100 / amountMinor;', 'reckon with bigints'],
    ['export const rate = 0.05;', '0.05 is binary floating point'],
    ['export const rate = 5e-2;', '5e-2 is binary floating point'],
  ])('refuses %s', async (source, why) => {
    const verdict = await lint(`${source}\n`);
    expect(verdict.failed).toBeGreaterThan(0);
    expect(verdict.output).toContain(why);
  });

  it.each([
    'export const pay = (amountMinor: bigint) => amountMinor * 2n;',
    'export interface Order { amount: string; amounts: readonly bigint[] }',
    'export const amountOffset: number = 48;',
    'export const x = (count: string) => Number(count) * 2 + 1e3;',
    'export const x = (amount: string) => Math.max(amount.length, 3);',
    'export const limbs = (amountLow: number, amountHigh: number) => amountLow + amountHigh;',
  ])('lets %s be', async (source) => {
    const verdict = await lint(`${source}\n`);
    expect(verdict, verdict.output).toMatchObject({ failed: 0 });
  });

  it('goes by names', () => {
    for (const name of ['amount', 'amountMinor', 'amountHeld', 'feeMinor', 'held_minor'])
      expect(isMoneyName(name), name).toBe(true);
    for (const name of ['amountOffset', 'amountLow', 'amounts', 'paramount', 'minor', 'Minor_'])
      expect(isMoneyName(name), name).toBe(false);
  });
});
