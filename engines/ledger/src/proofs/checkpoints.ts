import {
  cosignCheckpoint,
  formatCheckpoint,
  formatNote,
  leafHash,
  mldsa44Verifier,
  openNote,
  parseCheckpoint,
  verifyInclusion,
  type Vkey,
} from '@anarq/tlog';
import { RECORD_BYTES } from '../layout.ts';
import { eventLeaf, positionLeaf, type BooksPosition } from './leaves.ts';

/** Makes ML-DSA-44 signatures (FIPS 204) for the key of a ledger. */
export interface CheckpointSigner {
  readonly vkey: Vkey;
  readonly sign: (message: Uint8Array) => Uint8Array;
}

/** Two signed notes (C2SP tlog-checkpoint with an ML-DSA-44 cosignature) about one instant of the books. */
export interface LedgerCheckpoint {
  /** About all events: it only ever grows. */
  readonly transfers: string;
  /** About all balances; its first leaf is the position that they belong to. */
  readonly accounts: string;
  readonly position: BooksPosition;
}

/** What a signed note says about a tree. */
export interface SignedTree {
  /** Leaves. */
  readonly size: number;
  /** 32 bytes. */
  readonly root: Uint8Array;
}

/** That an event is in the log, and what became of it. */
export interface TransferProof {
  readonly note: string;
  readonly ordinal: number;
  /** A number of TRANSFER_RESULTS. */
  readonly result: number;
  /** 128 bytes. */
  readonly record: Uint8Array;
  readonly hashes: readonly Uint8Array[];
}

/** What the balances of an account were at a position of the books. */
export interface BalanceProof {
  readonly note: string;
  readonly position: BooksPosition;
  readonly positionHashes: readonly Uint8Array[];
  /** Which leaf the account is. */
  readonly leaf: number;
  /** 128 bytes. */
  readonly record: Uint8Array;
  readonly hashes: readonly Uint8Array[];
}

const transfersOrigin = (ledger: string): string => `${ledger}/transfers`;
const accountsOrigin = (ledger: string): string => `${ledger}/accounts`;

/**
 * Signs both trees.
 * @param ledger the name of the ledger's key: a host and a path without spaces, as C2SP asks
 * @param time_s POSIX seconds
 */
export function signCheckpoint(
  signer: CheckpointSigner,
  trees: {
    readonly position: BooksPosition;
    readonly accountsSize: number;
    readonly accountsRoot: Uint8Array;
  },
  time_s: number,
): LedgerCheckpoint {
  const { position, accountsSize, accountsRoot } = trees;
  const { name } = signer.vkey;
  const note = (origin: string, size: number, root: Uint8Array): string => {
    const text = formatCheckpoint({ origin, size, root, extensions: [] });
    const { vkey, sign } = signer;
    return formatNote(text, [cosignCheckpoint({ vkey, text, timestamp_s: time_s, sign })]);
  };
  return {
    transfers: note(transfersOrigin(name), position.events, position.transfersRoot),
    accounts: note(accountsOrigin(name), accountsSize, accountsRoot),
    position,
  };
}

/**
 * Whether a proof shows what it says, by nothing but the ledger's public key. Never throws.
 * @returns false for anything else
 */
export function verifyTransferProof(proof: TransferProof, vkey: Vkey): boolean {
  const checkpoint = opened(proof.note, vkey, transfersOrigin(vkey.name));
  if (checkpoint === undefined || proof.record.length !== RECORD_BYTES) return false;
  const leaf = leafHash(eventLeaf(proof.ordinal, proof.result, proof.record));
  return verifyInclusion(proof.ordinal, checkpoint.size, leaf, proof.hashes, checkpoint.root);
}

/** Likewise for balances: the account and the position are leaves of one signed tree. */
export function verifyBalanceProof(proof: BalanceProof, vkey: Vkey): boolean {
  const checkpoint = opened(proof.note, vkey, accountsOrigin(vkey.name));
  if (checkpoint === undefined || proof.record.length !== RECORD_BYTES || proof.leaf < 1)
    return false;
  const { size, root } = checkpoint;
  const position = leafHash(positionLeaf(proof.position));
  return (
    verifyInclusion(0, size, position, proof.positionHashes, root) &&
    verifyInclusion(proof.leaf, size, leafHash(proof.record), proof.hashes, root)
  );
}

/** What the note about all events says; undefined where it is none, or not of this key. Never throws. */
export const readTransfersNote = (note: string, vkey: Vkey): SignedTree | undefined =>
  opened(note, vkey, transfersOrigin(vkey.name));

/** Likewise of the note about all balances. */
export const readAccountsNote = (note: string, vkey: Vkey): SignedTree | undefined =>
  opened(note, vkey, accountsOrigin(vkey.name));

function opened(note: string, vkey: Vkey, origin: string): SignedTree | undefined {
  try {
    const { text } = openNote(note, [mldsa44Verifier(vkey)]);
    const checkpoint = parseCheckpoint(text);
    return checkpoint.origin === origin ? checkpoint : undefined;
  } catch {
    return undefined;
  }
}
