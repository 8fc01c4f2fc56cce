import type { KeyObject } from 'node:crypto';
import {
  ALGORITHMS,
  importPublicKey,
  lengthPrefixed,
  signSingle,
  utf8,
  verifySingle,
} from '@anarq/crypto';
import { isUnspecified, readAddress } from './address.ts';

const CONTEXT = utf8('q.p2p.route.v1');
const PUBLIC_KEY_BYTES = ALGORITHMS.mldsa65.publicKeyLength;
/** FIPS 204, table 2. */
const SIGNATURE_BYTES = 3_309;
const ADDRESS_BYTES_MAX = 255;
const FIXED_BYTES = PUBLIC_KEY_BYTES + SIGNATURE_BYTES + 8 + 1;
/** Routes of one message: their signatures take 2 ms to check. */
export const ROUTES_MAX = 16;
/** A newer route of one peer counts if it is so much newer: nobody floods with his own address. */
const NEWER_MS = 10_000;
const AHEAD_MS_MAX = 300_000;

/** Where a peer says it is dialled; signed, so that anybody may pass it on. */
export interface Route {
  readonly publicKey: string;
  /** A multiaddr. */
  readonly address: string;
  readonly time_ms: number;
  /** The record as it is passed on. */
  readonly record: Uint8Array;
}

function statementOf(chainId: Uint8Array, address: Uint8Array, time_ms: number): Uint8Array {
  const time = new Uint8Array(8);
  new DataView(time.buffer).setFloat64(0, time_ms);
  return lengthPrefixed(chainId, address, time);
}

/** Signs one's own route. */
export function signRoute(
  key: KeyObject,
  publicKey: Uint8Array,
  chainId: Uint8Array,
  address: string,
  time_ms: number,
): Route {
  const text = utf8(address);
  const record = new Uint8Array(FIXED_BYTES + text.byteLength);
  record.set(publicKey);
  record.set(signSingle(key, statementOf(chainId, text, time_ms), CONTEXT), PUBLIC_KEY_BYTES);
  const view = new DataView(record.buffer);
  view.setFloat64(PUBLIC_KEY_BYTES + SIGNATURE_BYTES, time_ms);
  view.setUint8(FIXED_BYTES - 1, text.byteLength);
  record.set(text, FIXED_BYTES);
  return { publicKey: Buffer.from(publicKey).toString('hex'), address, time_ms, record };
}

/** The records of a message; undefined where it is malformed or holds too many. Checks no signature. */
export function splitRoutes(body: Uint8Array): readonly Uint8Array[] | undefined {
  const records: Uint8Array[] = [];
  for (let at = 0; at < body.byteLength;) {
    const address_bytes = body[at + FIXED_BYTES - 1];
    if (address_bytes === undefined || records.length === ROUTES_MAX) return undefined;
    const end = at + FIXED_BYTES + address_bytes;
    if (end > body.byteLength) return undefined;
    records.push(new Uint8Array(body.subarray(at, end)));
    at = end;
  }
  return records;
}

/**
 * The addresses that peers say are theirs, newest kept, of `routes_max` peers. A route names a chain,
 * and cannot be made up for somebody else; an old one does not come back.
 */
export class RouteCache {
  readonly #chainId: Uint8Array;
  readonly #routes_max: number;
  readonly #isNeeded: (publicKey: string) => boolean;
  readonly #routes = new Map<string, Route>();

  /** Where there are too many, the one that came first and is not needed goes. */
  constructor(chainId: Uint8Array, routes_max: number, isNeeded: (publicKey: string) => boolean) {
    this.#chainId = chainId;
    this.#routes_max = routes_max;
    this.#isNeeded = isNeeded;
  }

  get size(): number {
    return this.#routes.size;
  }

  get(publicKey: string): Route | undefined {
    return this.#routes.get(publicKey);
  }

  values(): IterableIterator<Route> {
    return this.#routes.values();
  }

  /** Reads a record. The route, if it is news; 'known', if not; undefined where it is nobody's. */
  read(record: Uint8Array, now_ms: number): Route | 'known' | undefined {
    const view = new DataView(record.buffer, record.byteOffset);
    const publicKeyBytes = record.subarray(0, PUBLIC_KEY_BYTES);
    const publicKey = Buffer.from(publicKeyBytes).toString('hex');
    const time_ms = view.getFloat64(PUBLIC_KEY_BYTES + SIGNATURE_BYTES);
    const known = this.#routes.get(publicKey);
    // Nothing is checked for what changes nothing.
    if (known !== undefined && !(time_ms >= known.time_ms + NEWER_MS)) return 'known';
    if (!(time_ms <= now_ms + AHEAD_MS_MAX)) return 'known';
    const text = record.subarray(FIXED_BYTES);
    const address = Buffer.from(text).toString('utf8');
    if (!isDialable(address) || !this.#isSigned(publicKeyBytes, record, text, time_ms)) {
      return undefined;
    }
    const route = { publicKey, address, time_ms, record };
    this.keep(route);
    return route;
  }

  keep(route: Route): void {
    this.#routes.delete(route.publicKey);
    this.#routes.set(route.publicKey, route);
    if (this.#routes.size <= this.#routes_max) return;
    for (const publicKey of this.#routes.keys()) {
      if (this.#isNeeded(publicKey)) continue;
      this.#routes.delete(publicKey);
      return;
    }
    this.#routes.delete(route.publicKey);
  }

  #isSigned(
    publicKey: Uint8Array,
    record: Uint8Array,
    address: Uint8Array,
    time_ms: number,
  ): boolean {
    const signature = record.subarray(PUBLIC_KEY_BYTES, PUBLIC_KEY_BYTES + SIGNATURE_BYTES);
    const statement = statementOf(this.#chainId, address, time_ms);
    try {
      return verifySingle(importPublicKey('mldsa65', publicKey), statement, signature, CONTEXT);
    } catch {
      return false;
    }
  }
}

function isDialable(address: string): boolean {
  if (address.length > ADDRESS_BYTES_MAX) return false;
  try {
    const { host, port } = readAddress(address);
    return port > 0 && !isUnspecified(host);
  } catch {
    return false;
  }
}
