/** What is sent to PostgreSQL: the parameters by their names, for each statement is translated. */

import type { Wire } from '../front.ts';
import type { Expectation, SqlValue } from '../types.ts';
import { sizeOf, toParams } from '../values.ts';

/** A query with its parameters copied and made exact. */
export interface Query {
  readonly sql: string;
  readonly params: Readonly<Record<string, SqlValue>>;
}

/** A statement of a batch. */
export interface BatchStatement extends Query {
  readonly expect: Expectation;
  readonly name: string;
}

export const POSTGRES: Wire<BatchStatement, Query> = {
  statement(sql, { params = {}, expect = {}, name = '' }) {
    const copy = toParams(params);
    let bytes = 0;
    for (const value of Object.values(copy)) bytes += sizeOf(value);
    return { sent: { sql, params: copy, expect: { ...expect }, name }, bytes };
  },
  query: (sql, params) => ({ sql, params: toParams(params) }),
};
