import { t } from '@anarq/common-schemas';

const HASH_BYTES = 32;
const RECORD_BYTES = 128;
/** A tree has fewer than 2^63 leaves. */
const HASHES_MAX = 64;

const key = () =>
  t.string({
    description: 'Verifier key (C2SP signed-note, ML-DSA-44) of the books of this node.',
  });
const note = () => t.string({ description: 'A checkpoint (C2SP) with its cosignature.' });
const hash = () => t.bytes({ maxBytes: HASH_BYTES });
const hashes = () => t.array(hash(), { maxItems: HASHES_MAX });
const record = () =>
  t.bytes({ maxBytes: RECORD_BYTES, description: 'The record in the books, as the leaf has it.' });

export const SignedBooksModel = t.named(
  'SignedBooks',
  t.object({
    key: key(),
    transfers: t.string({ description: 'The note about all events of transfers.' }),
    accounts: t.string({ description: 'The note about all accounts and their balances.' }),
    events: t.integer({ minimum: 0, description: 'Events of transfers in it, refused ones too.' }),
  }),
);

export const ProvenTransfer = t.named(
  'ProvenTransfer',
  t.object({
    key: key(),
    note: note(),
    ordinal: t.integer({ minimum: 0 }),
    result: t.integer({ minimum: 0 }),
    record: record(),
    hashes: hashes(),
  }),
);

export const ProvenBalance = t.named(
  'ProvenBalance',
  t.object({
    key: key(),
    note: note(),
    position: t.object({
      events: t.integer({ minimum: 0 }),
      transfersRoot: hash(),
      timestamp: t.int64({ description: 'Of the last event, in nanoseconds.' }),
    }),
    positionHashes: hashes(),
    leaf: t.integer({ minimum: 1 }),
    record: record(),
    hashes: hashes(),
  }),
);
