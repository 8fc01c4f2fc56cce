import { contract, query, t, type TSchema } from '@anarq/common-schemas';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { derivedFiles } from '../src/files.ts';
import { fileDescriptorOf, NO_LOCK, protoModelOf, readLock } from '../src/proto/index.ts';
import { extendLock, type FieldLock } from '../src/proto/lock.ts';

const withMembers = (members: Record<string, TSchema>) =>
  contract({
    name: 'things',
    version: '1.0.0',
    title: 'Things',
    purpose: 'Shows how numbers are kept.',
    operations: {
      find: query({
        summary: 'Finds.',
        http: 'POST /find',
        scope: 'things/find',
        input: t.object(members),
        output: t.object({}),
      }),
    },
  });

const lockAfter = (members: Record<string, TSchema>, lock: FieldLock = NO_LOCK): FieldLock =>
  extendLock(lock, protoModelOf(withMembers(members)));

const numbersIn = (lock: FieldLock): Record<string, number> =>
  Object.fromEntries(
    Object.entries(lock.messages['FindRequest']?.fields ?? {}).map(([name, { number }]) => [
      name,
      number,
    ]),
  );

describe('the field numbers of a module', () => {
  it('stay with their fields when others come and go', () => {
    const first = lockAfter({ a: t.string(), b: t.boolean() });
    const second = lockAfter({ c: t.string(), b: t.boolean() }, first);
    expect(numbersIn(second)).toEqual({ a: 1, b: 2, c: 3 });
    const third = lockAfter({ a: t.string(), d: t.string() }, second);
    expect(numbersIn(third)).toEqual({ a: 1, b: 2, c: 3, d: 4 });
    const file = fileDescriptorOf(protoModelOf(withMembers({ d: t.string() })), third);
    const [request] = file.messageType;
    expect(request?.field.map(({ number }) => number)).toEqual([4]);
    expect(request?.reservedRange.map(({ start }) => start)).toEqual([1, 2, 3]);
  });

  it('are retired with the type that they stood for', () => {
    const first = lockAfter({ a: t.string() });
    const second = lockAfter({ a: t.optional(t.array(t.string())) }, first);
    expect(second.messages['FindRequest']).toMatchObject({
      fields: { a: { number: 2, type: 'StringList' } },
      retired: [1],
    });
    const third = lockAfter({ a: t.string() }, second);
    expect(third.messages['FindRequest']).toMatchObject({
      fields: { a: { number: 3, type: 'string' } },
      retired: [1, 2],
    });
  });

  it('outlive a whole number that outgrows 32 bits', () => {
    const first = lockAfter({ a: t.integer({ minimum: 0, maximum: 9 }) });
    const second = lockAfter({ a: t.integer() }, first);
    expect(second.messages['FindRequest']).toEqual({
      fields: { a: { number: 1, type: 'int64' } },
      retired: [],
    });
  });

  it('are never given twice, whatever a contract goes through', () => {
    const words = { text: t.string(), flag: t.boolean(), list: t.array(t.string()) };
    const members = fc.dictionary(
      fc.constantFrom('a', 'b', 'c', 'd'),
      fc.constantFrom(...Object.keys(words)),
    );
    fc.assert(
      fc.property(fc.array(members, { maxLength: 8 }), (steps) => {
        const meaning = new Map<number, string>();
        let lock = NO_LOCK;
        for (const step of steps) {
          const entries = Object.entries(step).map(([name, word]) => [
            name,
            words[word as keyof typeof words],
          ]);
          lock = lockAfter(Object.fromEntries(entries) as Record<string, TSchema>, lock);
          const { fields = {} } = lock.messages['FindRequest'] ?? {};
          for (const [name, { number, type }] of Object.entries(fields)) {
            const means = `${name} ${type}`;
            expect(meaning.get(number) ?? means).toBe(means);
            meaning.set(number, means);
          }
        }
      }),
    );
  });

  it('are refused where an edit made two fields one', () => {
    const twice: FieldLock = {
      messages: {
        FindRequest: {
          fields: { a: { number: 1, type: 'string' }, b: { number: 1, type: 'bool' } },
          retired: [],
        },
      },
      enums: {},
    };
    expect(() => lockAfter({ a: t.string() }, twice)).toThrow('FindRequest has the number 1 twice');
    expect(() => readLock('{}')).toThrow('no messages');
  });

  it('stand in the .proto text as in the lock, and the lock reads back', () => {
    const things = withMembers({ kind: t.enum(['new', 'old']), a: t.optional(t.string()) });
    const files = derivedFiles(things, [things], lockAfter({ a: t.string() }));
    const text = files.get('contracts/things.proto');
    expect(text).toContain('optional string a = 1;');
    expect(text).toContain('optional FindRequestKind kind = 2;');
    expect(text).toContain('FIND_REQUEST_KIND_OLD = 2;');
    const lock = readLock(files.get('contracts/fields.lock.json') ?? '');
    expect(numbersIn(lock)).toEqual({ a: 1, kind: 2 });
  });
});
