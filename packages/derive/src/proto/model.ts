import type { AnyContract, AnyOperation } from '@anarq/common-schemas';
import {
  pascal,
  shapeBooks,
  type EnumShape,
  type MemberShape,
  type ObjectShape,
  type Shape,
  type ScalarShape,
  type UnionShape,
} from '../shapes.ts';

/** The types of a module's contract as protobuf has them, before they have field numbers. */
export interface ProtoModel {
  /** 'q.qwallet.v1' */
  readonly package: string;
  /** 'Qwallet' */
  readonly service: string;
  readonly comment: string;
  readonly methods: readonly ProtoMethod[];
  readonly messages: ReadonlyMap<string, ProtoMessage>;
  readonly enums: ReadonlyMap<string, EnumShape>;
}

export interface ProtoMethod {
  readonly op: AnyOperation;
  readonly name: string;
  readonly request: ObjectShape;
  readonly reply: ObjectShape;
}

export interface ProtoMessage {
  readonly name: string;
  readonly comment: string | undefined;
  readonly fields: readonly ProtoField[];
  /** The fields stand for the variants of a union: one of them is set. */
  readonly isUnion: boolean;
}

export type ScalarKind = 'string' | 'bool' | 'int32' | 'int64' | 'double' | 'bytes';

export interface ProtoField {
  readonly name: string;
  readonly comment: string | undefined;
  readonly cardinality: 'one' | 'repeated' | 'map';
  /** A scalar, or the name of a message or enumeration of the package; of a map: of its values. */
  readonly type: { readonly kind: 'scalar'; readonly scalar: ScalarKind } | NamedType;
}

interface NamedType {
  readonly kind: 'message' | 'enum';
  readonly name: string;
}

const SCALARS: Readonly<Partial<Record<ScalarShape['type'], ScalarKind>>> = {
  boolean: 'bool',
  number: 'double',
  int64: 'int64',
  bytes: 'bytes',
};

/**
 * The protobuf types of one module.
 * @throws Error when two types have one name
 */
export function protoModelOf(contract: AnyContract): ProtoModel {
  const book = shapeBooks([contract])(contract);
  const builder = new Builder();
  const methods = Object.values(contract.operations).map((op): ProtoMethod => {
    const name = pascal(op.name);
    const request = book.shapeOf(op.input, `${name}Request`) as ObjectShape;
    const mayBeStale = op.fallback.strategy === 'CACHE';
    const reply = replyOf(name, book.shapeOf(op.output, `${name}Data`), mayBeStale);
    builder.add(request);
    builder.add(reply);
    return { op, name, request, reply };
  });
  return {
    package: `q.${contract.name}.v${contract.version.split('.', 1)[0]}`,
    service: pascal(contract.name),
    comment: `${contract.title}: ${contract.purpose}`,
    methods,
    messages: builder.messages,
    enums: builder.enums,
  };
}

const text: ScalarShape = { kind: 'scalar', type: 'string', isSmall: false, value: undefined };

/** What a method answers with: the envelope of a success. A failure is a status. */
const replyOf = (name: string, data: Shape, mayBeStale: boolean): ObjectShape => ({
  kind: 'object',
  name: `${name}Reply`,
  description: undefined,
  members: [
    { name: 'data', shape: data, isOptional: false, description: undefined },
    { name: 'message', shape: text, isOptional: false, description: undefined },
    { name: 'cid', shape: text, isOptional: true, description: 'The record of this call.' },
    {
      name: 'replayed',
      shape: { ...text, type: 'boolean' },
      isOptional: false,
      description: 'The answer of an earlier call with the same key; nothing was done again.',
    },
    ...(mayBeStale
      ? [
          {
            name: 'staleSince',
            shape: text,
            isOptional: true,
            description: 'The module cannot be reached: this is what it answered then.',
          },
        ]
      : []),
  ],
});

/** A literal that has to be there says nothing: it is left out, and put back when it is read. */
export const isSilent = ({ shape, isOptional }: MemberShape): boolean =>
  !isOptional && shape.kind === 'scalar' && shape.type === 'literal';

/**
 * Lists and maps that may be absent, or that lie in others, are messages of their own: protobuf does
 * not tell an empty list from none.
 */
export const isWrapped = (shape: Shape, isOptional: boolean): boolean =>
  isOptional && (shape.kind === 'list' || shape.kind === 'map');

/** The field that stands for a variant of a union. */
export const variantField = (literal: string): string =>
  /^[A-Za-z_][A-Za-z0-9_]*$/.test(literal) ? literal : `v${pascal(literal)}`;

/** The name of a value of an enumeration: protobuf wants them unique in the package. */
export const enumValueName = (type: string, value: string): string =>
  `${upperSnake(type)}_${upperSnake(value)}`;

const upperSnake = (name: string): string =>
  name
    .replaceAll(/([a-z0-9])([A-Z])/g, '$1_$2')
    .replaceAll(/[^A-Za-z0-9]+/g, '_')
    .toUpperCase();

/** Gathers every message and enumeration that shapes need. */
class Builder {
  readonly messages = new Map<string, ProtoMessage>();
  readonly enums = new Map<string, EnumShape>();
  readonly #origins = new Map<string, string>();

  add(shape: ObjectShape | UnionShape): void {
    if (!this.#isNew(shape.name, shape.kind, shape)) return;
    const fields: ProtoField[] = [];
    this.messages.set(shape.name, {
      name: shape.name,
      comment: shape.description,
      fields,
      isUnion: shape.kind === 'union',
    });
    if (shape.kind === 'union')
      for (const variant of shape.variants)
        fields.push(this.#field(variantField(variant.literal), variant.shape, false, undefined));
    else
      for (const member of shape.members)
        if (!isSilent(member))
          fields.push(
            this.#field(member.name, member.shape, member.isOptional, member.description),
          );
  }

  #field(name: string, shape: Shape, isOptional: boolean, comment: string | undefined): ProtoField {
    if (isWrapped(shape, isOptional))
      return { name, comment, cardinality: 'one', type: this.#wrapper(shape) };
    if (shape.kind === 'list')
      return { name, comment, cardinality: 'repeated', type: this.#type(shape.items) };
    if (shape.kind === 'map')
      return { name, comment, cardinality: 'map', type: this.#type(shape.values) };
    return { name, comment, cardinality: 'one', type: this.#type(shape) };
  }

  #type(shape: Shape): ProtoField['type'] {
    switch (shape.kind) {
      case 'scalar':
        return { kind: 'scalar', scalar: scalarKind(shape) };
      case 'enum':
        if (this.#isNew(shape.name, 'enum', shape.values)) this.enums.set(shape.name, shape);
        return { kind: 'enum', name: shape.name };
      case 'object':
      case 'union':
        this.add(shape);
        return { kind: 'message', name: shape.name };
      default:
        return this.#wrapper(shape);
    }
  }

  #wrapper(shape: Shape): NamedType {
    const name = wrapperName(shape);
    if (!this.messages.has(name)) {
      const field = shape.kind === 'list' ? 'items' : 'entries';
      this.#isNew(name, 'wrapper', name);
      this.messages.set(name, { name, comment: undefined, fields: [], isUnion: false });
      const fields = [this.#field(field, shape, false, undefined)];
      this.messages.set(name, { name, comment: undefined, fields, isUnion: false });
    }
    return { kind: 'message', name };
  }

  /** @throws Error when the name is taken by something else */
  #isNew(name: string, kind: string, origin: unknown): boolean {
    const print = kind === 'wrapper' ? kind : `${kind} ${shallow(origin)}`;
    const known = this.#origins.get(name);
    if (known !== undefined && known !== print)
      throw new Error(`two different types are named ${name}; give one of them another name`);
    this.#origins.set(name, print);
    return known === undefined;
  }
}

/** What tells two types of one name apart, without following recursion. */
const shallow = (origin: unknown): string =>
  JSON.stringify(origin, (key, value: unknown) => (key === 'shape' ? undefined : value));

function scalarKind({ type, isSmall }: ScalarShape): ScalarKind {
  return type === 'integer' ? (isSmall ? 'int32' : 'int64') : (SCALARS[type] ?? 'string');
}

/** A list of lists of Leaf is a LeafListList. */
function wrapperName(shape: Shape): string {
  switch (shape.kind) {
    case 'list':
      return `${wrapperName(shape.items)}List`;
    case 'map':
      return `${wrapperName(shape.values)}Map`;
    case 'scalar':
      return pascal(scalarKind(shape));
    default:
      return shape.name;
  }
}
