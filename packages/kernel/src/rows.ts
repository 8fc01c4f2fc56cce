import { fail } from '@anarq/common-schemas';
import { fromBase64url, toBase64url, utf8, type Sealer } from '@anarq/crypto';
import type { Params, Row, SqlValue, Statement, Store } from '@anarq/store';
import type { ListOptions, Page, Rows, WritableRows } from './context.ts';
import type { Readable } from './readable.ts';
import { targetRow, type ResourceTarget } from './target.ts';
import type { KernelColumns, RowOf, Table, ValuesOf } from './table.ts';

/** What the rows of one call have in common. */
export interface RowsScope {
  readonly store: Store;
  readonly sealer: Sealer;
  readonly module: string;
  readonly tenant: string;
  readonly subject: string;
  readonly now_ms: number;
  /** Whose rows of a resource noun the caller may list. */
  readonly readable: (noun: string) => Promise<Readable[]>;
  /** The row that the call is about, where the kernel read it together with its owner. */
  readonly target: ResourceTarget;
  /** Present in commands and processes: what the commit will carry. */
  readonly unit?: UnitOfWork;
}

/**
 * Gathers what one commit will carry: guards it takes, versions of what was read, what is written,
 * and what has to be true after that.
 */
export class UnitOfWork {
  readonly #takes = new Map<string, Statement>();
  readonly #work: Statement[] = [];
  readonly #checks: Statement[] = [];
  /** Rows as this call left them, so that a handler reads what it wrote. */
  readonly seen = new Map<string, Row | null>();
  readonly #guarded = new Set<string>();

  /** In the order of the commit. Guards come first and by name, so that no two commits wait for each other. */
  get statements(): Statement[] {
    const takes = [...this.#takes].toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([, take]) => take);
    return [...takes, ...this.#work, ...this.#checks];
  }

  add(statement: Statement): void {
    this.#work.push(statement);
  }

  /** Commits that take the same guard happen one after another. */
  takeGuard(statement: Statement): void {
    this.#takes.set(statement.name ?? statement.sql, statement);
  }

  /** Has to hold after everything that this commit writes. */
  check(statement: Statement): void {
    this.#checks.push(statement);
  }

  /** A row that this call inserts: the key of the table is its guard. */
  guardInsert(table: string, id: string): void {
    this.#guarded.add(`${table}/${id}`);
  }

  /** The commit happens only if the row still has this version; once a row. */
  guard(table: string, tenant: string, id: string, version: number | null): void {
    const name = `${table}/${id}`;
    if (this.#guarded.has(name)) return;
    this.#guarded.add(name);
    this.#work.unshift({
      name: `version of ${name}`,
      sql:
        version === null
          ? `SELECT id FROM ${table} WHERE tenant = :tenant AND id = :id`
          : `SELECT id FROM ${table} WHERE tenant = :tenant AND id = :id AND version = :version`,
      params: version === null ? { tenant, id } : { tenant, id, version },
      expect: { rows: version === null ? 0 : 1 },
    });
  }
}

const LIST_DEFAULT = 50;
const LIST_MAX = 200;

/** Rows of one table for one call: confined to its tenant by construction. */
export function rowsOf<T extends Table>(table: T, scope: RowsScope): WritableRows<T> {
  if (!table.name.startsWith(`${scope.module}_`))
    throw new Error(`${scope.module} may not touch ${table.name}`);
  const reader: Rows<T> = {
    get: (id) => getRow(table, scope, id),
    require: async (id) =>
      (await getRow(table, scope, id)) ??
      fail('QINDEX_NOT_FOUND', `There is no ${table.resource ?? table.name} ${id}.`, { id }),
    list: (options = {}) => listRows(table, scope, options),
  };
  return { ...reader, ...writerOf(table, scope) };
}

async function getRow<T extends Table>(
  table: T,
  scope: RowsScope,
  id: string,
): Promise<RowOf<T> | undefined> {
  const key = `${table.name}/${id}`;
  const seen = scope.unit?.seen.get(key);
  if (seen === null) return undefined;
  if (seen !== undefined) {
    scope.unit?.guard(table.name, scope.tenant, id, seen['version'] as number);
    return decodeRow(table, scope.sealer, seen);
  }
  const found = targetRow(scope.target, table, id);
  const row =
    found === undefined
      ? (
          await scope.store.read(
            `SELECT * FROM ${table.name} WHERE tenant = :tenant AND id = :id`,
            { tenant: scope.tenant, id },
          )
        )[0]
      : (found ?? undefined);
  scope.unit?.guard(table.name, scope.tenant, id, (row?.['version'] as number) ?? null);
  scope.unit?.seen.set(key, row ?? null);
  return row === undefined ? undefined : decodeRow(table, scope.sealer, row);
}

async function listRows<T extends Table>(
  table: T,
  scope: RowsScope,
  options: ListOptions<T>,
): Promise<Page<RowOf<T>>> {
  const limit = Math.min(options.limit ?? LIST_DEFAULT, LIST_MAX);
  const params: Record<string, SqlValue> = { tenant: scope.tenant, limit: limit + 1 };
  const conditions = ['tenant = :tenant'];
  for (const [column, value] of Object.entries(options.where ?? {})) {
    const codec = table.columns[column];
    if (codec?.sealed === true)
      throw new Error(`${table.name}.${column} is sealed: not searchable`);
    const encoded = codec === undefined ? (value as SqlValue) : codec.encode(value);
    conditions.push(
      encoded === null ? `${safe(column)} IS NULL` : `${safe(column)} = :w_${column}`,
    );
    if (encoded !== null) params[`w_${column}`] = encoded;
  }
  if (options.of !== 'tenant')
    conditions.push(readableSql(await scope.readable(table.resource ?? ''), scope, table, params));
  if (options.cursor !== undefined) {
    params['cursor'] = cursorToId(options.cursor);
    conditions.push(options.newestFirst === true ? 'id < :cursor' : 'id > :cursor');
  }
  const found = await scope.store.read(
    `SELECT * FROM ${table.name} WHERE ${conditions.join(' AND ')}
     ORDER BY id ${options.newestFirst === true ? 'DESC' : 'ASC'} LIMIT :limit`,
    params,
  );
  const rows = found.slice(0, limit);
  const items = rows
    .map((row) => asLeft(table, scope, row))
    .filter((row) => row !== null)
    .map((row) => decodeRow(table, scope.sealer, row));
  const last = rows.at(-1);
  return found.length > limit && last !== undefined
    ? { items, next: toBase64url(utf8(last['id'] as string)) }
    : { items };
}

/** A listed row as this call left it; one it did not touch is remembered, so that it can be changed. */
function asLeft(table: Table, scope: RowsScope, row: Row): Row | null {
  if (scope.unit === undefined) return row;
  const key = `${table.name}/${String(row['id'])}`;
  const seen = scope.unit.seen.get(key);
  if (seen === undefined) scope.unit.seen.set(key, row);
  return seen === undefined ? row : seen;
}

/** The rows that ownership and grants open, as a condition of the query itself. */
function readableSql(
  readable: readonly Readable[],
  scope: RowsScope,
  table: Table,
  params: Record<string, SqlValue>,
): string {
  const parts = ['owner = :subject'];
  params['subject'] = scope.subject;
  for (const [i, entry] of readable.entries()) {
    params[`o_${i}`] = entry.owner;
    if (entry.resourceGlob === undefined) {
      parts.push(`owner = :o_${i}`);
      continue;
    }
    params[`g_${i}`] = entry.resourceGlob;
    parts.push(
      `(owner = :o_${i} AND glob(:g_${i}, '${scope.module}/${table.resource ?? ''}/' || id) = 1)`,
    );
  }
  return `(${parts.join(' OR ')})`;
}

function writerOf<T extends Table>(
  table: T,
  scope: RowsScope,
): Omit<WritableRows<T>, keyof Rows<T>> {
  const unit = (): UnitOfWork => scope.unit ?? fail('INTERNAL', 'A query tried to write.');
  const columns = Object.keys(table.columns);
  return {
    insert: (row) => {
      const owner = row.owner ?? scope.subject;
      const values = encodeValues(table, scope.sealer, row.id, row as ValuesOf<T>, columns);
      const full: Row = {
        tenant: scope.tenant,
        id: row.id,
        owner,
        version: 1,
        created_ms: scope.now_ms,
        updated_ms: scope.now_ms,
        ...values,
      };
      unit().add({ name: `${table.name}/${row.id}`, sql: insertSql(table, full), params: full });
      if (table.resource !== undefined)
        unit().add({
          sql: 'INSERT INTO kernel_resource (tenant, resource, owner) VALUES (:tenant, :resource, :owner)',
          params: {
            tenant: scope.tenant,
            resource: `${scope.module}/${table.resource}/${row.id}`,
            owner,
          },
        });
      unit().guardInsert(table.name, row.id);
      unit().seen.set(`${table.name}/${row.id}`, full);
    },
    update: (row, change) => {
      const changed = Object.keys(change).filter((name) => name !== 'owner');
      const values = encodeValues(table, scope.sealer, row.id, change as ValuesOf<T>, changed);
      updateRow(table, scope, unit(), row, {
        ...values,
        ...(change.owner === undefined ? {} : { owner: change.owner }),
      });
    },
    remove: (row) => {
      unit().guard(table.name, scope.tenant, row.id, row.version);
      unit().add({
        sql: `DELETE FROM ${table.name} WHERE tenant = :tenant AND id = :id`,
        params: { tenant: scope.tenant, id: row.id },
        expect: { changes: 1 },
      });
      if (table.resource !== undefined)
        unit().add({
          sql: 'DELETE FROM kernel_resource WHERE tenant = :tenant AND resource = :resource',
          params: {
            tenant: scope.tenant,
            resource: `${scope.module}/${table.resource}/${row.id}`,
          },
        });
      unit().seen.set(`${table.name}/${row.id}`, null);
    },
  };
}

const inserts = new WeakMap<Table, string>();

/** Every insert into a table names all of its columns: the text is made once. */
function insertSql(table: Table, full: Row): string {
  const known = inserts.get(table);
  if (known !== undefined) return known;
  const names = Object.keys(full);
  const made = `INSERT INTO ${table.name} (${names.join(', ')}) VALUES (${names.map((n) => `:${n}`).join(', ')})`;
  inserts.set(table, made);
  return made;
}

function updateRow(
  table: Table,
  scope: RowsScope,
  unit: UnitOfWork,
  row: KernelColumns,
  change: Params,
): void {
  const key = `${table.name}/${row.id}`;
  const current = unit.seen.get(key);
  const version = (current?.['version'] as number | undefined) ?? row.version;
  unit.guard(table.name, scope.tenant, row.id, version);
  const names = Object.keys(change).map(safe);
  unit.add({
    name: key,
    sql: `UPDATE ${table.name} SET ${[...names.map((n) => `${n} = :${n}`), 'version = version + 1', 'updated_ms = :updated_ms'].join(', ')}
          WHERE tenant = :tenant AND id = :id AND version = :version`,
    params: {
      ...change,
      updated_ms: scope.now_ms,
      tenant: scope.tenant,
      id: row.id,
      version,
    },
    expect: { changes: 1 },
  });
  if (change['owner'] !== undefined && table.resource !== undefined)
    unit.add({
      sql: 'UPDATE kernel_resource SET owner = :owner WHERE tenant = :tenant AND resource = :resource',
      params: {
        tenant: scope.tenant,
        owner: change['owner'],
        resource: `${scope.module}/${table.resource}/${row.id}`,
      },
      expect: { changes: 1 },
    });
  if (current !== undefined && current !== null)
    unit.seen.set(key, {
      ...current,
      ...change,
      version: version + 1,
      updated_ms: scope.now_ms,
    });
}

function encodeValues(
  table: Table,
  sealer: Sealer,
  id: string,
  values: Readonly<Record<string, unknown>>,
  names: readonly string[],
): Row {
  return Object.fromEntries(
    names.map((name) => {
      const column = table.columns[name];
      if (column === undefined) throw new Error(`${table.name} has no column ${name}`);
      const encoded = column.encode(values[name]);
      if (!column.sealed || encoded === null) return [name, encoded];
      const plain = encoded instanceof Uint8Array ? encoded : utf8(String(encoded));
      return [name, sealer.seal(`${table.name}.${name}`, id, plain)];
    }),
  );
}

function decodeRow<T extends Table>(table: T, sealer: Sealer, row: Row): RowOf<T> {
  const values = Object.entries(table.columns).map(([name, column]) => {
    const stored = row[name] ?? null;
    if (!column.sealed || stored === null) return [name, column.decode(stored)];
    const plain = sealer.open(`${table.name}.${name}`, row['id'] as string, stored as Uint8Array);
    if (column.sqlType === 'BLOB') return [name, column.decode(plain)];
    const text = new TextDecoder().decode(plain);
    if (column.sqlType !== 'INTEGER') return [name, column.decode(text)];
    return [name, column.decode(name.endsWith('_minor') ? BigInt(text) : Number(text))];
  });
  // Every member was decoded by the codec of its own column.
  return {
    id: row['id'],
    owner: row['owner'],
    version: row['version'],
    created_ms: row['created_ms'],
    updated_ms: row['updated_ms'],
    ...Object.fromEntries(values),
  } as RowOf<T>;
}

/** Column names come from code, never from a call; this holds even a mistake harmless. */
function safe(column: string): string {
  if (!/^[a-z][a-z0-9_]*$/.test(column)) throw new Error(`${column} is not a column name`);
  return column;
}

function cursorToId(cursor: string): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(fromBase64url(cursor));
  } catch {
    return fail('INPUT_INVALID', 'The cursor is not one that this list gave.', { cursor });
  }
}
