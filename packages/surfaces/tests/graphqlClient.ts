import { wordOf, type TSchema } from '@anarq/common-schemas';

type Schema = Readonly<Record<string, unknown>>;
type Defs = Readonly<Record<string, Schema>>;

/**
 * What a person who reads schema.graphql would write for a value of a contract: written apart from
 * the product's own conversion, and from the JSON Schema rather than from the GraphQL types.
 */
export function writeInput(schema: TSchema, value: unknown, defs: Defs = {}): unknown {
  const s = schema as Schema;
  if (value === undefined) return undefined;
  switch (wordOf(s)) {
    case 'recursive': {
      const inner = s['$defs'] as Defs;
      return writeInput(inner[s['$ref'] as string] ?? {}, value, { ...defs, ...inner });
    }
    case 'self':
      return writeInput(defs[s['$ref'] as string] ?? {}, value, defs);
    case 'array':
      return (value as unknown[]).map((item) => writeInput(s['items'] as TSchema, item, defs));
    case 'map':
      return Object.entries(value as Schema).map(([key, member]) => ({
        key,
        value: writeInput(s['additionalProperties'] as TSchema, member, defs),
      }));
    case 'object':
      return Object.fromEntries(
        Object.entries(s['properties'] as Record<string, TSchema>).map(([name, member]) => [
          name,
          writeInput(member, (value as Schema)[name], defs),
        ]),
      );
    case 'union': {
      const by = (s['discriminator'] as { propertyName: string }).propertyName;
      const literal = (value as Schema)[by] as string;
      const { [by]: _, ...rest } = value as Schema;
      const variant = (s['anyOf'] as Schema[]).find(
        (one) => (one['properties'] as Record<string, Schema>)[by]?.['const'] === literal,
      );
      return { [literal]: writeInput(without(variant ?? {}, by), rest, defs) };
    }
    default:
      return value;
  }
}

function without(variant: Schema, member: string): TSchema {
  const { [member]: _, ...properties } = variant['properties'] as Schema;
  return { ...variant, properties } as TSchema;
}

/** Everything that a value of a schema has, as a selection; recursion is followed so many levels. */
export function selectAll(schema: TSchema, levels = 8, defs: Defs = {}): string {
  const s = schema as Schema;
  switch (wordOf(s)) {
    case 'recursive': {
      const inner = s['$defs'] as Defs;
      return selectAll(inner[s['$ref'] as string] ?? {}, levels, { ...defs, ...inner });
    }
    case 'self':
      return levels === 0 ? '' : selectAll(defs[s['$ref'] as string] ?? {}, levels - 1, defs);
    case 'array':
      return selectAll(s['items'] as TSchema, levels, defs);
    case 'map':
      return `{ key value ${selectAll(s['additionalProperties'] as TSchema, levels, defs)} }`;
    case 'object': {
      const members = Object.entries(s['properties'] as Record<string, TSchema>).flatMap(
        ([name, member]) => {
          const inner = selectAll(member, levels, defs);
          const isCut = levels === 0 && JSON.stringify(member).includes('"$ref"');
          return isCut ? [] : [`${name} ${inner}`];
        },
      );
      return `{ ${members.join(' ')} }`;
    }
    default:
      return '';
  }
}

/** What a client makes of an answer: entries as an object again, and no member that is null. */
export function readOutput(schema: TSchema, value: unknown, defs: Defs = {}): unknown {
  const s = schema as Schema;
  switch (wordOf(s)) {
    case 'recursive': {
      const inner = s['$defs'] as Defs;
      return readOutput(inner[s['$ref'] as string] ?? {}, value, { ...defs, ...inner });
    }
    case 'self':
      return readOutput(defs[s['$ref'] as string] ?? {}, value, defs);
    case 'array':
      return (value as unknown[]).map((item) => readOutput(s['items'] as TSchema, item, defs));
    case 'map':
      return Object.fromEntries(
        (value as { key: string; value: unknown }[]).map((entry) => [
          entry.key,
          readOutput(s['additionalProperties'] as TSchema, entry.value, defs),
        ]),
      );
    case 'object': {
      const required = new Set(s['required'] as string[]);
      return Object.fromEntries(
        Object.entries(s['properties'] as Record<string, TSchema>)
          .filter(([name]) => required.has(name) || (value as Schema)[name] !== null)
          .map(([name, member]) => [name, readOutput(member, (value as Schema)[name], defs)]),
      );
    }
    default:
      return value;
  }
}
