import type { DescField, DescMessage } from '@bufbuild/protobuf';
import { wordOf, type TSchema } from '@anarq/common-schemas';

type Schema = Readonly<Record<string, unknown>>;
type Defs = Readonly<Record<string, Schema>>;
type Message = Record<string, unknown>;

/**
 * What a client that was generated from the .proto file would fill in for a value of a contract:
 * written apart from the product's own conversion, from JSON Schema and descriptor.
 */
export function writeMessage(
  desc: DescMessage,
  schema: TSchema,
  value: unknown,
  defs: Defs = {},
): Message {
  const [s, all] = open(schema as Schema, defs);
  if (wordOf(s) === 'union') {
    const by = (s['discriminator'] as { propertyName: string }).propertyName;
    const literal = (value as Schema)[by] as string;
    const field = desc.fields.find(({ name }) => name === literal);
    const variant = (s['anyOf'] as Schema[]).find(
      (one) => (one['properties'] as Record<string, Schema>)[by]?.['const'] === literal,
    );
    if (field?.message === undefined || variant === undefined) throw new Error(`no ${literal}`);
    return {
      variant: {
        case: field.localName,
        value: writeMessage(field.message, variant as TSchema, value, all),
      },
    };
  }
  const members = s['properties'] as Record<string, Schema>;
  return Object.fromEntries(
    desc.fields
      .filter((field) => (value as Schema)[field.name] !== undefined)
      .map((field) => [
        field.localName,
        writeField(field, members[field.name] ?? {}, (value as Schema)[field.name], all),
      ]),
  );
}

function open(schema: Schema, defs: Defs): [Schema, Defs] {
  const word = wordOf(schema);
  const all = word === 'recursive' ? { ...defs, ...(schema['$defs'] as Defs) } : defs;
  return word === 'recursive' || word === 'self'
    ? [all[schema['$ref'] as string] ?? {}, all]
    : [schema, all];
}

function writeField(field: DescField, schema: Schema, value: unknown, defs: Defs): unknown {
  const [s, all] = open(schema, defs);
  if (field.fieldKind === 'list')
    return (value as unknown[]).map((item) =>
      field.listKind === 'message'
        ? writeMessage(field.message, s['items'] as TSchema, item, all)
        : writeScalar(s['items'] as Schema, item),
    );
  if (field.fieldKind === 'map')
    return Object.fromEntries(
      Object.entries(value as Schema).map(([key, item]) => [
        key,
        writeScalar(s['additionalProperties'] as Schema, item),
      ]),
    );
  if (field.fieldKind === 'enum')
    return field.enum.values.find(({ name }) => name.endsWith(`_${String(value).toUpperCase()}`))
      ?.number;
  if (field.fieldKind !== 'message') return writeScalar(s, value);
  const [wrapped] = field.message.fields;
  if (wordOf(s) === 'array' && wrapped?.fieldKind === 'list')
    return { items: writeField(wrapped, s, value, all) };
  return writeMessage(field.message, s as TSchema, value, all);
}

function writeScalar(schema: Schema, value: unknown): unknown {
  if (schema['x-format'] === 'json') return JSON.stringify(value);
  if (schema['x-format'] === 'int64') return BigInt(value as string);
  if (schema['x-format'] === 'bytes')
    return new Uint8Array(Buffer.from(value as string, 'base64url'));
  return value;
}

/** The value of a message, by the members that the contract names. */
export function readMessage(schema: TSchema, message: unknown, defs: Defs = {}): unknown {
  const [s, all] = open(schema as Schema, defs);
  switch (wordOf(s)) {
    case 'array': {
      const items = Array.isArray(message) ? message : (message as { items: unknown[] }).items;
      return items.map((item: unknown) => readMessage(s['items'] as TSchema, item, all));
    }
    case 'map':
      return Object.fromEntries(
        Object.entries(message as Schema).map(([key, item]) => [
          key,
          readMessage(s['additionalProperties'] as TSchema, item, all),
        ]),
      );
    case 'union': {
      const by = (s['discriminator'] as { propertyName: string }).propertyName;
      const { case: literal, value } = (message as { variant: { case: string; value: unknown } })
        .variant;
      const variant = (s['anyOf'] as Schema[]).find(
        (one) => (one['properties'] as Record<string, Schema>)[by]?.['const'] === literal,
      );
      return { ...(readMessage(variant as TSchema, value, all) as object), [by]: literal };
    }
    case 'object':
      return Object.fromEntries(
        Object.entries(s['properties'] as Record<string, Schema>).flatMap(([name, member]) => {
          const given = (message as Schema)[name];
          return given === undefined ? [] : [[name, readMessage(member as TSchema, given, all)]];
        }),
      );
    case 'string':
      if (Array.isArray(s['enum'])) return (s['enum'] as unknown[])[(message as number) - 1];
      if (s['x-format'] === 'bytes')
        return Buffer.from(message as Uint8Array).toString('base64url');
      return String(message);
    case 'integer':
      return Number(message);
    case 'json':
      return JSON.parse(message as string);
    default:
      return message;
  }
}
