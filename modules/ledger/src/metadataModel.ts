import { t } from '@anarq/common-schemas';

/** Entries of the metadata of one transaction or account at most. */
export const METADATA_MAX = 32;
export const METADATA_CHARS_MAX = 256;

export const metadata = () =>
  t.map(t.string({ maxLength: METADATA_CHARS_MAX }), {
    maxEntries: METADATA_MAX,
    description: 'What the caller wants to find it by; never looked at otherwise.',
  });
