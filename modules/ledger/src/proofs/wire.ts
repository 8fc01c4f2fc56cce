import type { OutputOf } from '@anarq/common-schemas';
import { fromBase64url, toBase64url } from '@anarq/crypto';
import type { BalanceProof, TransferProof } from '@anarq/ledger-engine';
import type { ledger } from '../contract.ts';

type ProvenTransfer = OutputOf<typeof ledger.proveTransfer>;
type ProvenBalance = OutputOf<typeof ledger.proveBalance>;

/** A proof as the contract gives it. */
export const transferProofText = (
  { hashes, record, note, ordinal, result }: TransferProof,
  key: string,
): ProvenTransfer => ({
  key,
  note,
  ordinal,
  result,
  record: toBase64url(record),
  hashes: hashes.map(toBase64url),
});

export const balanceProofText = (proof: BalanceProof, key: string): ProvenBalance => ({
  key,
  note: proof.note,
  position: {
    events: proof.position.events,
    transfersRoot: toBase64url(proof.position.transfersRoot),
    timestamp: proof.position.timestamp.toString(),
  },
  positionHashes: proof.positionHashes.map(toBase64url),
  leaf: proof.leaf,
  record: toBase64url(proof.record),
  hashes: proof.hashes.map(toBase64url),
});

/** What `verifyTransferProof` of the engine takes, of what `ledger.proveTransfer` answered. */
export const readTransferProof = ({ hashes, record, ...rest }: ProvenTransfer): TransferProof => ({
  ...rest,
  record: fromBase64url(record),
  hashes: hashes.map(fromBase64url),
});

/** What `verifyBalanceProof` of the engine takes, of what `ledger.proveBalance` answered. */
export const readBalanceProof = (proof: ProvenBalance): BalanceProof => ({
  note: proof.note,
  position: {
    events: proof.position.events,
    transfersRoot: fromBase64url(proof.position.transfersRoot),
    timestamp: BigInt(proof.position.timestamp),
  },
  positionHashes: proof.positionHashes.map(fromBase64url),
  leaf: proof.leaf,
  record: fromBase64url(proof.record),
  hashes: proof.hashes.map(fromBase64url),
});
