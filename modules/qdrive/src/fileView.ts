import { fail, type Static } from '@anarq/common-schemas';
import { checkFileName } from '@anarq/content';
import type { File } from './contract.ts';
import type { FileRow } from './store.ts';

/** A file as callers see it. */
export const fileView = (row: FileRow): Static<typeof File> => ({
  fileId: row.id,
  owner: row.owner,
  name: row.name,
  mediaType: row.media_type,
  bytes: row.bytes,
  cid: row.cid,
  sha256Hex: row.sha256_hex,
  metadata: row.metadata,
  version: row.version,
  createdAt: new Date(row.created_ms).toISOString(),
  updatedAt: new Date(row.updated_ms).toISOString(),
});

/** @throws FILE_NAME_REFUSED with the reason, for a name that some system could misread */
export function assertFileName(name: string): void {
  const reason = checkFileName(name);
  if (reason !== undefined) fail('FILE_NAME_REFUSED', `The file name ${reason}.`, { reason });
}
