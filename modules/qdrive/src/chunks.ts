import { fail } from '@anarq/common-schemas';
import { ContentError, type ChunkRef } from '@anarq/content';
import { partsFrom, type Select, type StoredPart } from './store.ts';

/** Looks up the chunks of a file as a reader asks for them, in order, a page of rows in memory. */
export function chunkLookup(select: Select, file: string): (index: number) => Promise<ChunkRef> {
  let page: StoredPart[] = [];
  return async (index) => {
    const first = page[0]?.index ?? -1;
    if (first < 0 || index < first || index >= first + page.length)
      page = await partsFrom(select, file, index);
    const found = page[index - (page[0]?.index ?? 0)];
    if (found?.index !== index)
      throw new ContentError('NOT_FOUND', `There is no row of chunk ${index}.`);
    return { cid: found.block, bytes: found.bytes };
  };
}

/** What the content store says, in the words of the table: stored bytes that do not read are ours to mend. */
export async function* inTableWords(body: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  try {
    yield* body;
  } catch (error) {
    if (!(error instanceof ContentError)) throw error;
    fail('IPFS_UNAVAILABLE', `Stored content cannot be read: ${error.message}`, {
      reason: error.code,
    });
  }
}
