/**
 * Transparency log: RFC 6962 trees, proofs and their verification, C2SP tiles, signed notes, checkpoints,
 * cosignatures and proof files. Pure: bytes in, bytes out.
 */
export { formatCheckpoint, parseCheckpoint } from './checkpoint.ts';
export type { Checkpoint } from './checkpoint.ts';
export {
  cosignatureTime,
  cosignCheckpoint,
  cosignedMessage,
  mldsa44Verifier,
} from './cosignature.ts';
export type { CosignedSubtree } from './cosignature.ts';
export { ed25519Verifier, signEd25519 } from './ed25519.ts';
export { TlogError } from './errors.ts';
export type { TlogErrorCode } from './errors.ts';
export { frontierOf, frontierRoot, growFrontier } from './frontier.ts';
export type { Frontier } from './frontier.ts';
export { EMPTY_ROOT, HASH_BYTES, leafHash, nodeHash } from './hash.ts';
export { formatNote, NOTE_LENGTH_MAX, openNote, parseNote } from './note.ts';
export type { Note, NoteSignature, NoteVerifier } from './note.ts';
export { formatTlogProof, parseTlogProof } from './proofText.ts';
export type { TlogProof } from './proofText.ts';
export {
  nodesOfLeaves,
  proveConsistency,
  proveInclusion,
  proveSubtreeConsistency,
  proveSubtreeInclusion,
  subtreeRoot,
  treeRoot,
} from './prove.ts';
export type { NodeReader } from './prove.ts';
export {
  edgeTiles,
  entriesPath,
  entryBundle,
  growTiles,
  hashUp,
  nodeAddress,
  nodesOfTiles,
  parseEntryBundle,
  parseTilePath,
  TILE_WIDTH,
  tilePath,
  tilesNeeded,
  tileWidth,
} from './tiles.ts';
export type { NodeAddress, Tile, TileData, TileReader, TileRequest } from './tiles.ts';
export {
  PROOF_HASHES_MAX,
  verifyConsistency,
  verifyInclusion,
  verifySubtreeConsistency,
  verifySubtreeInclusion,
} from './verify.ts';
export type { Proof } from './verify.ts';
export { formatVkey, keyIdHex, parseVkey, SIGNATURE_TYPE, vkeyOf } from './vkey.ts';
export type { SignatureType, Vkey } from './vkey.ts';
