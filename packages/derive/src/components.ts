import type { AnyContract, TSchema } from '@anarq/common-schemas';
import { toJsonSchema, type Components, type JsonObject } from './jsonSchema.ts';

/** Every schema that a contract shows: inputs, outputs and event payloads. */
function schemasOf(contract: AnyContract): TSchema[] {
  return [
    ...Object.values(contract.operations).flatMap((op) => [op.input, op.output]),
    ...Object.values(contract.events).map((event) => event.schema),
  ];
}

/** Calls `found` for each named schema, at any depth. */
function eachNamed(schema: unknown, found: (name: string, schema: TSchema) => void): void {
  if (typeof schema !== 'object' || schema === null) return;
  // A recursive schema goes by the name that it refers to itself with.
  const name = (schema as JsonObject)['$defs' in schema ? '$ref' : 'x-name'];
  if (typeof name === 'string') found(name, schema);
  for (const value of Object.values(schema)) eachNamed(value, found);
}

/**
 * Prepares the components of a document that joins several contracts. A name that means two things
 * in two modules, or is in `reserved`, is qualified: `qmarket.Listing`.
 * @returns the schemas, filled while the document is written, and for each contract its names
 */
export function joinComponents(
  contracts: readonly AnyContract[],
  reserved: readonly string[],
): { schemas: Map<string, JsonObject>; of: (contract: AnyContract) => Components } {
  const meanings = new Map<string, Set<string>>(reserved.map((name) => [name, new Set(['', '-'])]));
  for (const contract of contracts)
    for (const schema of schemasOf(contract))
      eachNamed(schema, (name, named) => {
        const written = JSON.stringify(toJsonSchema(named, { refs: 'inline' }));
        meanings.set(name, (meanings.get(name) ?? new Set()).add(written));
      });
  const schemas = new Map<string, JsonObject>();
  return {
    schemas,
    of: (contract) => ({
      schemas,
      nameOf: (name) => ((meanings.get(name)?.size ?? 0) > 1 ? `${contract.name}.${name}` : name),
    }),
  };
}
