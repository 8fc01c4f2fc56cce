import type { Sealer } from '@anarq/crypto';
import { toBase64url } from '@anarq/crypto';
import type { Row, Store } from '@anarq/store';
import { proveInclusion } from '@anarq/tlog';
import { LogError } from './errors.ts';
import type { Handover } from './handover.ts';
import type { LogVkeys } from './logKeys.ts';
import { pseudonymOf, unwrapKey } from './parties.ts';
import type { ReceiptBranch, ReceiptRecord } from './receiptFormat.ts';
import { RECEIPT_RECORDS_MAX } from './receiptFormat.ts';
import type { TreeState } from './treeStore.ts';
import { bytes, integer, leafIndexOf, overTree, text } from './treeStore.ts';

interface FoundRecord {
  readonly cid: string;
  readonly tenant: string;
  readonly id: string | null;
  readonly sealed: Uint8Array;
  readonly wrapped: Uint8Array | null;
  readonly leafIndex: number | null;
}

/** A record and its steps as a party may see them. */
export interface RecordTree {
  readonly party: string;
  readonly records: readonly FoundRecord[];
}

/** Records, by CID or id, whose steps may be in another log of the node. */
export interface StepsOf {
  readonly tenant: string;
  readonly parents: readonly string[];
}

export const stepsOf = ({ records }: RecordTree): StepsOf => ({
  tenant: records[0]?.tenant ?? '',
  parents: records.flatMap(({ cid, id }) => (id === null ? [cid] : [cid, id])),
});

/** Reads the steps that are here of records that are elsewhere, opened as far as the party may. */
export async function findSteps(
  store: Store,
  sealer: Sealer,
  { tenant, parents }: StepsOf,
  party: string,
): Promise<RecordTree> {
  const pseudonym = pseudonymOf(sealer, party);
  const found = new Map<string, FoundRecord>();
  for (const parent of parents.slice(0, 2 * RECEIPT_RECORDS_MAX)) {
    const where = 'r.tenant = :tenant and r.parent = :parent';
    for (const step of await readRecords(store, pseudonym, where, { tenant, parent }))
      found.set(step.cid, step);
  }
  await addSteps(store, pseudonym, found);
  return { party, records: [...found.values()] };
}

/**
 * Reads a record that the party may open, and its steps in commit order, breadth first.
 * Throws LogError NOT_FOUND (no such record, or not for this party: the two look alike) or LIMIT.
 */
export async function findRecords(
  store: Store,
  sealer: Sealer,
  cid: string,
  party: string,
): Promise<RecordTree> {
  const pseudonym = pseudonymOf(sealer, party);
  const [root] = await readRecords(store, pseudonym, 'r.cid = :cid', { cid });
  if (root === undefined || root.wrapped === null) {
    throw new LogError('NOT_FOUND', 'there is no such record, or it is not for this party');
  }
  const found = new Map([[root.cid, root]]);
  await addSteps(store, pseudonym, found);
  return { party, records: [...found.values()] };
}

/** Adds the steps of what was found, and theirs. */
async function addSteps(
  store: Store,
  pseudonym: string,
  found: Map<string, FoundRecord>,
): Promise<void> {
  for (const record of found.values()) {
    const names = { tenant: record.tenant, cid: record.cid, id: record.id ?? record.cid };
    const where = 'r.tenant = :tenant and r.parent in (:cid, :id)';
    for (const step of await readRecords(store, pseudonym, where, names)) {
      if (!found.has(step.cid)) found.set(step.cid, step);
    }
    if (found.size > RECEIPT_RECORDS_MAX) {
      throw new LogError('LIMIT', `the record has more than ${RECEIPT_RECORDS_MAX - 1} steps`);
    }
  }
}

/** Proves records found before the tree was signed, so that all of them are in it. */
export async function makeBranch(
  options: { readonly store: Store; readonly sealer: Sealer; readonly origin: string },
  log: { readonly vkeys: LogVkeys; readonly handovers: readonly Handover[] },
  tree: TreeState,
  found: RecordTree,
): Promise<ReceiptBranch> {
  const { store, sealer, origin } = options;
  const placed: (FoundRecord & { readonly leafIndex: number })[] = [];
  for (const record of found.records) {
    const leafIndex = record.leafIndex ?? (await leafIndexOf(store, record.cid));
    placed.push({ ...record, leafIndex });
  }
  const proofs = await overTree(store, tree.size, (node) =>
    placed.map(({ leafIndex }) => proveInclusion(leafIndex, tree.size, node)),
  );
  const records = placed.map(({ cid, sealed, wrapped, leafIndex }, i): ReceiptRecord => {
    const proof = (proofs[i] ?? []).map((hash) => hash.toBase64());
    const record = { cid, sealed: toBase64url(sealed), leafIndex, proof };
    if (wrapped === null) return record;
    return { ...record, key: toBase64url(unwrapKey(sealer, cid, found.party, wrapped)) };
  });
  return {
    records,
    checkpoint: tree.note,
    log: { origin, ...log.vkeys },
    ...(log.handovers.length === 0 ? {} : { handovers: log.handovers }),
  };
}

async function readRecords(
  store: Store,
  party: string,
  where: string,
  params: Record<string, string>,
): Promise<FoundRecord[]> {
  const rows = await store.read(
    `select r.cid, r.tenant, r.id, r.sealed, l.leaf_index, k.wrapped
      from log_record r
      left join log_leaf l on l.seq = r.seq
      left join log_key k on k.party = :party and k.at_ms = r.at_ms and k.cid = r.cid
      where ${where} order by r.seq limit :limit`,
    { ...params, party, limit: RECEIPT_RECORDS_MAX + 1 },
  );
  return rows.map(toFoundRecord);
}

function toFoundRecord(row: Row): FoundRecord {
  return {
    cid: text(row, 'cid'),
    tenant: text(row, 'tenant'),
    id: row['id'] === null ? null : text(row, 'id'),
    sealed: bytes(row, 'sealed'),
    wrapped: row['wrapped'] === null ? null : bytes(row, 'wrapped'),
    leafIndex: row['leaf_index'] === null ? null : integer(row, 'leaf_index'),
  };
}
