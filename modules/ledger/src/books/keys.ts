import { hash } from 'node:crypto';

/**
 * Names of the contract are strings within a tenant; the engine counts in numbers of 128 bits. A key is
 * the beginning of a SHA-256 over kind, tenant and name: whoever wanted another one's key would have
 * to find a second preimage.
 */
const digestOf = (kind: string, ...words: readonly string[]): Buffer =>
  hash('sha256', `q.ledger.${kind}\n${JSON.stringify(words)}`, 'buffer');

const u128Of = (digest: Buffer): bigint =>
  digest.readBigUInt64LE(0) | (digest.readBigUInt64LE(8) << 64n);

export const accountKey = (tenant: string, name: string): bigint =>
  u128Of(digestOf('account', tenant, name));

/** How a transfer without a name is called: by its key. */
const KEY_AS_NAME = /^0x[0-9a-f]{32}$/;

/**
 * The key of a transfer. One that was made over the socket has no name: there its id is its key, the
 * highest 32 bits of which are the mark of the tenant. Hardly any name comes to such a key, so nobody
 * takes over the socket the key that a name will have.
 */
export function transferKey(tenant: string, name: string): bigint {
  if (KEY_AS_NAME.test(name) && hasTenantMark(tenant, BigInt(name))) return BigInt(name);
  return u128Of(digestOf('transfer', tenant, name));
}

/** Whether a key is one that a tenant gives over the socket. */
const hasTenantMark = (tenant: string, key: bigint): boolean =>
  key >> 96n === BigInt(tenantMark(tenant));

/**
 * The id of a transfer over the socket.
 * @param number below 2^96, never used before in the tenant; one that rises with time is found fastest
 */
export function socketTransferId(tenant: string, number: bigint): bigint {
  if (number < 0n || number >= 1n << 96n)
    throw new RangeError(`the number of a transfer is below 2^96, not ${number}`);
  return (BigInt(tenantMark(tenant)) << 96n) | number;
}

/** The name under which the contract shows a transfer that has none; undefined for any other one. */
export const nameOfKey = (tenant: string, key: bigint): string | undefined =>
  hasTenantMark(tenant, key) ? `0x${keyText(key)}` : undefined;

/** What an account carries of its owner: whoever moves money out of it must come to the same. */
export const ownerMark = (did: string): bigint => u128Of(digestOf('owner', did));

/** What a transfer carries of the caller's reference; 0 where there is none. */
export const referenceMark = (userData: string | undefined): bigint =>
  userData === undefined ? 0n : u128Of(digestOf('reference', userData));

/** What each posting carries of its transaction, so that another one under the same id is seen to differ. */
export const contentMark = (content: string): bigint => u128Of(digestOf('transaction', content));

/** What an account carries of its reference and its holder, so that another one is seen to differ. */
export const detailsMark = (userData: string | undefined, holder: string | undefined): bigint =>
  digestOf('details', userData ?? '', holder ?? '').readBigUInt64LE(0);

/** What an account carries of its tenant, so that those of one can be added up. */
export const tenantMark = (tenant: string): number =>
  digestOf('tenant', tenant).readUInt32LE(0) || 1;

/** Which call brought a batch: 32 bytes that its pages carry. */
export const causeOf = (batchId: string): Uint8Array => digestOf('batch', batchId);

/** A key as it stands in a column. */
export const keyText = (key: bigint): string => key.toString(16).padStart(32, '0');
