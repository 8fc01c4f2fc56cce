import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  readAccountsNote,
  readTransfersNote,
  type LedgerCheckpoint,
  type SignedTree,
} from '@anarq/ledger-engine';
import { keyIdHex, parseNote, type Vkey } from '@anarq/tlog';
import { syncFolderNow } from './folder.ts';

/** Stands between the two notes: no line of either is that. */
const BETWEEN = '\n===\n';

/** The two notes of a checkpoint. */
export type SignedNotes = Pick<LedgerCheckpoint, 'transfers' | 'accounts'>;

/** Both notes as they are kept, and what they say. */
export interface KeptNotes {
  readonly notes: SignedNotes;
  readonly transfers: SignedTree;
  readonly accounts: SignedTree;
  readonly key: Vkey;
}

const pathOf = (folder: string): string => join(folder, 'checkpoint');

/** Keeps the notes that were signed last. They are safe before anybody is told about them. */
export function keepNotes(folder: string, { transfers, accounts }: SignedNotes): void {
  const path = pathOf(folder);
  writeFileSync(`${path}.half`, `${transfers}${BETWEEN}${accounts}`, { mode: 0o600, flush: true });
  renameSync(`${path}.half`, path);
  syncFolderNow(folder);
}

/**
 * The notes that were signed last; undefined where there are none.
 * @param keys whose signature is accepted
 * @throws Error where the file is damaged, or both notes are of none of these keys
 */
export function readNotes(folder: string, keys: readonly Vkey[]): KeptNotes | undefined {
  const path = pathOf(folder);
  if (!existsSync(path)) return undefined;
  const [transfersNote, accountsNote, ...rest] = readFileSync(path, 'utf8').split(BETWEEN);
  if (transfersNote === undefined || accountsNote === undefined || rest.length > 0)
    throw new Error(`${path} is damaged: it is not two notes`);
  const notes = { transfers: transfersNote, accounts: accountsNote };
  for (const key of keys) {
    const transfers = readTransfersNote(notes.transfers, key);
    const accounts = readAccountsNote(notes.accounts, key);
    if (transfers !== undefined && accounts !== undefined)
      return { notes, transfers, accounts, key };
  }
  throw refused(path, notes, keys);
}

/** Says whether the key is another one, or the note is not what was signed. */
function refused(path: string, notes: SignedNotes, keys: readonly Vkey[]): Error {
  const known = new Set(keys.map(nameOf));
  const signers = Object.values(notes).flatMap(signersOf);
  const stranger = signers.find((signer) => !known.has(signer));
  if (signers.length < 2 || stranger === undefined)
    return new Error(`${path} is damaged: a signature in it is not valid`);
  return new Error(
    `${path} was signed by the key ${stranger}, not by ${[...known].join(' or ')}: name it among the former keys`,
  );
}

const nameOf = (key: Vkey): string => `${key.name}+${keyIdHex(key)}`;

function signersOf(note: string): string[] {
  try {
    return parseNote(note).signatures.map((each) => `${each.name}+${each.keyIdHex}`);
  } catch {
    return [];
  }
}
