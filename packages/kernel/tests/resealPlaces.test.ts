import { loadModules } from '@anarq/node';
import { describe, expect, it } from 'vitest';
import { KERNEL_PLACES, modulePlaces, modulesUnsaid } from '../src/resealPlaces.ts';
import { kernelMigrations } from '../src/tables.ts';

/** Columns of bytes that are not sealed: a delegation, and a name's keyed hash. */
const PLAIN = ['kernel_grant.token', 'kernel_identity.name_key'];

describe('what is sealed anew under another root key', () => {
  it('is every sealed column of the kernel', () => {
    const named = [...KERNEL_PLACES.map(({ table, column }) => `${table}.${column}`), ...PLAIN];
    const columns = kernelMigrations.flatMap(({ sql }) =>
      [...sql.matchAll(/CREATE TABLE (\w+) \(([^;]*)\) STRICT/g)].flatMap(([, table = '', body]) =>
        [...(body ?? '').matchAll(/(\w+) BLOB\b/g)].map(
          ([, column]) => `${table.replace(/_new$/, '')}.${column}`,
        ),
      ),
    );
    expect(columns.length).toBeGreaterThan(8);
    expect(columns.filter((column) => !named.includes(column))).toEqual([]);
  });

  it('is every sealed column of the modules', async () => {
    const modules = await loadModules();
    expect(modulesUnsaid(modules)).toEqual([]);
    const named = new Set(modulePlaces(modules).map(({ table, column }) => `${table}.${column}`));
    // A module that names some of its tables names all that have such columns.
    const columns = modules.flatMap(({ migrations }) =>
      migrations.flatMap(({ sql }) =>
        [...sql.matchAll(/CREATE TABLE (\w+) \(([^;]*)\) STRICT/g)].flatMap(([, table, body]) =>
          [...(body ?? '').matchAll(/(\w+) BLOB\b/g)].map(([, column]) => `${table}.${column}`),
        ),
      ),
    );
    expect(columns).toContain('qlock_version.secret_sealed');
    expect(columns.filter((column) => !named.has(column))).toEqual([]);
  });
});
