import fc from 'fast-check';
import { Histogram as PromHistogram, Registry } from 'prom-client';
import { describe, expect, it } from 'vitest';
import { contract, counter, errorCodes, histogram as histogramMetric } from '@anarq/common-schemas';
import { headLines } from '../src/exposition.ts';
import { Histogram } from '../src/histogram.ts';
import { OUTCOMES, outcomeOf } from '../src/outcome.ts';
import { Gauges } from '../src/gauges.ts';
import { ModuleMeters } from '../src/moduleMeters.ts';
import { readTraceparent, traceparentOf } from '../src/traceContext.ts';

describe('a histogram', () => {
  it('says what prom-client says of the same values', async () => {
    const border = fc.double({ min: 0.001, max: 100, noNaN: true });
    const borders = fc.uniqueArray(border, { minLength: 1, maxLength: 12 });
    await fc.assert(
      fc.asyncProperty(
        borders.map((all) => all.toSorted((a, b) => a - b)),
        fc.array(fc.double({ min: 0, max: 200, noNaN: true }), { maxLength: 50 }),
        fc.string({ maxLength: 12 }),
        async (buckets, values, label) => {
          const registry = new Registry();
          const twin = new PromHistogram({
            name: 'h',
            help: 'What it is.',
            labelNames: ['l'],
            buckets,
            registers: [registry],
          });
          const histogram = new Histogram(buckets);
          twin.zero({ l: label });
          for (const value of values) {
            twin.observe({ l: label }, value);
            histogram.observe(value);
          }
          const text = `${headLines('h', 'histogram', 'What it is.')}${histogram.lines('h', { l: label })}`;
          expect(linesOf(text)).toEqual(linesOf(await registry.metrics()));
        },
      ),
    );
  });
});

/** Lines with the labels in an order of their own: it carries no meaning. */
const linesOf = (text: string): string[] =>
  text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) =>
      line.replace(/\{le="([^"]*)",(.*)\} /, (_all, le, rest) => `{${rest},le="${le}"} `),
    );

describe('the outcome of a call', () => {
  it('is one of five classes for every code of the table', () => {
    for (const code of errorCodes) expect(OUTCOMES).toContain(outcomeOf({ status: 'error', code }));
    expect(outcomeOf({ status: 'ok', code: 'SUCCESS' })).toBe('ok');
  });

  it('tells what the caller did from what the node failed at', () => {
    const of = (code: (typeof errorCodes)[number]) => outcomeOf({ status: 'error', code });
    expect(of('QONSENT_DENIED')).toBe('refused');
    expect(of('RATE_LIMIT_EXCEEDED')).toBe('limited');
    expect(of('SERVICE_UNAVAILABLE')).toBe('unavailable');
    expect(of('INTERNAL')).toBe('failed');
  });
});

describe('what a module counts', () => {
  const taken = counter('q_demo_taken_total', 'Taken.', {
    colour: ['red', 'green'],
    size: ['s', 'm', 'l'],
  });
  const time = histogramMetric('q_demo_time_seconds', 'Time.', {
    labels: { colour: ['red', 'green'] },
    borders: [0.1, 1],
  });
  const meta = { name: 'demo', version: '1.0.0', title: 'Demo', purpose: 'Counts.' };
  const demo = contract({ ...meta, operations: {}, metrics: [taken, time] });

  it('has a line for each combination of its labels, from the start on', () => {
    const meters = new ModuleMeters([demo]);
    meters.measure(taken, 2, { size: 'l', colour: 'red' });
    meters.measure(taken, 3, { colour: 'green', size: 's' });
    meters.measure(time, 0.5, { colour: 'green' });
    expect(meters.text().split('\n')).toEqual([
      '# HELP q_demo_taken_total Taken.',
      '# TYPE q_demo_taken_total counter',
      'q_demo_taken_total{colour="red",size="s"} 0',
      'q_demo_taken_total{colour="red",size="m"} 0',
      'q_demo_taken_total{colour="red",size="l"} 2',
      'q_demo_taken_total{colour="green",size="s"} 3',
      'q_demo_taken_total{colour="green",size="m"} 0',
      'q_demo_taken_total{colour="green",size="l"} 0',
      '# HELP q_demo_time_seconds Time.',
      '# TYPE q_demo_time_seconds histogram',
      'q_demo_time_seconds_bucket{colour="green",le="0.1"} 0',
      'q_demo_time_seconds_bucket{colour="green",le="1"} 1',
      'q_demo_time_seconds_bucket{colour="green",le="+Inf"} 1',
      'q_demo_time_seconds_sum{colour="green"} 0.5',
      'q_demo_time_seconds_count{colour="green"} 1',
      '',
    ]);
  });

  it('takes no label that its contract does not list, and no value that is no number', () => {
    const meters = new ModuleMeters([demo]);
    const before = meters.text();
    expect(() => meters.measure(taken, 1, { colour: 'blue', size: 's' })).toThrow(/red or green/);
    expect(() => meters.measure(taken, 1, { colour: 'red' })).toThrow(/size is/);
    expect(() => meters.measure(taken, Number.NaN, { colour: 'red', size: 's' })).toThrow(/NaN/);
    expect(() => meters.measure(taken, -1, { colour: 'red', size: 's' })).toThrow(/-1/);
    expect(() => meters.measure({ ...taken }, 1, { colour: 'red', size: 's' })).toThrow(/none of/);
    expect(meters.text()).toBe(before);
  });
});

describe('a metric that is looked up', () => {
  it('is left out and counted when the look-up fails, and the others stand', async () => {
    const gauges = new Gauges();
    gauges.gauge({ name: 'q_bad_items', help: 'Fails.' }, () => {
      throw new Error('away');
    });
    gauges.gauge({ name: 'q_good_items', help: 'Works.' }, () => [{ value: 3 }]);
    const text = await gauges.text();
    expect(text).toMatch(/^q_good_items 3$/m);
    expect(text).not.toMatch(/^q_bad_items \d/m);
    expect(await gauges.text()).toMatch(/^q_metric_failures_total [12]$/m);
  });

  it('has a thousand samples at most, whatever it finds', async () => {
    const gauges = new Gauges();
    gauges.gauge({ name: 'q_many_items', help: 'Many.', labels: ['n'] }, () =>
      Array.from({ length: 5_000 }, (_, n) => ({ labels: { n: String(n) }, value: n })),
    );
    expect((await gauges.text()).match(/^q_many_items\{/gm)).toHaveLength(1_000);
  });
});

describe('a traceparent', () => {
  const sound = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';

  it('is read as W3C writes it, and written again', () => {
    const read = readTraceparent(sound);
    expect(read).toEqual({
      traceId: '0af7651916cd43dd8448eb211c80319c',
      spanId: 'b7ad6b7169203331',
      flags: 1,
    });
    expect(read === undefined ? '' : traceparentOf(read)).toBe(sound);
  });

  it.each([
    ['upper case', sound.toUpperCase()],
    ['version ff', sound.replace(/^00/, 'ff')],
    ['more than version 00 has', `${sound}-x`],
    ['a trace of zeros', sound.replace('0af7651916cd43dd8448eb211c80319c', '0'.repeat(32))],
    ['a span of zeros', sound.replace('b7ad6b7169203331', '0'.repeat(16))],
    ['something else', 'hello'],
    ['something long', 'a'.repeat(10_000)],
  ])('is ignored where it is none: %s', (_what, header) => {
    expect(readTraceparent(header)).toBeUndefined();
  });

  it('of a later version is read as far as this one knows it', () => {
    expect(readTraceparent(`${sound.replace(/^00/, '01')}-more`)?.flags).toBe(1);
  });
});
