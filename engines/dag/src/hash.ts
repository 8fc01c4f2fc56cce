import { hash } from 'node:crypto';

const prefixes = new Map<string, Uint8Array>();

function prefixOf(domain: string): Uint8Array {
  let prefix = prefixes.get(domain);
  if (prefix === undefined) prefixes.set(domain, (prefix = Buffer.from(`q-dag/${domain}/1\0`)));
  return prefix;
}

/** SHA3-256 (FIPS 202). What is hashed begins with the name of what it is, so that nothing is taken for another. */
export function digestOf(domain: string, ...parts: readonly Uint8Array[]): Uint8Array {
  return hash('sha3-256', Buffer.concat([prefixOf(domain), ...parts]), 'buffer');
}

export const DIGEST_BYTES = 32;

export const hexOf = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');
export const bytesOfHex = (hex: string): Uint8Array => new Uint8Array(Buffer.from(hex, 'hex'));
