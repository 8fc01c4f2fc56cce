import { COMMON_ERRORS, errorTable, type ErrorCode } from '@anarq/common-schemas';
import type { JsonObject } from './jsonSchema.ts';

/** Codes grouped by their HTTP status, in the order of the statuses. */
function byStatus(codes: readonly ErrorCode[]): Map<number, ErrorCode[]> {
  const grouped = new Map<number, ErrorCode[]>();
  for (const code of new Set(codes)) {
    const status = errorTable[code].http;
    grouped.set(status, [...(grouped.get(status) ?? []), code]);
  }
  return new Map([...grouped].toSorted(([a], [b]) => a - b));
}

/** The answers that every operation may give, as shared components. */
export const commonFailures = (): JsonObject =>
  Object.fromEntries(
    [...byStatus(COMMON_ERRORS)].map(([status, codes]) => [
      `Failure${status}`,
      failureResponse(codes),
    ]),
  );

/** A status that the operation adds nothing to is a reference to the common answer. */
export function failureResponses(own: readonly ErrorCode[]): JsonObject {
  const common = byStatus(COMMON_ERRORS);
  return Object.fromEntries(
    [...byStatus([...COMMON_ERRORS, ...own])].map(([status, codes]) => [
      String(status),
      codes.length === common.get(status)?.length
        ? { $ref: `#/components/responses/Failure${status}` }
        : failureResponse(codes),
    ]),
  );
}

const failureResponse = (codes: readonly ErrorCode[]): JsonObject => ({
  description: codes.map((code) => `${code}: ${errorTable[code].message}`).join(' '),
  headers: { 'x-request-id': { $ref: '#/components/headers/RequestId' } },
  content: {
    'application/json': {
      schema: {
        allOf: [
          { $ref: '#/components/schemas/Failure' },
          { type: 'object', properties: { code: { enum: codes } } },
        ],
      },
    },
  },
});
