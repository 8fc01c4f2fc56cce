import type { Budget } from '@anarq/authority';
import type { JsonValue } from '@anarq/common-schemas';
import type { CallLimits } from '@anarq/crypto';
import { createTable, int, json, nullable, sealed, table, text, type RowOf } from '@anarq/kernel';
import type { Migration } from '@anarq/store';

/** What a grant that somebody asks for would say. */
export interface AskedTerms {
  readonly command: string;
  /** UCAN policy: a list of statements. */
  readonly policy: readonly JsonValue[];
  readonly budget?: Budget;
  readonly calls?: CallLimits;
  /** RFC 3339. */
  readonly expiresAt?: string;
}

/** Requests for grants; `owner` is who is asked. `ask` tells two alike of one asker apart from others. */
export const requests = table(
  'qonsent_request',
  { resource: 'request' },
  {
    asker: text(),
    /** Root identity of the asker: all below it share one limit. */
    asker_root: text(),
    subject: text(),
    state: text(),
    ask: text(),
    terms: sealed(json<AskedTerms>()),
    reason: sealed(text()),
    asked_under: nullable(text()),
    open_until_ms: int(),
    answered_ms: nullable(int()),
    grant_cid: nullable(text()),
    note: nullable(sealed(text())),
  },
);

export type RequestRow = RowOf<typeof requests>;

export const migrations: readonly Migration[] = [
  {
    id: 1,
    sql: [
      createTable(requests),
      'CREATE INDEX qonsent_request_owner ON qonsent_request (tenant, owner, id);',
      'CREATE INDEX qonsent_request_asker ON qonsent_request (tenant, asker, id);',
      `CREATE INDEX qonsent_request_waits ON qonsent_request (tenant, asker_root) WHERE state = 'OPEN';`,
      // Asked twice is one: also of two calls at once, one finds the other's.
      `CREATE UNIQUE INDEX qonsent_request_open ON qonsent_request (tenant, ask) WHERE state = 'OPEN';`,
    ].join('\n'),
  },
];
