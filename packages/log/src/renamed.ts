import type { LogOptions } from './logOptions.ts';
import { signCheckpoint, vkeysOf } from './logKeys.ts';
import { auditAtOpen } from './audit.ts';
import type { TreeState } from './treeStore.ts';

/**
 * The stored tree under the name that the log has now. A restored copy goes on under a name of its
 * own, so that the keys never sign two trees of one name; what is stored must be of the same keys,
 * under the name before, which begins alike.
 * Throws LogError CONTRADICTION where it is not.
 */
export async function underItsName(
  { store, origin, keys, now_ms, continues }: LogOptions,
  tree: TreeState,
): Promise<TreeState> {
  const before = originOf(tree.note);
  const isBefore =
    continues !== undefined && (before === continues || before.startsWith(`${continues}/`));
  if (before === origin || !isBefore) return tree;
  await auditAtOpen(store, vkeysOf(before, keys), tree);
  const note = signCheckpoint(origin, keys, tree, now_ms());
  await store.commit([
    {
      name: 'log renamed',
      sql: 'update log_checkpoint set note = :note where note = :before',
      params: { note, before: tree.note },
      expect: { changes: 1 },
    },
  ]);
  return { ...tree, note };
}

/** The first line of a checkpoint names its log (C2SP tlog-checkpoint). */
export const originOf = (note: string): string => note.slice(0, Math.max(0, note.indexOf('\n')));
