import { readFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import { sha256Hex, utf8 } from '@anarq/crypto';

/** What other commands need to find a running node; kept in its data folder as node.json. */
export interface NodeAddress {
  readonly url: string;
  /** Where gRPC is served, if it is. */
  readonly grpc?: string;
  /** Where the ledger's socket is served, if it is: a path, or a port of 127.0.0.1. */
  readonly ledger?: { readonly path: string } | { readonly port: number };
  readonly pid: number;
  readonly node: string;
  readonly operator: string;
  readonly keysFolder: string;
  readonly logKey: string;
}

export const ADDRESS_FILE = 'node.json';
/** Remembers where the keys lie, also while the node does not run. */
export const KEYS_FOLDER_FILE = 'keys-folder';

/** Where the keys of a data folder lie: as its last start said, else at the default place. */
export async function keysFolderOf(dataFolder: string): Promise<string> {
  const known = await readFile(join(dataFolder, KEYS_FOLDER_FILE), 'utf8').catch(() => '');
  return known.trim() === '' ? defaultKeysFolder(dataFolder) : known.trim();
}

/** The keys of a data folder, where the caller names no other place: below the user's own folder. */
export function defaultKeysFolder(dataFolder: string): string {
  const configFolder = process.env['XDG_CONFIG_HOME'] ?? join(homedir(), '.config');
  const name = sha256Hex(utf8(resolve(dataFolder))).slice(0, 16);
  return join(configFolder, 'q-infinity', 'keys', name);
}
