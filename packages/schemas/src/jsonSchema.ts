import type {
  TArray,
  TBoolean,
  TCyclic,
  TInteger,
  TLiteral,
  TNumber,
  TObject,
  TOptional,
  TProperties,
  TRef,
  TSchema,
  TString,
  TUnion,
  TUnsafe,
} from 'typebox';

/**
 * JSON Schema 2020-12 objects under TypeBox's types. TypeBox's own builders make the same objects,
 * but are most of its 680 files, and each process that speaks a contract would load them all.
 */
type Keywords = Readonly<Record<string, unknown>>;

/** Says that a member may be absent; no keyword, so that documents do not show it. */
const OPTIONAL = '~optional';

const schema = <S extends TSchema>(keywords: Keywords): S => keywords as TSchema as S;

export const object = <const P extends TProperties>(properties: P, keywords: Keywords) => {
  const required = Object.keys(properties).filter(
    (name) => !Object.hasOwn(properties[name] ?? {}, OPTIONAL),
  );
  return schema<TObject<P>>({
    type: 'object',
    ...(required.length > 0 ? { required } : {}),
    properties,
    ...keywords,
  });
};

export const optional = <S extends TSchema>(given: S): TOptional<S> => {
  const copy = { ...given };
  Object.defineProperty(copy, OPTIONAL, { value: true });
  return copy as TOptional<S>;
};

export const string = (keywords: Keywords) => schema<TString>({ type: 'string', ...keywords });
export const integer = (keywords: Keywords) => schema<TInteger>({ type: 'integer', ...keywords });
export const number = (keywords: Keywords) => schema<TNumber>({ type: 'number', ...keywords });
export const boolean = (keywords: Keywords) => schema<TBoolean>({ type: 'boolean', ...keywords });
export const literal = <const V extends string>(value: V) =>
  schema<TLiteral<V>>({ type: 'string', const: value });
export const array = <S extends TSchema>(items: S, keywords: Keywords) =>
  schema<TArray<S>>({ type: 'array', items, ...keywords });
export const union = <V extends TSchema[]>(anyOf: [...V], keywords: Keywords) =>
  schema<TUnion<V>>({ anyOf, ...keywords });
export const ref = <const N extends string>(name: N) => schema<TRef<N>>({ $ref: name });
export const cyclic = <const N extends string, P extends TProperties>(
  name: N,
  properties: P,
  keywords: Keywords,
) => {
  // Ajv finds a definition by its $id.
  const body = object(properties, { additionalProperties: false, $id: name });
  return schema<TCyclic<Record<N, TObject<P>>, N>>({
    $defs: { [name]: body },
    $ref: name,
    ...keywords,
  });
};
/** A schema whose values have a type that TypeBox cannot say. */
export const unsafe = <T>(keywords: Keywords) => schema<TUnsafe<T>>(keywords);
