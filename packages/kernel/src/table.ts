import type { SqlValue } from '@anarq/store';

/**
 * A module's table. Every table has, besides its own columns, the six that the kernel keeps:
 * tenant, id, owner, version, created_ms, updated_ms; the primary key is (tenant, id).
 *
 * @example
 * const listings = table('qmarket_listing', { resource: 'listing' }, {
 *   title: text(), price_minor: minor(), tags: json<string[]>(), withdrawn_ms: nullable(int()),
 * });
 */
export interface Table<C extends Columns = Columns> {
  readonly name: string;
  /** Noun under which rows are resources: owner and tenant are kept with the kernel. */
  readonly resource: string | undefined;
  readonly columns: C;
}

export type Columns = Readonly<Record<string, Column<unknown>>>;

/** How a value stands in a column. */
export interface Column<T> {
  readonly sqlType: 'TEXT' | 'INTEGER' | 'BLOB';
  readonly nullable: boolean;
  /** Sealed at rest: encrypted before it reaches the store, so it cannot be searched. */
  readonly sealed: boolean;
  /** Its module seals the value itself: under this purpose, for the id that stands in a column. */
  readonly sealedAs?: SealedAs;
  encode(value: T): SqlValue;
  decode(value: SqlValue): T;
}

/** How a module seals a value of its own: the purpose, and the column with the id it is for. */
export interface SealedAs {
  readonly purpose: string;
  /** Default: the id of the row. */
  readonly idFrom?: string;
}

export interface KernelColumns {
  readonly id: string;
  /** DID of the owner. */
  readonly owner: string;
  readonly version: number;
  readonly created_ms: number;
  readonly updated_ms: number;
}

type ValueOf<C> = C extends Column<infer T> ? T : never;
export type ValuesOf<T extends Table> = {
  readonly [K in keyof T['columns']]: ValueOf<T['columns'][K]>;
};
export type RowOf<T extends Table> = KernelColumns & ValuesOf<T>;

const plain = <T extends SqlValue>(sqlType: Column<T>['sqlType']): Column<T> => ({
  sqlType,
  nullable: false,
  sealed: false,
  encode: (value) => value,
  decode: (value) => value as T,
});

export const text = (): Column<string> => plain('TEXT');
export const int = (): Column<number> => plain('INTEGER');
/** An amount in minor units; the column's name ends in _minor. */
export const minor = (): Column<bigint> => plain('INTEGER');
/** Bytes. `sealedAs`: the module seals them itself; said here so that they can be sealed anew. */
export const blob = (sealedAs?: SealedAs): Column<Uint8Array> => ({
  ...plain<Uint8Array>('BLOB'),
  ...(sealedAs === undefined ? {} : { sealedAs }),
});
export const bool = (): Column<boolean> => ({
  sqlType: 'INTEGER',
  nullable: false,
  sealed: false,
  encode: (value) => (value ? 1 : 0),
  decode: (value) => value === 1,
});
export const json = <T>(): Column<T> => ({
  sqlType: 'TEXT',
  nullable: false,
  sealed: false,
  encode: (value) => JSON.stringify(value),
  decode: (value) => JSON.parse(value as string) as T,
});
export const nullable = <T>(column: Column<T>): Column<T | null> => ({
  ...column,
  nullable: true,
  encode: (value) => (value === null ? null : column.encode(value)),
  decode: (value) => (value === null ? null : column.decode(value)),
});
/** Personal and secret values: sealed by the node's key before they reach the store. */
export const sealed = <T>(column: Column<T>): Column<T> => ({ ...column, sealed: true });

const NAME = /^[a-z][a-z0-9_]{1,62}$/;
const KERNEL_COLUMNS = ['tenant', 'id', 'owner', 'version', 'created_ms', 'updated_ms'];

/** @throws Error when a name is not lower snake case or shadows a column of the kernel */
export function table<C extends Columns>(
  name: string,
  options: { readonly resource?: string },
  columns: C,
): Table<C> {
  for (const word of [name, ...Object.keys(columns)])
    if (!NAME.test(word) || KERNEL_COLUMNS.includes(word))
      throw new Error(`${name}: ${word} is not usable as a name`);
  return { name, resource: options.resource, columns };
}

/** The DDL of a table as its columns stand now; for the first migration of a module. */
export function createTable(of: Table): string {
  const own = Object.entries(of.columns).map(
    ([name, c]) => `${name} ${c.sealed ? 'BLOB' : c.sqlType}${c.nullable ? '' : ' NOT NULL'}`,
  );
  return `CREATE TABLE ${of.name} (
  tenant TEXT NOT NULL, id TEXT NOT NULL, owner TEXT NOT NULL, version INTEGER NOT NULL,
  created_ms INTEGER NOT NULL, updated_ms INTEGER NOT NULL,
  ${own.join(', ')}${own.length > 0 ? ',' : ''}
  PRIMARY KEY (tenant, id)
) STRICT, WITHOUT ROWID;`;
}
