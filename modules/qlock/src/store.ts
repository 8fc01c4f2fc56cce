import { blob, createTable, int, nullable, sealed, table, text, type RowOf } from '@anarq/kernel';
import type { Migration } from '@anarq/store';

/** Under which the secret part of a key's version is sealed. */
export const KEY_PURPOSE = 'qlock-key';

export type KeyKind = 'symmetric' | 'recipient' | 'signing';

/** Keys; `current` is the version in use. */
export const keys = table(
  'qlock_key',
  { resource: 'key' },
  {
    kind: text(),
    name: sealed(text()),
    current: int(),
    /** Two multikeys joined by +, of the current version; null for symmetric keys. */
    public_key: nullable(text()),
  },
);

/** The versions of a key, id `<keyId>.<number>`. The secret part is sealed for that id. */
export const keyVersions = table(
  'qlock_version',
  {},
  {
    key_id: text(),
    number: int(),
    secret_sealed: blob({ purpose: KEY_PURPOSE }),
    public_key: nullable(text()),
  },
);

/**
 * Locks, one row a name that was ever locked: it stays, so that its token never falls back. `holder`
 * and `lock_id` are empty while nobody holds it.
 */
export const locks = table(
  'qlock_lock',
  {},
  { name: text(), token: int(), holder: text(), lock_id: text(), expires_ms: int() },
);

export type KeyRow = RowOf<typeof keys>;
export type LockRow = RowOf<typeof locks>;

export const migrations: readonly Migration[] = [
  {
    id: 1,
    sql: [
      createTable(keys),
      'CREATE INDEX qlock_key_owner ON qlock_key (tenant, owner, id);',
      createTable(keyVersions),
      createTable(locks),
      'CREATE INDEX qlock_lock_owner ON qlock_lock (tenant, owner);',
    ].join('\n'),
  },
];
