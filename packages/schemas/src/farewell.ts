/** What an operation says of its end. */
export interface FarewellSpec {
  /** RFC 3339 date after which the operation may go; it has a successor beside it. */
  readonly sunset?: string;
  /** RFC 3339 date since when it is better not used. */
  readonly deprecated?: string;
  /** The operation of the same module to use instead. */
  readonly replacement?: string;
}

/** The same with every member there. */
export type Farewell = { readonly [K in keyof FarewellSpec]-?: string | undefined };

export const farewellOf = ({ sunset, deprecated, replacement }: FarewellSpec): Farewell => ({
  sunset,
  deprecated,
  replacement,
});

/** What is wrong with a farewell, a sentence each. */
export function farewellProblems(
  { sunset, deprecated, replacement }: Farewell,
  operations: Readonly<Record<string, unknown>>,
): string[] {
  return [
    ...[sunset, deprecated].flatMap((date) =>
      date !== undefined && Number.isNaN(Date.parse(date)) ? [`${date} is not a date`] : [],
    ),
    ...(replacement !== undefined && !Object.hasOwn(operations, replacement)
      ? [`its replacement ${replacement} is not an operation`]
      : []),
  ];
}
