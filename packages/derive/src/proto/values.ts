import type { FileRegistry } from '@bufbuild/protobuf';
import type { ObjectShape, Shape, UnionShape } from '../shapes.ts';
import { enumValueName, isSilent, isWrapped, variantField } from './model.ts';

type Members = Readonly<Record<string, unknown>>;
type Case = { readonly case?: string; readonly value?: unknown } | undefined;

/** Turns values of a contract into what protobuf messages are made of, and messages into values. */
export interface ProtoValues {
  /** @returns plain data, as `create` of @bufbuild/protobuf takes it */
  toMessage(shape: ObjectShape, value: unknown): Record<string, unknown>;
  /** @returns a value that the validation of the call still has to judge */
  fromMessage(shape: ObjectShape, message: unknown): unknown;
}

/**
 * @param registry holds the messages of the package
 * @param parseJson reads the text of an opaque value; throws what the caller is to be told
 */
export function protoValues(
  registry: FileRegistry,
  scope: string,
  parseJson: (text: string) => unknown,
): ProtoValues {
  const names = new Map<string, string>();
  const numbers = new Map<string, number>();
  for (const type of registry) {
    if (type.kind === 'message')
      for (const { name, localName, oneof } of type.fields) {
        names.set(`${type.typeName}.${name}`, localName);
        if (oneof !== undefined) names.set(`${type.typeName} oneof`, oneof.localName);
      }
    if (type.kind === 'enum')
      for (const { name, number } of type.values) numbers.set(`${type.typeName}.${name}`, number);
  }
  const walk: Walk = {
    local: (message, field) => names.get(`${scope}.${message}.${field}`) ?? field,
    oneof: (message) => names.get(`${scope}.${message} oneof`) ?? '',
    numberOf: (type, value) => numbers.get(`${scope}.${type}.${enumValueName(type, value)}`) ?? 0,
    parseJson,
  };
  return {
    toMessage: (shape, value) => objectTo(shape, value as Members, walk),
    fromMessage: (shape, message) => objectFrom(shape, message as Members, walk),
  };
}

interface Walk {
  /** What the library calls a field of a message. */
  local(message: string, field: string): string;
  oneof(message: string): string;
  numberOf(type: string, value: string): number;
  parseJson(text: string): unknown;
}

function objectTo(shape: ObjectShape, value: Members, walk: Walk): Record<string, unknown> {
  const message: Record<string, unknown> = {};
  for (const member of shape.members) {
    const given = value[member.name];
    if (given === undefined || isSilent(member)) continue;
    const written = to(member.shape, given, walk, isWrapped(member.shape, member.isOptional));
    message[walk.local(shape.name, member.name)] = written;
  }
  return message;
}

function to(shape: Shape, value: unknown, walk: Walk, isAlone = true): unknown {
  switch (shape.kind) {
    case 'object':
      return objectTo(shape, value as Members, walk);
    case 'union':
      return unionTo(shape, value as Members, walk);
    case 'list': {
      const items = (value as readonly unknown[]).map((item) => to(shape.items, item, walk));
      return isAlone ? { items } : items;
    }
    case 'map': {
      const entries = Object.fromEntries(
        Object.entries(value as Members).map(([key, item]) => [key, to(shape.values, item, walk)]),
      );
      return isAlone ? { entries } : entries;
    }
    case 'enum':
      return walk.numberOf(shape.name, value as string);
    case 'scalar':
      return scalarTo(shape.type, shape.isSmall, value);
  }
}

function scalarTo(type: string, isSmall: boolean, value: unknown): unknown {
  switch (type) {
    case 'integer':
      return isSmall ? value : BigInt(value as number);
    case 'int64':
      return BigInt(value as string);
    case 'bytes':
      return new Uint8Array(Buffer.from(value as string, 'base64url'));
    case 'json':
      return JSON.stringify(value);
    default:
      return value;
  }
}

function unionTo(shape: UnionShape, value: Members, walk: Walk): Record<string, unknown> {
  const variant = shape.variants.find(({ literal }) => literal === value[shape.discriminator]);
  if (variant === undefined) return {};
  const field = walk.local(shape.name, variantField(variant.literal));
  return {
    [walk.oneof(shape.name)]: { case: field, value: objectTo(variant.shape, value, walk) },
  };
}

function objectFrom(shape: ObjectShape, message: Members, walk: Walk): Members {
  const value: [string, unknown][] = [];
  for (const member of shape.members) {
    if (isSilent(member)) {
      value.push([member.name, member.shape.kind === 'scalar' ? member.shape.value : undefined]);
      continue;
    }
    const given = message[walk.local(shape.name, member.name)];
    if (given === undefined) continue;
    const wrapped = isWrapped(member.shape, member.isOptional);
    value.push([member.name, from(member.shape, given, walk, wrapped)]);
  }
  return Object.fromEntries(value);
}

function from(shape: Shape, value: unknown, walk: Walk, isAlone = true): unknown {
  switch (shape.kind) {
    case 'object':
      return objectFrom(shape, value as Members, walk);
    case 'union':
      return unionFrom(shape, value as Members, walk);
    case 'list': {
      const items = (isAlone ? (value as Members)['items'] : value) as readonly unknown[];
      return items.map((item) => from(shape.items, item, walk));
    }
    case 'map': {
      const entries = (isAlone ? (value as Members)['entries'] : value) as Members;
      return Object.fromEntries(
        Object.entries(entries).map(([key, item]) => [key, from(shape.values, item, walk)]),
      );
    }
    case 'enum':
      // A number that is none of ours stays one, and the validation says what was expected.
      return shape.values.find((one) => walk.numberOf(shape.name, one) === value) ?? value;
    case 'scalar':
      return scalarFrom(shape.type, value, walk);
  }
}

function scalarFrom(type: string, value: unknown, { parseJson }: Walk): unknown {
  switch (type) {
    case 'integer':
      return Number(value);
    case 'int64':
      return String(value);
    case 'bytes':
      return Buffer.from(value as Uint8Array).toString('base64url');
    case 'json':
      return parseJson(value as string);
    default:
      return value;
  }
}

function unionFrom(shape: UnionShape, message: Members, walk: Walk): unknown {
  const given = message[walk.oneof(shape.name)] as Case;
  const variant = shape.variants.find(
    ({ literal }) => walk.local(shape.name, variantField(literal)) === given?.case,
  );
  // Nothing was given, or a variant that is not known here: the validation refuses what this is.
  if (variant === undefined) return {};
  return {
    ...objectFrom(variant.shape, given?.value as Members, walk),
    [shape.discriminator]: variant.literal,
  };
}
