import type { AnyOperation } from '@anarq/common-schemas';
import type { Row, Store } from '@anarq/store';
import type { Table } from './table.ts';

/** The resource that a call acts on, as far as the kernel has looked at it. */
export interface ResourceTarget {
  readonly compiled: { readonly op: Pick<AnyOperation, 'kind'>; resourceTable?: Table };
  /** 'module/noun/id' */
  resource?: string;
  /** The row that the resource is, read together with its owner; null where there is none. */
  row?: Row | null;
}

/** How the owner is called beside the columns of the row. */
const OWNER = 'kernel_owner';

/**
 * Who owns a resource, and, where earlier calls of the operation went on to read the row that the
 * resource is, that row too: one question to the store instead of two.
 * @param resource 'module/noun/id'; it becomes the target's where it exists
 * @returns the owner; undefined where there is no such resource
 */
export async function readOwner(
  target: ResourceTarget,
  resource: string,
  tenant: string,
  store: Pick<Store, 'read'>,
): Promise<string | undefined> {
  const { resourceTable: table } = target.compiled;
  const id = table === undefined ? undefined : idOf(table, resource);
  const [found] = await (table === undefined || id === undefined
    ? store.read(OWNER_ONLY, { tenant, resource })
    : store.read(withRowOf(table), { tenant, resource, id }));
  delete target.row;
  if (found === undefined) return undefined;
  target.resource = resource;
  const { [OWNER]: owner, ...row } = found;
  if (id !== undefined) target.row = row['id'] === null ? null : row;
  return owner as string;
}

const OWNER_ONLY = `SELECT owner AS ${OWNER} FROM kernel_resource
  WHERE tenant = :tenant AND resource = :resource`;

const texts = new WeakMap<Table, string>();

/** Made once: the store knows a text that it had before by itself. */
function withRowOf(table: Table): string {
  const known = texts.get(table);
  if (known !== undefined) return known;
  const made = `SELECT r.owner AS ${OWNER}, t.* FROM kernel_resource r
   LEFT JOIN ${table.name} t ON t.tenant = r.tenant AND t.id = :id
   WHERE r.tenant = :tenant AND r.resource = :resource`;
  texts.set(table, made);
  return made;
}

/** The id of a row in the name of the resource that it is; undefined where it is of another table. */
function idOf(table: Table, resource: string): string | undefined {
  const [module = '', noun = ''] = resource.split('/', 2);
  if (table.resource !== noun || !table.name.startsWith(`${module}_`)) return undefined;
  return resource.slice(module.length + noun.length + 2);
}

/**
 * The row of a table, where the call is about it and it was read with its owner; null where there is
 * none. Remembers that the operation asks for it, so that the next call reads both at once.
 */
export function targetRow(
  target: ResourceTarget,
  table: Table,
  id: string,
): Row | null | undefined {
  if (target.resource === undefined || idOf(table, target.resource) !== id) return undefined;
  // A process looks at its rows after its steps have changed them.
  if (target.compiled.op.kind === 'process') return undefined;
  target.compiled.resourceTable ??= table;
  return target.compiled.resourceTable === table ? target.row : undefined;
}
