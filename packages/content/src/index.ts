/** Files as sealed, content-addressed blocks; and the tickets and headers by which bytes move. */
export { type BlockStore, MAX_BLOCK_BYTES, MAX_LIST_LIMIT, openBlockStore } from './blockStore.ts';
export { parseRawCid } from './cid.ts';
export { ContentError, type ContentErrorCode } from './errors.ts';
export { checkFileName, contentDisposition, MAX_FILE_NAME_BYTES } from './fileName.ts';
export { type ByteRange, contentRange, parseRange } from './httpRange.ts';
export { rechunk } from './rechunk.ts';
export {
  chunkBytesOf,
  chunkCountOf,
  openChunk,
  SEAL_OVERHEAD_BYTES,
  sealChunk,
  SEALED_CHUNK_BYTES,
  sealedBytesOf,
} from './sealedChunk.ts';
export {
  type ChunkRef,
  openSealedStream,
  readRange,
  readSealed,
  type SealedFile,
} from './sealedFile.ts';
export { createTickets, type TicketClaims, type Tickets } from './ticket.ts';
export { CHILDREN_PER_NODE, CHUNK_BYTES, DagBuilder, leafCid, rootCidOf } from './unixfs.ts';
