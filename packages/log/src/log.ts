import type { Statement, Store } from '@anarq/store';
import { entryBundle, proveConsistency, proveInclusion, tileWidth } from '@anarq/tlog';
import type { AuditResult } from './audit.ts';
import { auditAll, auditAtOpen } from './audit.ts';
import { LogError } from './errors.ts';
import type { LogOptions } from './logOptions.ts';
import { handoversTo, readHandovers, underItsKeys, type Handover } from './handover.ts';
import { Integrator, signEmptyTree } from './integrator.ts';
import type { LogVkeys } from './logKeys.ts';
import { vkeysOf } from './logKeys.ts';
import { endRetention, eraseParty } from './parties.ts';
import { findRecords, findSteps, makeBranch, stepsOf, type StepsOf } from './receipt.ts';
import type { Receipt, ReceiptBranch } from './receiptFormat.ts';
import type { Recorder } from './recorder.ts';
import { createRecorder } from './recorder.ts';
import { MIGRATIONS } from './schema.ts';
import { cidBytes } from './sealedRecord.ts';
import { underItsName } from './renamed.ts';
import type { SearchPage, SearchQuery } from './search.ts';
import { search } from './search.ts';
import { leafIndexOf, overTree, readTile, readTree, text } from './treeStore.ts';
import type { TreeState } from './treeStore.ts';

/** A signed tree: leaves, root hash (32 bytes), and the note with both signatures. */
export interface SignedTree {
  readonly size: number;
  readonly root: Uint8Array;
  readonly note: string;
}

/** Where a record stands in a signed tree. */
export interface Inclusion {
  readonly leafIndex: number;
  readonly proof: readonly Uint8Array[];
  readonly checkpoint: SignedTree;
}

/** The transparency log of a node. All methods may throw StoreError besides what they name. */
export interface Log {
  readonly recorder: Recorder;
  /** Verifier keys of the log, as text. */
  readonly vkeys: LogVkeys;
  /** The one key to pin when verifying receipts: the Ed25519 verifier key. */
  readonly trust: string;
  /** How earlier keys of the log handed it over to those it has now, the oldest first. */
  readonly handovers: readonly Handover[];
  /** To be called after a commit with records: they are in the signed tree within 100 ms. */
  wake(): void;
  /** Puts all committed records into the tree now. Throws LogError CLOSED. */
  integrate(): Promise<SignedTree>;
  /** The tree signed last. */
  checkpoint(): SignedTree;
  /** Inclusion proof of a record, integrated first where needed. Throws LogError NOT_FOUND or MALFORMED. */
  inclusion(cid: string): Promise<Inclusion>;
  /** Consistency proof between two sizes, 0 < from <= to <= size of the checkpoint. Throws TlogError TLOG_RANGE. */
  consistency(from: number, to: number): Promise<readonly Uint8Array[]>;
  /** Bytes of a tile (C2SP tlog-tiles), a partial one where width < 256. Throws LogError NOT_FOUND. */
  tile(level: number, index: number, width: number): Promise<Uint8Array>;
  /** Bytes of an entry bundle: each entry is the CID (36 bytes) of a record. Throws LogError NOT_FOUND. */
  entries(index: number, width: number): Promise<Uint8Array>;
  /**
   * Receipt of a record and its steps, opened as far as the party may; `elsewhere` finds those that are
   * in logs of other processes of the node. Throws LogError NOT_FOUND or LIMIT.
   */
  receipt(
    cid: string,
    party: string,
    elsewhere?: (of: StepsOf) => Promise<readonly ReceiptBranch[]>,
  ): Promise<Receipt>;
  /** What is here of the steps of records that are elsewhere; undefined where there are none. */
  steps(of: StepsOf, party: string): Promise<ReceiptBranch | undefined>;
  /** Opened records of a party. Throws LogError MALFORMED or LIMIT. */
  search(query: SearchQuery): Promise<SearchPage>;
  /** Statements that erase a party, for the caller's commit. Throws LogError MALFORMED. */
  erase(party: string): readonly Statement[];
  /** Statements that end legal retention of records older than an instant, for the caller's commit. */
  endRetention(before_ms: number): readonly Statement[];
  /** Computes the tree again from every stored record and compares. */
  verifySelf(): Promise<AuditResult>;
  /** Integrates a last time and stops; the store stays open. */
  close(): Promise<void>;
}

/**
 * Opens the log of a node: makes its tables, signs the empty tree the first time, else checks the last signed tree.
 * Throws LogError CONTRADICTION where what is stored disagrees with the last checkpoint or with the keys.
 */
export async function openLog(options: LogOptions): Promise<Log> {
  const { store, origin, keys, now_ms } = options;
  const vkeys = vkeysOf(origin, keys);
  await store.migrate('log', MIGRATIONS);
  const stored = await readTree(store);
  const tree =
    stored === undefined
      ? await signEmptyTree({ store, origin, keys, now_ms })
      : await underItsName(options, await underItsKeys(options, stored));
  await auditAtOpen(store, vkeys, tree);
  const onError = options.onError ?? (() => undefined);
  const integrator = new Integrator({ store, origin, keys, now_ms, onError }, tree);
  // Records committed just before a crash wait in the store; nobody else will call for them.
  integrator.wake();
  const handovers = handoversTo(vkeys, origin, await readHandovers(store));
  return assemble(options, vkeys, handovers, integrator);
}

function assemble(
  options: LogOptions,
  vkeys: LogVkeys,
  handovers: readonly Handover[],
  integrator: Integrator,
): Log {
  const { store, sealer } = options;
  const signed = ({ size, root, note }: TreeState): SignedTree => ({ size, root, note });
  return {
    recorder: createRecorder(sealer),
    vkeys,
    trust: vkeys.ed25519,
    handovers,
    wake: () => integrator.wake(),
    integrate: async () => signed(await integrator.integrate()),
    checkpoint: () => signed(integrator.tree),
    inclusion: async (cid) => {
      cidBytes(cid);
      const tree = await integrator.integrate();
      const leafIndex = await leafIndexOf(store, cid);
      const proof = await overTree(store, tree.size, (node) =>
        proveInclusion(leafIndex, tree.size, node),
      );
      return { leafIndex, proof, checkpoint: signed(tree) };
    },
    consistency: async (from, to) => {
      const size = Math.min(to, integrator.tree.size);
      return overTree(store, size, (node) => proveConsistency(from, to, node));
    },
    tile: async (level, index, width) => {
      checkWidth(integrator.tree, level, index, width);
      return readTile(store, { level, index, width });
    },
    entries: async (index, width) => {
      checkWidth(integrator.tree, 0, index, width);
      return readEntries(store, index, width);
    },
    receipt: async (cid, party, elsewhere) => {
      const found = await findRecords(store, sealer, cid, party);
      const tree = await integrator.integrate();
      const branch = await makeBranch(options, { vkeys, handovers }, tree, found);
      const others = (await elsewhere?.(stepsOf(found))) ?? [];
      return {
        type: 'q.receipt.v1',
        root: found.records[0]?.cid ?? '',
        ...branch,
        ...(others.length === 0 ? {} : { others }),
      };
    },
    steps: async (of, party) => {
      const found = await findSteps(store, sealer, of, party);
      if (found.records.length === 0) return undefined;
      const tree = await integrator.integrate();
      return makeBranch(options, { vkeys, handovers }, tree, found);
    },
    search: (query) => search(store, sealer, query),
    erase: (party) => eraseParty(sealer, party),
    endRetention: (before_ms) => endRetention(sealer, before_ms),
    verifySelf: () => auditAll(store, vkeys, integrator.tree),
    close: () => integrator.close(),
  };
}

function checkWidth(tree: TreeState, level: number, index: number, width: number): void {
  const valid = [level, index, width].every(Number.isSafeInteger) && level >= 0 && index >= 0;
  if (valid && width >= 1 && width <= tileWidth(level, index, tree.size)) return;
  throw new LogError('NOT_FOUND', 'there is no such tile in the signed tree');
}

async function readEntries(store: Store, index: number, width: number): Promise<Uint8Array> {
  const first = index * 256;
  const rows = await store.read(
    `select r.cid from log_leaf l join log_record r on r.seq = l.seq
      where l.leaf_index >= :first and l.leaf_index < :end order by l.leaf_index`,
    { first, end: first + width },
  );
  if (rows.length !== width) throw new LogError('CONTRADICTION', 'entries of the log are missing');
  return entryBundle(rows.map((row) => cidBytes(text(row, 'cid'))));
}
