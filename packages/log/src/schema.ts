import type { Migration } from '@anarq/store';

/**
 * The tables of the log. `seq` is the order of commit, because the store has one writer; `log_leaf` gives records
 * their place in the tree; `log_checkpoint` has one row, the last one signed.
 */
export const MIGRATIONS: readonly Migration[] = [
  {
    id: 1,
    sql: `
      create table log_record (
        seq integer primary key autoincrement,
        cid text not null unique,
        tenant text not null,
        op text not null,
        code text not null,
        at_ms integer not null,
        id text,
        parent text,
        sealed blob not null
      ) strict;
      create index log_record_parent on log_record (tenant, parent) where parent is not null;
      create table log_key (
        party text not null,
        at_ms integer not null,
        cid text not null,
        wrapped blob not null,
        primary key (party, at_ms, cid)
      ) strict, without rowid;
      create table log_leaf (
        leaf_index integer primary key,
        seq integer not null unique
      ) strict;
      create table log_tile (
        level integer not null,
        tile_index integer not null,
        hashes blob not null,
        primary key (level, tile_index)
      ) strict, without rowid;
      create table log_checkpoint (
        one integer primary key check (one = 1),
        size integer not null,
        last_seq integer not null,
        root blob not null,
        note text not null
      ) strict;
    `,
  },
  {
    id: 2,
    sql: `create table log_handover (number integer primary key, body text not null) strict;`,
  },
];
