import { handler } from '@anarq/kernel';
import { qdrive } from '../contract.ts';
import { fileView } from '../fileView.ts';
import { files } from '../store.ts';

export const file = handler(qdrive.file, async (input, ctx) =>
  fileView(await ctx.rows(files).require(input.fileId)),
);
