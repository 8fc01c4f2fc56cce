import { DatabaseSync } from 'node:sqlite';

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { GroupWriter } from '../src/group.ts';
import type { Request, WireStatement } from '../src/messages.ts';
import { numbered } from '../src/parameters.ts';
import { Statements } from '../src/statements.ts';
import type { SqlValue } from '../src/types.ts';
import { valuesOf, whole } from '../src/values.ts';
import { readAnswers, RequestReader, RequestWriter, writeAnswer } from '../src/wire.ts';

const value: fc.Arbitrary<SqlValue> = fc.oneof(
  fc.string(),
  fc.integer(),
  fc.double({ noNaN: true, noDefaultInfinity: true, noInteger: true }),
  fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
  fc.constant(null),
  fc.uint8Array({ maxLength: 5 }),
);

describe('numbered parameters', () => {
  it('bind what named ones bind, whatever stands between them', () => {
    const db = new DatabaseSync(':memory:');
    const piece = fc.constantFrom(
      ':a',
      ':b',
      ':ab',
      ':a1',
      "':a'",
      "'it''s :b'",
      '(:a) -- :b\n',
      '/* :ab ? */ :b',
      'typeof(:a)',
    );
    fc.assert(
      fc.property(
        fc.array(piece, { minLength: 1, maxLength: 8 }),
        fc.record({ a: value, b: value, ab: value, a1: value }),
        (pieces, all) => {
          const sql = `select ${pieces.map((text, at) => `${text} as "c${at}:a"`).join(', ')}`;
          const { text, names } = numbered(sql);
          const params = Object.fromEntries(names.map((name) => [name, all[name as 'a']]));
          const bound = Object.fromEntries(names.map((name) => [name, whole(all[name as 'a'])]));
          const [named, byNumber] = [db.prepare(sql), db.prepare(text)];
          for (const statement of [named, byNumber]) statement.setReadBigInts(true);
          expect(byNumber.all(...valuesOf(names, params).map(whole))).toEqual(named.all(bound));
        },
      ),
    );
  });
});

const query = fc.record({
  text: fc.oneof(fc.constantFrom('select 1', 'select 2', 'x'.repeat(20_001)), fc.string()),
  values: fc.array(value, { maxLength: 3 }),
});
const count = fc.option(fc.nat(3), { nil: undefined });
const requests: fc.Arbitrary<Request[]> = fc.array(
  fc.oneof(
    fc.record({
      id: fc.nat(),
      kind: fc.constant('commit' as const),
      payload: fc.array(
        fc
          .tuple(query, fc.record({ changes: count, rows: count, name: fc.string() }))
          .map(([asked, rest]) => ({ ...asked, ...rest })),
        { maxLength: 3 },
      ),
    }),
    fc.record({ id: fc.nat(), kind: fc.constant('read' as const), payload: query }),
    fc.record({
      id: fc.nat(),
      kind: fc.constant('close' as const),
      payload: fc.constant(null),
    }),
  ),
  { maxLength: 4 },
);

describe('a message', () => {
  it('brings the requests that were written, message after message', () => {
    fc.assert(
      fc.property(fc.array(requests, { maxLength: 5 }), (messages) => {
        const [writer, reader] = [new RequestWriter(), new RequestReader()];
        for (const sent of messages) {
          for (const request of sent) writer.write(request);
          expect(reader.read(structuredClone(writer.take()))).toEqual(sent);
          expect(writer.isEmpty).toBe(true);
        }
      }),
    );
  });

  it('brings them also after more texts than both ends know by number', () => {
    const [writer, reader] = [new RequestWriter(), new RequestReader()];
    for (let n = 0; n < 5_000; n += 1) {
      const text = `select ${n % 3_000}`;
      writer.write({ id: n, kind: 'read', payload: { text, values: [n] } });
      writer.write({ id: n, kind: 'read', payload: { text: 'always', values: [] } });
      const [one, two] = reader.read(structuredClone(writer.take()));
      expect(one?.payload).toEqual({ text, values: [n] });
      expect(two?.payload).toEqual({ text: 'always', values: [] });
    }
  });

  it('brings the answers that were written', () => {
    const row = fc.dictionary(fc.constantFrom('a', 'b'), value, { noNullPrototype: true });
    const rows = fc.array(row, { maxLength: 2 });
    const answer = fc.oneof(
      fc.record({
        id: fc.nat(),
        results: fc.array(fc.record({ changes: fc.nat(), rows }), { maxLength: 4 }),
      }),
      fc.record({ id: fc.nat(), value: fc.oneof(rows, fc.constant(null)) }),
      fc.record({
        id: fc.nat(),
        error: fc.constant({ code: 'FULL' as const, message: 'm', details: { sqlite: 13 } }),
      }),
    );
    fc.assert(
      fc.property(fc.array(answer, { maxLength: 6 }), (answers) => {
        const words: unknown[] = [];
        for (const each of answers) writeAnswer(words, each);
        expect(readAnswers(structuredClone(words))).toEqual(answers);
      }),
    );
  });
});

/** A writer of groups on a database of its own, with a table of keys and values. */
function groupWriter(): { group: GroupWriter; rows: () => unknown } {
  const db = new DatabaseSync(':memory:');
  db.exec(`create table kv (key integer primary key, value integer check (value < 9));
           create table child (key integer references kv deferrable initially deferred);
           pragma foreign_keys = on`);
  const group = new GroupWriter(db, new Statements(db));
  const rows = () => [
    db.prepare('select * from kv order by key').all(),
    db.prepare('select * from child order by rowid').all(),
  ];
  return { group, rows };
}

describe('a group that is tried whole', () => {
  it('answers and leaves what one with a savepoint for each batch does', () => {
    const key = fc.nat(3);
    const shape = (text: string, values: fc.Arbitrary<SqlValue[]>, changes?: number) =>
      values.map((list): WireStatement => ({
        text,
        values: list,
        changes,
        rows: undefined,
        name: 'n',
      }));
    const statement = fc.oneof(
      shape('insert into kv values (?1, ?2)', fc.tuple(key, fc.nat(9))),
      shape('insert or replace into kv values (?1, 1)', fc.tuple(key)),
      shape('insert or rollback into kv values (?1, 2)', fc.tuple(key)),
      shape('update kv set value = value + 1 where key <> ?1', fc.tuple(key)),
      shape('delete from kv where key = ?1', fc.tuple(key), 1),
      shape('insert into child values (?1)', fc.tuple(key)),
      shape('select * from kv where key > ?1', fc.tuple(key)),
      shape('selct', fc.constant([])),
    );
    const groups = fc.array(fc.array(fc.array(statement, { maxLength: 3 }), { maxLength: 5 }), {
      maxLength: 6,
    });
    fc.assert(
      fc.property(groups, (all) => {
        const [whole_, split] = [groupWriter(), groupWriter()];
        for (const batches of all) {
          expect(whole_.group.commit(batches)).toEqual(split.group.commitSplit(batches));
          expect(whole_.rows()).toEqual(split.rows());
        }
      }),
      { numRuns: 300 },
    );
  });
});
