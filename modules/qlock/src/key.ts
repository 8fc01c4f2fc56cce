import { fail, type Static } from '@anarq/common-schemas';
import type { ReadContext, Rows, WritableRows } from '@anarq/kernel';
import type { Key } from './contract.ts';
import { newKeyMaterial, openSecret, sealSecret } from './keyMaterial.ts';
import { keyVersions, type KeyKind, type KeyRow } from './store.ts';

type Versions = typeof keyVersions;
type Readable = Pick<ReadContext, 'services'> & { rows(table: Versions): Rows<Versions> };
type Writable = Pick<ReadContext, 'services'> & { rows(table: Versions): WritableRows<Versions> };

/** A key as callers see it. */
export const keyView = (row: KeyRow): Static<typeof Key> => ({
  keyId: row.id,
  owner: row.owner,
  kind: row.kind as KeyKind,
  name: row.name,
  version: row.current,
  ...(row.public_key === null ? {} : { publicKey: row.public_key }),
  createdAt: new Date(row.created_ms).toISOString(),
});

const versionIdOf = (keyId: string, version: number): string => `${keyId}.${version}`;

/** Makes a version of a key: secret sealed, public part beside it. */
export function addVersion(
  ctx: Writable,
  key: { readonly id: string; readonly owner: string; readonly kind: KeyKind },
  version: number,
): string | null {
  const { secret, publicKey } = newKeyMaterial(key.kind);
  const id = versionIdOf(key.id, version);
  ctx.rows(keyVersions).insert({
    id,
    owner: key.owner,
    key_id: key.id,
    number: version,
    secret_sealed: sealSecret(ctx.services.sealer, id, secret),
    public_key: publicKey,
  });
  return publicKey;
}

/** The secret of a version of a key, or undefined where there is no such version. */
export async function secretOf(
  ctx: Readable,
  keyId: string,
  version: number,
): Promise<Uint8Array | undefined> {
  const id = versionIdOf(keyId, version);
  const row = await ctx.rows(keyVersions).get(id);
  return row === undefined ? undefined : openSecret(ctx.services.sealer, id, row.secret_sealed);
}

/** @throws STATE_CONFLICT where a key is of another kind */
export function assertKind(key: KeyRow, ...kinds: readonly KeyKind[]): void {
  if (!kinds.some((kind) => kind === key.kind))
    fail('STATE_CONFLICT', `${key.id} is a ${key.kind} key; this needs ${kinds.join(' or ')}.`, {
      state: key.kind,
      needed: [...kinds],
    });
}
