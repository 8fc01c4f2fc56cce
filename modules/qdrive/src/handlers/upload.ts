import { handler } from '@anarq/kernel';
import { qdrive } from '../contract.ts';
import { uploads } from '../store.ts';
import { uploadView } from '../upload.ts';

export const upload = handler(qdrive.upload, async (input, ctx) =>
  uploadView(await ctx.rows(uploads).require(input.uploadId), ctx),
);
