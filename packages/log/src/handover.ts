import {
  canonicalJson,
  fromBase64url,
  importPublicKey,
  signSingle,
  toBase64url,
  utf8,
  verifySingle,
  type LogKeys,
} from '@anarq/crypto';
import type { Store } from '@anarq/store';
import { parseVkey } from '@anarq/tlog';
import { LogError } from './errors.ts';
import {
  isCheckpointOf,
  openCheckpoint,
  signCheckpoint,
  vkeysOf,
  type LogVkeys,
} from './logKeys.ts';
import type { LogOptions } from './logOptions.ts';
import { originOf } from './renamed.ts';
import type { TreeState } from './treeStore.ts';
import { text } from './treeStore.ts';

/**
 * A log says that other keys sign it from a tree on: signed by the keys before, so that whoever
 * pinned those may go on with the new ones, and by the keys after, which show that they are had.
 */
export interface Handover {
  readonly type: 'q.log-handover.v1';
  readonly origin: string;
  /** Leaves and root (hex) of the last tree that the keys before signed. */
  readonly size: number;
  readonly rootHashHex: string;
  /** By the clock of the node, ISO 8601. */
  readonly at: string;
  readonly from: LogVkeys;
  readonly to: LogVkeys;
  /** base64url; each over the type, a line break, and the canonical JSON of all but `signatures`. */
  readonly signatures: { readonly from: Signatures; readonly to: Signatures };
}

interface Signatures {
  readonly ed25519: string;
  readonly mldsa44: string;
}

/** A receipt carries as many; a log that was handed over more often needs a newer pinned key. */
export const HANDOVERS_MAX = 16;

const TYPE = 'q.log-handover.v1';
const CONTEXT = utf8(TYPE);

/**
 * The stored tree under the keys that sign the log now. Where keys before them signed it last, they
 * hand the log over: the statement and the note of the new keys are one commit.
 * Throws LogError CONTRADICTION where neither signed it.
 */
export async function underItsKeys(
  { store, keys, keysBefore = [], now_ms }: LogOptions,
  tree: TreeState,
): Promise<TreeState> {
  const origin = originOf(tree.note);
  if (isCheckpointOf(tree.note, vkeysOf(origin, keys))) return tree;
  const before = keysBefore.findLast((old) => isCheckpointOf(tree.note, vkeysOf(origin, old)));
  // Nobody here signed it: the check at open says so.
  if (before === undefined) return tree;
  const signed = openCheckpoint(tree.note, vkeysOf(origin, before));
  if (signed.size !== tree.size || signed.root.toHex() !== tree.root.toHex()) {
    throw new LogError('CONTRADICTION', 'the keys before signed another tree than the stored one');
  }
  const handover = signHandover(origin, tree, before, keys, now_ms());
  const note = signCheckpoint(origin, keys, tree, now_ms());
  await store.commit([
    {
      name: 'log handed over',
      sql: 'update log_checkpoint set note = :note where note = :before',
      params: { note, before: tree.note },
      expect: { changes: 1 },
    },
    {
      name: 'log handover',
      sql: `insert into log_handover (number, body)
        select coalesce(max(number), 0) + 1, :body from log_handover`,
      params: { body: JSON.stringify(handover) },
    },
  ]);
  return { ...tree, note };
}

/** What a log was handed over by so far, the oldest first. */
export async function readHandovers(store: Store): Promise<Handover[]> {
  const rows = await store.read('select body from log_handover order by number');
  // The log wrote them; whoever is given one checks it with verifyHandover.
  return rows.map((row) => JSON.parse(text(row, 'body')) as Handover);
}

/** Those that lead, without a gap, to the keys of a log: what a receipt carries. */
export function handoversTo(
  vkeys: LogVkeys,
  origin: string,
  all: readonly Handover[],
): readonly Handover[] {
  const chain: Handover[] = [];
  let key = vkeys.ed25519;
  for (const handover of all.filter((one) => one.origin === origin).toReversed()) {
    if (handover.to.ed25519 !== key || chain.length === HANDOVERS_MAX) break;
    chain.unshift(handover);
    key = handover.from.ed25519;
  }
  return chain;
}

/**
 * Checks a chain of handovers that ends at the keys of a log: every signature, and that each begins
 * where the one before ended, at a tree that did not shrink. Throws LogError CONTRADICTION.
 */
export function verifyHandovers(
  handovers: readonly Handover[],
  log: LogVkeys & { readonly origin: string },
): void {
  for (const [place, handover] of handovers.entries()) {
    const next = handovers[place + 1];
    const to = next?.from ?? log;
    if (handover.origin !== log.origin) contradiction('is of another log');
    if (handover.to.ed25519 !== to.ed25519 || handover.to.mldsa44 !== to.mldsa44)
      contradiction('does not lead to the keys that come after it');
    if (next !== undefined && next.size < handover.size) contradiction('is of a later tree');
    if (!isWhole(handover)) contradiction('has a signature that does not verify');
  }
}

function signHandover(
  origin: string,
  tree: TreeState,
  before: LogKeys,
  after: LogKeys,
  now_ms: number,
): Handover {
  const said: Omit<Handover, 'signatures'> = {
    type: TYPE,
    origin,
    size: tree.size,
    rootHashHex: tree.root.toHex(),
    at: new Date(now_ms).toISOString(),
    from: vkeysOf(origin, before),
    to: vkeysOf(origin, after),
  };
  const message = messageOf(said);
  return {
    ...said,
    signatures: { from: signBoth(before, message), to: signBoth(after, message) },
  };
}

const signBoth = (keys: LogKeys, message: Uint8Array): Signatures => ({
  ed25519: toBase64url(signSingle(keys.ed25519, message)),
  mldsa44: toBase64url(signSingle(keys.mldsa44, message, CONTEXT)),
});

/** Whether all four signatures verify: of both algorithms, by the keys before and after. */
function isWhole(handover: Handover): boolean {
  const { signatures, ...said } = handover;
  const message = messageOf(said);
  return (['from', 'to'] as const).every((side) =>
    (['ed25519', 'mldsa44'] as const).every((algorithm) => {
      const { name, publicKey } = parseVkey(handover[side][algorithm]);
      return (
        name === handover.origin &&
        verifySingle(
          importPublicKey(algorithm, publicKey),
          message,
          fromBase64url(signatures[side][algorithm]),
          algorithm === 'mldsa44' ? CONTEXT : undefined,
        )
      );
    }),
  );
}

const messageOf = (said: Omit<Handover, 'signatures'>): Uint8Array =>
  utf8(`${TYPE}\n${canonicalJson(said)}`);

function contradiction(what: string): never {
  throw new LogError('CONTRADICTION', `a handover of the log ${what}`);
}
