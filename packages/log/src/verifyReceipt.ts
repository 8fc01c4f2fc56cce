import { leafHash, verifyInclusion } from '@anarq/tlog';
import type { Checkpoint } from '@anarq/tlog';
import { LogError } from './errors.ts';
import { verifyHandovers } from './handover.ts';
import { openCheckpoint, type LogVkeys } from './logKeys.ts';
import { parseReceipt } from './receiptFormat.ts';
import type { ParsedRecord, Receipt } from './receiptFormat.ts';
import { linkProblems } from './receiptLinks.ts';
import { statementsOf } from './receiptStatements.ts';
import type { OpenedRecord, ReceiptVerdict } from './receiptVerdict.ts';
import { cidBytes, cidOf, openRecord } from './sealedRecord.ts';

/**
 * Verifies a receipt with nothing but the receipt: no network, no node, no store. `trust` pins the log: its Ed25519
 * verifier key, or that and its ML-DSA-44 verifier key with a comma between. Never throws; a receipt that is not
 * whole is `ok: false` with its problems, and none of its contents are given out.
 */
export function verifyReceipt(
  receipt: unknown,
  options: { readonly trust?: string } = {},
): ReceiptVerdict {
  try {
    return verdictOf(...parseReceipt(receipt), options.trust);
  } catch (error) {
    return refused([error instanceof Error ? error.message : String(error)]);
  }
}

function verdictOf(
  receipt: Receipt,
  parsed: readonly ParsedRecord[],
  trust: string | undefined,
): ReceiptVerdict {
  const { log } = receipt;
  const checkpoint = openCheckpoint(receipt.checkpoint, log);
  if (checkpoint.origin !== log.origin) {
    throw new LogError('CONTRADICTION', 'the checkpoint is of another log than the receipt says');
  }
  const { handovers = [] } = receipt;
  verifyHandovers(handovers, log);
  // Whoever pinned the keys before goes on with those that they handed the log over to.
  const since = handovers.findLastIndex(({ from }) => isPinned(trust, from) !== undefined);
  const direct = isPinned(trust, log);
  const found = direct ?? isPinned(trust, handovers[since]?.from);
  const [trusted, pinned] = [found !== undefined, found === 'both'];
  if (trust !== undefined && !trusted) {
    return refused(['the receipt is signed by another log than the pinned one']);
  }

  const problems: string[] = [];
  const records = parsed.map((record) => openVerified(record, checkpoint, problems));
  const links = linkProblems(records);
  problems.push(...links.problems);
  if (problems.length > 0) return refused(problems);

  const signer = trusted ? 'trusted' : 'not trusted';
  const postQuantumKey = pinned ? 'pinned' : 'carried in the receipt';
  const at = records[0]?.body?.['at'];
  return {
    ok: true,
    signer,
    postQuantumKey,
    origin: checkpoint.origin,
    size: checkpoint.size,
    rootHashHex: checkpoint.root.toHex(),
    signedAt: instant(checkpoint.signedAt_s),
    ...(typeof at === 'string' ? { at } : {}),
    records,
    problems: [],
    ...statementsOf({
      signer,
      postQuantumKey,
      checkpoint,
      records,
      unlinked: links.unlinked,
      handedOver: direct === undefined && trusted ? handovers.slice(since) : [],
    }),
  };
}

/** Which of a log's keys somebody pinned: both, the one, or neither. */
function isPinned(
  trust: string | undefined,
  vkeys: LogVkeys | undefined,
): 'both' | 'one' | undefined {
  if (trust === undefined || vkeys === undefined) return undefined;
  if (trust === `${vkeys.ed25519},${vkeys.mldsa44}`) return 'both';
  return trust === vkeys.ed25519 ? 'one' : undefined;
}

/** Checks one record against its CID, its leaf and its key. Adds what is wrong to the problems. */
function openVerified(
  record: ParsedRecord,
  checkpoint: Checkpoint,
  problems: string[],
): OpenedRecord {
  const { cid, sealed, key, leafIndex, proof } = record;
  if (cidOf(sealed) !== cid) problems.push(`record ${cid} has other bytes than its CID says`);
  const leaf = leafHash(cidBytes(cid));
  if (!verifyInclusion(leafIndex, checkpoint.size, leaf, proof, checkpoint.root)) {
    problems.push(`record ${cid} is not at leaf ${leafIndex} of the signed tree`);
  }
  if (key === undefined) return { cid, leafIndex, body: null };
  try {
    return { cid, leafIndex, body: openRecord(sealed, key) };
  } catch (error) {
    problems.push(`record ${cid}: ${error instanceof Error ? error.message : String(error)}`);
    return { cid, leafIndex, body: null };
  }
}

function refused(problems: readonly string[]): ReceiptVerdict {
  return {
    ok: false,
    signer: 'not trusted',
    postQuantumKey: 'carried in the receipt',
    records: [],
    problems,
    proves: [],
    doesNotProve: ['anything: the receipt does not verify'],
  };
}

function instant(seconds: number): string {
  // The largest instant that a date can hold; a signed time beyond it is shown as that.
  return new Date(Math.min(seconds * 1000, 8.64e15)).toISOString();
}
