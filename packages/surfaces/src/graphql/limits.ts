import { fail } from '@anarq/common-schemas';
import type { DocumentNode, FragmentDefinitionNode, SelectionSetNode } from 'graphql';

/**
 * What one document may ask for, counted with its fragments written out. Validation itself costs more
 * than linear time in the size of a document, so that this stands before it.
 */
export const DOCUMENT_LIMITS = {
  tokens: 8_000,
  /** A recursive value is at most 32 levels deep, and lies in an answer. */
  depth: 40,
  fields: 2_000,
  aliases: 100,
  /** Fields of Query or Mutation: each is a call of its own. */
  calls: 20,
} as const;

/** Lists of the introspection schema that lead from type to type. */
const TYPE_LISTS = new Set(['fields', 'inputFields', 'interfaces', 'possibleTypes']);

interface Count {
  fields: number;
  aliases: number;
}

interface Place {
  readonly depth: number;
  /** Below __schema or __type. */
  readonly isIntrospection: boolean;
  /** Lists of types above. */
  readonly typeLists: number;
}

/**
 * Counts what each operation of a document asks for.
 * @throws QError LIMIT_EXCEEDED, which names the limit
 */
export function checkDocument(document: DocumentNode): void {
  const fragments = new Map<string, FragmentDefinitionNode>();
  for (const definition of document.definitions)
    if (definition.kind === 'FragmentDefinition') fragments.set(definition.name.value, definition);
  const count: Count = { fields: 0, aliases: 0 };
  for (const definition of document.definitions) {
    if (definition.kind !== 'OperationDefinition') continue;
    const roots = visit(
      definition.selectionSet,
      { depth: 1, isIntrospection: false, typeLists: 0 },
      { fragments, open: new Set(), count },
    );
    if (roots > DOCUMENT_LIMITS.calls) exceeded('calls', roots);
  }
}

interface Walk {
  readonly fragments: ReadonlyMap<string, FragmentDefinitionNode>;
  /** Fragments that are being written out: a circle of them is left to the validation. */
  readonly open: ReadonlySet<string>;
  readonly count: Count;
}

/** @returns how many fields stand directly in the selection */
function visit(selections: SelectionSetNode, place: Place, walk: Walk): number {
  if (place.depth > DOCUMENT_LIMITS.depth) exceeded('depth', place.depth);
  let direct = 0;
  for (const selection of selections.selections)
    switch (selection.kind) {
      case 'InlineFragment':
        direct += visit(selection.selectionSet, place, walk);
        break;
      case 'FragmentSpread': {
        const name = selection.name.value;
        const fragment = walk.fragments.get(name);
        if (fragment === undefined || walk.open.has(name)) break;
        const open = new Set(walk.open).add(name);
        // A spread counts, so that fragments without fields cannot multiply unseen.
        countOne(walk.count, false);
        direct += visit(fragment.selectionSet, place, { ...walk, open });
        break;
      }
      case 'Field':
        direct += 1;
        countOne(walk.count, selection.alias !== undefined);
        if (selection.selectionSet !== undefined)
          visit(selection.selectionSet, below(place, selection.name.value), walk);
    }
  return direct;
}

function countOne(count: Count, isAlias: boolean): void {
  count.fields += 1;
  if (isAlias) count.aliases += 1;
  if (count.fields > DOCUMENT_LIMITS.fields) exceeded('fields', count.fields);
  if (count.aliases > DOCUMENT_LIMITS.aliases) exceeded('aliases', count.aliases);
}

function below(place: Place, field: string): Place {
  const isIntrospection = place.isIntrospection || field === '__schema' || field === '__type';
  const typeLists = place.typeLists + (isIntrospection && TYPE_LISTS.has(field) ? 1 : 0);
  // The types of a schema refer to each other in circles; each turn multiplies the answer.
  if (typeLists > 1)
    fail('LIMIT_EXCEEDED', `Introspection reads ${field} once on the way down.`, {
      limit: 'introspection',
    });
  return { depth: place.depth + 1, isIntrospection, typeLists };
}

function exceeded(limit: Exclude<keyof typeof DOCUMENT_LIMITS, 'tokens'>, got: number): never {
  return fail(
    'LIMIT_EXCEEDED',
    `A document has at most ${DOCUMENT_LIMITS[limit]} ${limit === 'depth' ? 'levels' : limit}; this one has ${got} or more.`,
    { limit: `${limit} ${DOCUMENT_LIMITS[limit]}` },
  );
}
