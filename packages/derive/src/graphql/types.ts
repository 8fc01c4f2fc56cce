import {
  GraphQLBoolean,
  GraphQLEnumType,
  GraphQLFloat,
  GraphQLInputObjectType,
  GraphQLInt,
  GraphQLList,
  GraphQLNonNull,
  GraphQLObjectType,
  GraphQLString,
  GraphQLUnionType,
  type GraphQLInputType,
  type GraphQLNullableInputType,
  type GraphQLNullableOutputType,
  type GraphQLOutputType,
} from 'graphql';
import {
  pascal,
  type EnumShape,
  type MapShape,
  type ObjectShape,
  type Shape,
  type ScalarShape,
  type UnionShape,
} from '../shapes.ts';
import { empty, scalars } from './scalars.ts';

/** A name of GraphQL that is no word of its own (GraphQL, October 2021, section 2.1.9). */
const NAME = /^(?!__)(?!(true|false|null)$)[A-Za-z_][A-Za-z0-9_]*$/;

/** Whether the values of an enumeration can be GraphQL's; one that has others is a String. */
const isEnum = ({ values }: EnumShape): boolean => values.every((value) => NAME.test(value));

/** The member of an input that stands for a variant of a union. */
export const variantName = (literal: string): string =>
  NAME.test(literal) ? literal : `v${pascal(literal)}`;

/** What a type of a list or map is called: by its parts. */
const partName = (shape: Shape): string => {
  switch (shape.kind) {
    case 'scalar':
      return shape.type === 'json' ? 'JSON' : pascal(shape.isSmall ? 'int' : shape.type);
    case 'list':
      return `${partName(shape.items)}List`;
    case 'map':
      return `${partName(shape.values)}Map`;
    default:
      return shape.name;
  }
};

/** Makes the types of a schema; each name once. */
export class TypeBook {
  readonly #outputs = new Map<string, GraphQLNullableOutputType>();
  readonly #inputs = new Map<string, GraphQLNullableInputType>();
  readonly #enums = new Map<string, GraphQLEnumType>();

  /** The type of a value in an answer. JSON may be null, and so it may be absent. */
  output(shape: Shape, isOptional = false): GraphQLOutputType {
    const type = this.#output(shape);
    return isOptional || isJson(shape) ? type : new GraphQLNonNull(type);
  }

  /** The type of a value in an input. */
  input(shape: Shape, isOptional = false): GraphQLInputType {
    const type = this.#input(shape);
    return isOptional || isJson(shape) ? type : new GraphQLNonNull(type);
  }

  #output(shape: Shape): GraphQLNullableOutputType {
    switch (shape.kind) {
      case 'scalar':
        return scalarType(shape);
      case 'enum':
        return this.#enum(shape);
      case 'list':
        return new GraphQLList(this.output(shape.items));
      case 'map':
        return new GraphQLList(new GraphQLNonNull(this.#entry(shape)));
      case 'object':
        return once(this.#outputs, shape.name, () => this.#object(shape));
      case 'union':
        return once(this.#outputs, shape.name, () => this.#union(shape));
    }
  }

  #input(shape: Shape): GraphQLNullableInputType {
    switch (shape.kind) {
      case 'scalar':
        return scalarType(shape);
      case 'enum':
        return this.#enum(shape);
      case 'list':
        return new GraphQLList(this.input(shape.items));
      case 'map':
        return new GraphQLList(new GraphQLNonNull(this.#entryInput(shape)));
      case 'object':
        return once(this.#inputs, shape.name, () => this.#inputObject(shape));
      case 'union':
        return once(this.#inputs, shape.name, () => this.#oneOf(shape));
    }
  }

  #enum(shape: EnumShape): GraphQLNullableOutputType & GraphQLNullableInputType {
    if (!isEnum(shape)) return GraphQLString;
    return once(
      this.#enums,
      shape.name,
      () =>
        new GraphQLEnumType({
          name: shape.name,
          values: Object.fromEntries(shape.values.map((value) => [value, { value }])),
        }),
    );
  }

  #object(shape: ObjectShape): GraphQLNullableOutputType {
    if (shape.members.length === 0) return empty;
    return new GraphQLObjectType({
      name: shape.name,
      description: shape.description,
      fields: () =>
        Object.fromEntries(
          shape.members.map(({ name, shape: member, isOptional, description }) => [
            name,
            { type: this.output(member, isOptional), description },
          ]),
        ),
    });
  }

  #inputObject(shape: ObjectShape): GraphQLNullableInputType {
    if (shape.members.length === 0) return empty;
    return new GraphQLInputObjectType({
      name: `${shape.name}Input`,
      description: shape.description,
      fields: () =>
        Object.fromEntries(
          shape.members.map(({ name, shape: member, isOptional, description }) => {
            const isFixed = !isOptional && member.kind === 'scalar' && member.type === 'literal';
            return [
              name,
              {
                type: this.input(member, isOptional),
                description,
                // What can have one value only need not be said.
                ...(isFixed ? { default: { value: member.value } } : {}),
              },
            ];
          }),
        ),
    });
  }

  #union(shape: UnionShape): GraphQLUnionType {
    return new GraphQLUnionType({
      name: shape.name,
      description: shape.description,
      types: () =>
        shape.variants.map(({ shape: variant }) => this.#output(variant) as GraphQLObjectType),
    });
  }

  #oneOf(shape: UnionShape): GraphQLInputObjectType {
    return new GraphQLInputObjectType({
      name: `${shape.name}Input`,
      description: shape.description ?? 'Exactly one of its members.',
      isOneOf: true,
      fields: () =>
        Object.fromEntries(
          shape.variants.map(({ literal, shape: variant }) => [
            variantName(literal),
            { type: this.#input(variant) },
          ]),
        ),
    });
  }

  /** A map is a list of entries: GraphQL has no type with members that are not known before. */
  #entry(shape: MapShape): GraphQLObjectType {
    const name = `${partName(shape.values)}Entry`;
    return once(
      this.#outputs,
      name,
      () =>
        new GraphQLObjectType({
          name,
          fields: () => ({
            key: { type: new GraphQLNonNull(GraphQLString) },
            value: { type: this.output(shape.values) },
          }),
        }),
    ) as GraphQLObjectType;
  }

  #entryInput(shape: MapShape): GraphQLInputObjectType {
    const name = `${partName(shape.values)}Entry`;
    return once(
      this.#inputs,
      name,
      () =>
        new GraphQLInputObjectType({
          name: `${name}Input`,
          fields: () => ({
            key: { type: new GraphQLNonNull(GraphQLString) },
            value: { type: this.input(shape.values) },
          }),
        }),
    ) as GraphQLInputObjectType;
  }
}

const isJson = (shape: Shape): boolean => shape.kind === 'scalar' && shape.type === 'json';

function scalarType({ type, isSmall }: ScalarShape) {
  if (type === 'integer' && isSmall) return GraphQLInt;
  if (type === 'number') return GraphQLFloat;
  if (type === 'boolean') return GraphQLBoolean;
  return scalars[type as keyof typeof scalars] ?? GraphQLString;
}

function once<T>(made: Map<string, T>, name: string, make: () => T): T {
  const known = made.get(name);
  if (known !== undefined) return known;
  const type = make();
  made.set(name, type);
  return type;
}
