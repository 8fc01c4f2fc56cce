import { leafHash, parseVkey, verifyInclusion } from '@anarq/tlog';
import type { Checkpoint } from '@anarq/tlog';
import { LogError } from './errors.ts';
import { verifyHandovers } from './handover.ts';
import { openCheckpoint, type LogVkeys, type SignedCheckpoint } from './logKeys.ts';
import { parseReceipt } from './receiptFormat.ts';
import type { ParsedRecord, ReceiptBranch } from './receiptFormat.ts';
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
    return verdictOf(parseReceipt(receipt), options.trust);
  } catch (error) {
    return refused([error instanceof Error ? error.message : String(error)]);
  }
}

function verdictOf(
  { main, others }: ReturnType<typeof parseReceipt>,
  trust: string | undefined,
): ReceiptVerdict {
  const { log, handovers = [] } = main.branch;
  const checkpoint = openTree(main.branch);
  // Whoever pinned the keys before goes on with those that they handed the log over to.
  const since = handovers.findLastIndex(({ from }) => isPinned(trust, from) !== undefined);
  const direct = isPinned(trust, log);
  const found = direct ?? isPinned(trust, handovers[since]?.from);
  const [trusted, pinned] = [found !== undefined, found === 'both'];
  if (trust !== undefined && !trusted) {
    return refused(['the receipt is signed by another log than the pinned one']);
  }

  const problems: string[] = [];
  const branches = others.map(({ branch, records: parsed }) => {
    const tree = openTree(branch);
    // Its keys are those of the log that was judged above: whoever trusts the one trusts the other.
    if (!isSameNode(log, branch.log))
      problems.push(`the log ${tree.origin} is not one of a process of the node of ${log.origin}`);
    return {
      tree,
      records: parsed.map((record) => ({
        ...openVerified(record, tree, problems),
        origin: tree.origin,
      })),
    };
  });
  const records: OpenedRecord[] = [
    ...main.records.map((record) => openVerified(record, checkpoint, problems)),
    ...branches.flatMap((branch) => branch.records),
  ];
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
    ...(branches.length === 0
      ? {}
      : {
          others: branches.map(({ tree, records: ofTree }) => ({
            origin: tree.origin,
            size: tree.size,
            rootHashHex: tree.root.toHex(),
            signedAt: instant(tree.signedAt_s),
            records: ofTree.length,
          })),
        }),
    records,
    problems: [],
    ...statementsOf({
      signer,
      postQuantumKey,
      checkpoint,
      records,
      unlinked: links.unlinked,
      others: branches.map(({ tree, records: ofTree }) => ({ tree, count: ofTree.length })),
      handedOver: direct === undefined && trusted ? handovers.slice(since) : [],
    }),
  };
}

/** Opens the signed tree of a branch, and checks how its log came by its keys. */
function openTree({ checkpoint: note, log, handovers = [] }: ReceiptBranch): SignedCheckpoint {
  const checkpoint = openCheckpoint(note, log);
  if (checkpoint.origin !== log.origin)
    throw new LogError('CONTRADICTION', 'the checkpoint is of another log than the receipt says');
  verifyHandovers(handovers, log);
  return checkpoint;
}

/**
 * Processes of one node keep logs under the same keys, and under names of their own that begin with
 * the node's: 'q/QmNode' and 'q/QmNode/process'.
 */
function isSameNode(one: LogVkeys & Named, other: LogVkeys & Named): boolean {
  const node = (origin: string) => origin.split('/').slice(0, 2).join('/');
  const isSameKey = (a: string, b: string) =>
    parseVkey(a).publicKey.toHex() === parseVkey(b).publicKey.toHex();
  return (
    one.origin !== other.origin &&
    node(one.origin) === node(other.origin) &&
    isSameKey(one.ed25519, other.ed25519) &&
    isSameKey(one.mldsa44, other.mldsa44)
  );
}

interface Named {
  readonly origin: string;
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
