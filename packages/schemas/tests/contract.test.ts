import Type from 'typebox';
import { describe, expect, it } from 'vitest';
import {
  command,
  contract,
  counter,
  event,
  histogram,
  process,
  query,
  t,
  templateMembers,
} from '../src/index.ts';
import { everyWord } from './everyWord.ts';

const plain = {
  summary: 'Does.',
  scope: 'demo/act',
  input: t.object({ id: t.id() }),
  output: t.object({}),
};
const meta = { name: 'demo', version: '1.0.0', title: 'Demo', purpose: 'Demonstrates.' };
const sold = event({ summary: 'Sold.', schema: t.object({ id: t.id() }) });

describe('a contract', () => {
  it('gives each operation its id, and every default that its author left out', () => {
    const { act, look } = contract({
      ...meta,
      operations: { act: command(plain), look: query({ ...plain, scope: 'demo/look' }) },
    });
    expect(act).toMatchObject({
      kind: 'command',
      id: 'demo.act',
      module: 'demo',
      version: '1.0.0',
      http: { method: 'POST', path: '/act' },
      mcp: { tool: 'demo.act', destructive: true },
      access: 'granted',
      command: '/demo/act',
      signature: 'session',
      uses: [],
      errors: [],
      emits: [],
      personal: false,
      limits: { perMinute: 6_000, bodyBytes: 262_144, timeout_ms: 30_000 },
    });
    expect(look).toMatchObject({
      http: { method: 'GET', path: '/look' },
      mcp: { destructive: false },
      slo: { latency_ms_p50: 50, latency_ms_p95: 150, latency_ms_p99: 200 },
    });
  });

  it('writes a scope as a UCAN command, which is lower case', () => {
    const { act } = contract({
      ...meta,
      operations: { act: command({ ...plain, scope: 'demo/createAccounts' }) },
    });
    expect(act.command).toBe('/demo/create-accounts');
  });

  it('keeps what its author says, limit by limit', () => {
    const { act } = contract({
      ...meta,
      operations: {
        act: command({
          ...plain,
          http: 'PUT /things/{id}',
          mcp: { tool: 'demo.do', destructive: false },
          access: 'tenant',
          signature: 'full',
          limits: { perMinute: 10 },
          slo: { latency_ms_p99: 9 },
        }),
      },
    });
    expect(act).toMatchObject({
      http: { method: 'PUT', path: '/things/{id}' },
      mcp: { tool: 'demo.do', destructive: false },
      access: 'tenant',
      signature: 'full',
      limits: { perMinute: 10, bodyBytes: 262_144 },
      slo: { latency_ms_p50: 150, latency_ms_p99: 9 },
    });
  });

  it('reads a query as GET only where its input is flat', () => {
    const { flat, deep } = contract({
      ...meta,
      operations: {
        flat: query({ ...plain, input: t.object({ at: t.instant(), pick: t.enum(['a']) }) }),
        deep: query({ ...plain, input: t.object({ list: t.array(t.string()) }) }),
      },
    });
    expect(flat.http.method).toBe('GET');
    expect(deep.http.method).toBe('POST');
  });

  it('shows each operation both by name and in its list, and cannot be changed', () => {
    expect(everyWord.operations['echo']).toBe(everyWord.echo);
    expect(Object.isFrozen(everyWord)).toBe(true);
    expect(Object.isFrozen(everyWord.echo)).toBe(true);
  });

  it('takes a later version of an operation beside the first', () => {
    const both = contract({
      ...meta,
      operations: { act: command({ ...plain, sunset: '2027-01-01' }), 'act.v2': command(plain) },
    });
    expect(both['act.v2'].id).toBe('demo.act.v2');
    expect(both.act.sunset).toBe('2027-01-01');
  });

  it('finds the members of a template', () => {
    expect(templateMembers('/a/{b}/c/{d}')).toEqual(['b', 'd']);
    expect(templateMembers('/a')).toEqual([]);
  });
});

/** A contract with one operation that differs from the plain one. */
const one =
  (change: object, name = 'act') =>
  () =>
    contract({ ...meta, operations: { [name]: command({ ...plain, ...change }) } });

const refusals: readonly (readonly [string, () => unknown, RegExp])[] = [
  [
    'a name in capitals',
    () => contract({ ...meta, name: 'Demo', operations: {} }),
    /name: lower-case/,
  ],
  ['a name that ends a path', () => contract({ ...meta, name: '../x', operations: {} }), /name/],
  ['a version that is none', () => contract({ ...meta, version: '1', operations: {} }), /semantic/],
  ['an operation named as a part of contracts', one({}, 'events'), /not an operation name/],
  ['an operation name with a slash', one({}, 'a/b'), /not an operation name/],
  ['a first version that is numbered', one({}, 'act.v1'), /not an operation name/],
  ['a path member that the input lacks', one({ http: 'POST /x/{nothing}' }), /no member nothing/],
  ['a resource member that the input lacks', one({ resource: 'x/{nothing}' }), /no member nothing/],
  [
    'a ceiling that the input lacks',
    one({ authorises: { amount: 'max', unit: 'unit' } }),
    /no member max.*no member unit/,
  ],
  [
    'a path member of the prototype',
    one({ http: 'POST /x/{constructor}' }),
    /no member constructor/,
  ],
  ['a scope of one part', one({ scope: 'demo' }), /is not a command/],
  ['a scope with a wildcard', one({ scope: 'demo/*' }), /is not a command/],
  ['a use of a module that it does not depend on', one({ uses: ['other.act'] }), /does not depend/],
  ['an event that it does not describe', one({ emits: ['q.demo.sold.v1'] }), /is not an event/],
  ['an error that is in no table', one({ errors: ['NO_SUCH_CODE'] }), /not in the error table/],
  ['an error of the prototype', one({ errors: ['constructor'] }), /not in the error table/],
  [
    'an input outside the dialect',
    one({ input: t.object({ a: Type.Any() }) }),
    /demo\.act\.input\.a/,
  ],
  ['an output outside the dialect', one({ output: Type.Null() }), /demo\.act\.output/],
  [
    'two operations on one route',
    () =>
      contract({
        ...meta,
        operations: {
          a: command({ ...plain, http: 'POST /x/{id}' }),
          b: command({ ...plain, input: t.object({ key: t.id() }), http: 'POST /x/{key}' }),
        },
      }),
    /route POST \/x\/\{\} is taken/,
  ],
  [
    'a topic without a version',
    () => contract({ ...meta, operations: {}, events: { 'q.demo.sold': sold } }),
    /topics read/,
  ],
  [
    'a subject that the payload lacks',
    () =>
      contract({
        ...meta,
        operations: {},
        events: { 'q.demo.sold.v1': { ...sold, subject: 'nobody' } },
      }),
    /no member nobody/,
  ],
  [
    'a payload outside the dialect',
    () =>
      contract({
        ...meta,
        operations: {},
        events: { 'q.demo.sold.v1': { summary: 'Sold.', schema: Type.Object({}) } },
      }),
    /objects are closed/,
  ],
];

const counting = (...metrics: readonly Parameters<typeof contract>[0]['metrics'][]) =>
  contract({ ...meta, operations: {}, metrics: metrics.flatMap((each) => each ?? []) });
const digits = ['0', '1', '2', '3', '4', '5', '6', '7', '8', '9'] as const;

describe('a contract that counts', () => {
  it('may name its metrics, with every value of their labels', () => {
    const taken = counter('q_demo_taken_total', 'Taken.', { colour: ['red', 'green'] });
    const time = histogram('q_demo_time_seconds', 'Time.', { labels: {}, borders: [0.1, 1] });
    expect(counting([taken, time]).metrics).toEqual([taken, time]);
  });

  it.each([
    ['a name of another module', counter('q_other_total', 'No.', {}), /names read q_demo_/],
    ['a name without its unit', counter('q_demo_taken', 'No.', {}), /ends in its unit/],
    ['a label with no list', counter('q_demo_total', 'No.', { who: [] }), /list each value once/],
    ['a free text', counter('q_demo_total', 'No.', { who: ['did:key:z6'] }), /not a value of/],
    [
      'more series than fit',
      counter('q_demo_total', 'No.', { a: digits, b: digits }),
      /more than 64 series/,
    ],
    [
      'borders that do not ascend',
      histogram('q_demo_seconds', 'No.', { labels: {}, borders: [1, 1] }),
      /ascend/,
    ],
    [
      'a histogram without borders',
      histogram('q_demo_seconds', 'No.', { labels: {}, borders: [] }),
      /alone has borders/,
    ],
  ])('is refused for %s', (_, metric, why) => {
    expect(() => counting([metric])).toThrow(why);
  });

  it('is refused for two metrics of one name', () => {
    const total = counter('q_demo_total', 'Total.', {});
    expect(() => counting([total, { ...total }])).toThrow(/two metrics have one name/);
  });
});

describe('a contract that leads nowhere', () => {
  it.each(refusals)('is refused: %s', (_, build, why) => {
    expect(build).toThrow(why);
  });

  it('is refused with all its problems at once', () => {
    expect(one({ scope: 'x', errors: ['NO_SUCH_CODE'], emits: ['q.demo.x.v1'] })).toThrow(
      /is not a command.*is not an event.*not in the error table/,
    );
  });

  it('may use its own operations, and those of what it depends on', () => {
    expect(() =>
      contract({
        ...meta,
        dependencies: ['other'],
        operations: {
          run: process({ ...plain, uses: ['demo.act', 'other.act'] }),
          look: query({ ...plain, uses: ['other.look'] }),
        },
      }),
    ).not.toThrow();
  });
});
