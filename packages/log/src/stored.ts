import type { Store } from '@anarq/store';
import { treeRoot } from '@anarq/tlog';
import { auditAll, type AuditResult } from './audit.ts';
import { LogError } from './errors.ts';
import { readHandovers, type Handover } from './handover.ts';
import { openCheckpoint, type LogVkeys, type SignedCheckpoint } from './logKeys.ts';
import { MIGRATIONS } from './schema.ts';
import { overTree, readTree } from './treeStore.ts';

/** A log that lies in a store, as its stored records and its last checkpoint show it; nothing is signed. */
interface StoredLog {
  readonly size: number;
  readonly note: string;
  readonly audit: AuditResult;
}

/** Computes a stored log again from its records. Throws LogError CONTRADICTION where there is none. */
export async function auditStored(store: Store, vkeys: LogVkeys): Promise<StoredLog> {
  const tree = await readTree(store);
  if (tree === undefined) throw new LogError('CONTRADICTION', 'the store holds no log');
  return { size: tree.size, note: tree.note, audit: await auditAll(store, vkeys, tree) };
}

/** How a stored log stands to a checkpoint of the same log that was seen elsewhere. */
interface Standing {
  /** Records of the checkpoint that the stored log lacks. */
  readonly missing: number;
  /** Records that the stored log has beyond it. */
  readonly newer: number;
}

/**
 * Compares a stored log with a checkpoint that was seen elsewhere: in a receipt, or with a witness.
 * Throws TlogError or LogError CONTRADICTION where it is no checkpoint of these keys, or one of
 * another history.
 */
export async function compareStored(
  store: Store,
  vkeys: LogVkeys,
  note: string,
): Promise<Standing> {
  // A copy from before there were handovers has no table of them.
  await store.migrate('log', MIGRATIONS);
  const seen = openSeen(note, vkeys, await readHandovers(store));
  const tree = await readTree(store);
  const size = tree?.size ?? 0;
  if (seen.size > size) return { missing: seen.size - size, newer: 0 };
  const root =
    seen.size === 0
      ? seen.root
      : await overTree(store, seen.size, (node) => treeRoot(seen.size, node));
  if (root.toHex() !== seen.root.toHex())
    throw new LogError('CONTRADICTION', 'the checkpoint is of another history than the stored log');
  return { missing: 0, newer: size - seen.size };
}

/** A checkpoint that was seen before the log was handed over carries the signatures of the keys before. */
function openSeen(note: string, vkeys: LogVkeys, handovers: readonly Handover[]): SignedCheckpoint {
  for (const { from } of handovers) {
    try {
      return openCheckpoint(note, from);
    } catch {
      // Signed by other keys: the next ones, or those in force, of which the error then tells.
    }
  }
  return openCheckpoint(note, vkeys);
}
