import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openStore, type Store } from '@anarq/store';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { kernelMigrations } from '../src/tables.ts';
import { createTable, table, text } from '../src/table.ts';
import { readOwner, targetRow, type ResourceTarget } from '../src/target.ts';

const notes = table('notes_note', { resource: 'note' }, { text: text() });
const other = table('notes_other', { resource: 'other' }, { text: text() });

let folder: string;
let store: Store;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'q-target-'));
  store = await openStore({ file: join(folder, 'target.sqlite') });
  await store.migrate('kernel', kernelMigrations);
  await store.migrate('notes', [{ id: 1, sql: `${createTable(notes)}\n${createTable(other)}` }]);
});
afterAll(async () => {
  await store.close();
  await rm(folder, { recursive: true, force: true });
});

const targetOf = (kind: 'query' | 'process', known: boolean): ResourceTarget => ({
  compiled: { op: { kind }, ...(known ? { resourceTable: notes } : {}) },
});

describe('the resource of a call', () => {
  it('is read together with its row as both would be read one after the other', async () => {
    const tenant = fc.constantFrom('home', 'away');
    const id = fc.constantFrom('a', 'b', 'a/b', 'ü');
    await fc.assert(
      fc.asyncProperty(
        fc.record({
          tenant,
          id,
          owned: fc.boolean(),
          there: fc.boolean(),
          noun: fc.constantFrom('note', 'other'),
        }),
        tenant,
        async (row, asking) => {
          const resource = `notes/${row.noun}/${row.id}`;
          await store.commit([
            { sql: 'DELETE FROM kernel_resource' },
            { sql: 'DELETE FROM notes_note' },
            ...(row.owned
              ? [
                  {
                    sql: 'INSERT INTO kernel_resource (tenant, resource, owner) VALUES (:tenant, :resource, :owner)',
                    params: { tenant: row.tenant, resource, owner: 'did:squid:owner' },
                  },
                ]
              : []),
            ...(row.there
              ? [
                  {
                    sql: `INSERT INTO notes_note (tenant, id, owner, version, created_ms, updated_ms, text)
                          VALUES (:tenant, :id, 'did:squid:author', 3, 1, 2, 'words')`,
                    params: { tenant: row.tenant, id: row.id },
                  },
                ]
              : []),
          ]);
          const [slow, fast] = [targetOf('query', false), targetOf('query', true)];
          const owner = await readOwner(slow, resource, asking, store);
          expect(await readOwner(fast, resource, asking, store)).toBe(owner);
          expect(fast.resource).toBe(slow.resource);
          if (owner === undefined || row.noun === 'other') {
            expect(fast.row).toBeUndefined();
            return;
          }
          const [alone] = await store.read(
            'SELECT * FROM notes_note WHERE tenant = :tenant AND id = :id',
            { tenant: asking, id: row.id },
          );
          expect(targetRow(fast, notes, row.id)).toEqual(alone ?? null);
          expect(targetRow(fast, notes, `${row.id}x`)).toBeUndefined();
          expect(targetRow(fast, other, row.id)).toBeUndefined();
          expect(targetRow(slow, notes, row.id)).toBeUndefined();
          expect(slow.compiled.resourceTable).toBe(notes);
        },
      ),
      { numRuns: 60 },
    );
  });

  it('is not read ahead for a process, whose steps may change it', () => {
    const target = { ...targetOf('process', false), resource: 'notes/note/a', row: { id: 'a' } };
    expect(targetRow(target, notes, 'a')).toBeUndefined();
    expect(target.compiled.resourceTable).toBeUndefined();
  });
});
