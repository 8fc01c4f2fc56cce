import { fail } from '@anarq/common-schemas';
import { handler } from '@anarq/kernel';
import { qdrive } from '../contract.ts';
import { assertFileName, fileView } from '../fileView.ts';
import { files } from '../store.ts';

export const setMetadata = handler(qdrive.setMetadata, async (input, ctx) => {
  if (input.name !== undefined) assertFileName(input.name);
  const file = await ctx.rows(files).require(input.fileId);
  if (input.expectVersion !== undefined && input.expectVersion !== file.version)
    fail('VERSION_CONFLICT', `The file has version ${file.version}.`, {
      expected: input.expectVersion,
      found: file.version,
    });
  const change = {
    name: input.name ?? file.name,
    media_type: input.mediaType ?? file.media_type,
    metadata: input.metadata ?? file.metadata,
  };
  ctx.rows(files).update(file, change);
  return fileView({ ...file, ...change, version: file.version + 1, updated_ms: ctx.now_ms });
});
