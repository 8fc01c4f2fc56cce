import { scryptSync } from 'node:crypto';
import { mkdir, open, readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fail } from '@anarq/common-schemas';
import { fromBase64url, openBytes, randomBytes, sealBytes, toBase64url, utf8 } from '@anarq/crypto';

/** RFC 7914; 128 MiB of memory for each guess. */
const SCRYPT = { N: 2 ** 17, r: 8, p: 1, maxmem: 256 * 1024 ** 2 } as const;
const PASSPHRASE_MIN = 12;
const KEY_FILE_BYTES_MAX = 1024 ** 2;
const AAD = utf8('q.backup.keys.v1');

interface Sealed {
  readonly type: 'q.backup.keys.v1';
  readonly kdf: {
    readonly name: 'scrypt';
    readonly N: number;
    readonly r: number;
    readonly p: number;
  };
  readonly salt: string;
  readonly sealed: string;
}

const keyOf = (passphrase: string, salt: Uint8Array): Uint8Array =>
  new Uint8Array(scryptSync(passphrase.normalize('NFC'), salt, 32, SCRYPT));

/** The files of a key folder, sealed under a passphrase (scrypt, AES-256-GCM). */
export async function sealKeys(keysFolder: string, passphrase: string): Promise<string> {
  if (passphrase.length < PASSPHRASE_MIN)
    fail('INPUT_INVALID', `The passphrase needs ${PASSPHRASE_MIN} characters or more.`);
  const files: Record<string, string> = {};
  for (const name of (await readdir(keysFolder)).toSorted()) {
    if (name.endsWith('.tmp') || name.endsWith('.new')) continue;
    files[name] = toBase64url(await readFile(join(keysFolder, name)));
  }
  const salt = randomBytes(16);
  const sealed = sealBytes(keyOf(passphrase, salt), utf8(JSON.stringify(files)), AAD);
  const { N, r, p } = SCRYPT;
  const text: Sealed = {
    type: 'q.backup.keys.v1',
    kdf: { name: 'scrypt', N, r, p },
    salt: toBase64url(salt),
    sealed: toBase64url(sealed),
  };
  return `${JSON.stringify(text)}\n`;
}

/**
 * Puts sealed keys into a folder; a file that is there stays as it is.
 * @throws DECRYPTION_FAILED for another passphrase
 */
export async function unsealKeys(text: string, passphrase: string, folder: string): Promise<void> {
  const files = openFiles(text, passphrase);
  await mkdir(folder, { recursive: true, mode: 0o700 });
  for (const [name, content] of Object.entries(files)) {
    if (!/^[A-Za-z0-9][A-Za-z0-9._-]{0,200}$/.test(name)) continue;
    const handle = await open(join(folder, name), 'wx', 0o600).catch(
      (error: NodeJS.ErrnoException) => {
        if (error.code === 'EEXIST') return undefined;
        throw error;
      },
    );
    if (handle === undefined) continue;
    try {
      await handle.writeFile(fromBase64url(content));
      await handle.sync();
    } finally {
      await handle.close();
    }
  }
}

function openFiles(text: string, passphrase: string): Record<string, string> {
  try {
    const { salt, sealed } = JSON.parse(text) as Sealed;
    const plain = openBytes(keyOf(passphrase, fromBase64url(salt)), fromBase64url(sealed), AAD);
    if (plain.length > KEY_FILE_BYTES_MAX) throw new Error('too large');
    return JSON.parse(new TextDecoder().decode(plain)) as Record<string, string>;
  } catch {
    return fail('DECRYPTION_FAILED', 'The keys of the backup do not open with this passphrase.');
  }
}
