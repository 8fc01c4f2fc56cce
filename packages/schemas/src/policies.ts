/** Where a module differs from the defaults that every module has. */
export interface ModulePolicies {
  /** ISO 8601 duration by resource type, and what happens at its end. */
  readonly retention?: Readonly<
    Record<string, { readonly period: string; readonly atEnd: 'DELETE' | 'ARCHIVE' | 'ANONYMIZE' }>
  >;
  readonly pinning?: Readonly<
    Record<
      string,
      {
        readonly strategy: 'PERMANENT' | 'TEMPORARY' | 'CONDITIONAL';
        readonly replicationFactor: number;
        readonly accessPattern: 'HOT' | 'WARM' | 'COLD';
      }
    >
  >;
}
