import type { AnyContract, AnyOperation } from '@anarq/common-schemas';
import { toolsOf } from '@anarq/derive';
import type { Tool } from '@modelcontextprotocol/server';

/** The tools of a node: found by either of their names, listed in pages under one of them. */
export interface ToolList {
  /** The operation behind a tool; undefined for a name that no tool has. */
  find(name: string): AnyOperation | undefined;
  /** A page of at most 250; undefined for a cursor that this list did not give. */
  page(
    names: 'name' | 'alias',
    cursor: string | undefined,
  ): { tools: Tool[]; nextCursor?: string } | undefined;
}

const PAGE_TOOLS_MAX = 250;

/**
 * Prepares the list once; a request only reads it.
 * @throws Error when two tools have one name
 */
export function createToolList(contracts: readonly AnyContract[]): ToolList {
  const operations = new Map(
    contracts.flatMap((contract) =>
      Object.values(contract.operations).map((op) => [op.id, op] as const),
    ),
  );
  const entries = toolsOf(contracts);
  const byName = new Map(
    entries.flatMap((entry) =>
      [entry.name, entry.alias].map((name) => [name, operations.get(entry.operation)] as const),
    ),
  );
  const listed = (names: 'name' | 'alias'): Tool[] =>
    entries.map(({ title, description, inputSchema, outputSchema, annotations, ...entry }) => ({
      name: entry[names],
      title,
      description,
      inputSchema,
      outputSchema,
      annotations,
    }));
  const lists = { name: listed('name'), alias: listed('alias') };
  return {
    find: (name) => byName.get(name),
    page(names, cursor) {
      const start = cursor === undefined ? 0 : placeOf(cursor);
      const all = lists[names];
      if (start === undefined || start >= Math.max(all.length, 1)) return undefined;
      const end = start + PAGE_TOOLS_MAX;
      return {
        tools: all.slice(start, end),
        ...(end < all.length ? { nextCursor: cursorOf(end) } : {}),
      };
    },
  };
}

const cursorOf = (place: number): string => Buffer.from(`tools:${place}`).toString('base64url');

function placeOf(cursor: string): number | undefined {
  const place = /^tools:([1-9][0-9]{0,6})$/.exec(Buffer.from(cursor, 'base64url').toString())?.[1];
  return place === undefined || cursorOf(Number(place)) !== cursor ? undefined : Number(place);
}
