import { importPrivateKey, rawPublicKey } from '@anarq/crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { RouteCache, ROUTES_MAX, signRoute, splitRoutes } from '../src/routes.ts';
import type { Route } from '../src/routes.ts';
import { multiaddrOf, readAddress } from '../src/address.ts';
import { noise, seedOf } from './peers.ts';

const chain = noise(32);
const routeOf = (name: string, address: string, time_ms: number, of = chain): Route => {
  const key = importPrivateKey('mldsa65', seedOf(name));
  return signRoute(key, rawPublicKey(key), of, address, time_ms);
};
const cacheOf = (validators: readonly Route[], routes_max = 3) => {
  const keys = new Set(validators.map(({ publicKey }) => publicKey));
  return new RouteCache(chain, routes_max, (publicKey) => keys.has(publicKey));
};
const HERE = '/ip4/10.0.0.1/tcp/4001';
const THERE = '/ip4/10.0.0.2/tcp/4001';

describe('routes', () => {
  it('are kept newest first, of so many peers, and those of validators longest', () => {
    const validator = routeOf('val', HERE, 1_000);
    const cache = cacheOf([validator]);
    expect(cache.read(validator.record, 1_000)).toEqual(validator);
    expect(cache.read(validator.record, 1_000)).toBe('known');
    const moved = routeOf('val', THERE, 20_000);
    expect(cache.read(moved.record, 20_000)).toEqual(moved);
    // What it said before does not come back.
    expect(cache.read(validator.record, 20_000)).toBe('known');
    expect(cache.get(validator.publicKey)?.address).toBe(THERE);
    for (const name of ['a', 'b', 'c', 'd']) cache.read(routeOf(name, HERE, 1_000).record, 1_000);
    expect(cache.size).toBe(3);
    expect(cache.get(validator.publicKey)?.address).toBe(THERE);
    expect(cache.get(routeOf('a', HERE, 0).publicKey)).toBeUndefined();
  });

  it.each([
    ['of another chain', routeOf('ana', HERE, 1_000, noise(32, 2)).record],
    ['with another address behind the signature', withAddress(routeOf('ana', HERE, 1_000), THERE)],
    ['to nowhere', routeOf('ana', '/ip4/0.0.0.0/tcp/4001', 1_000).record],
    ['to what is no address', routeOf('ana', 'http://10.0.0.1/', 1_000).record],
  ])('are nobody’s: %s', (_, record) => {
    const cache = cacheOf([]);
    expect(cache.read(record, 1_000)).toBeUndefined();
    expect(cache.size).toBe(0);
  });

  it('of the future wait for it', () => {
    const cache = cacheOf([]);
    const route = routeOf('ana', HERE, 10_000_000);
    expect(cache.read(route.record, 1_000)).toBe('known');
    expect(cache.read(route.record, 10_000_000)).toEqual(route);
  });

  it('come in messages that are split as they were joined, and of any bytes are read or refused', () => {
    const records = ['a', 'b'].map((name) => routeOf(name, HERE, 1_000).record);
    expect(splitRoutes(Buffer.concat(records))).toEqual(records);
    expect(splitRoutes(new Uint8Array())).toEqual([]);
    const [first = new Uint8Array()] = records;
    const many = Array.from({ length: ROUTES_MAX + 1 }, () => first);
    expect(splitRoutes(Buffer.concat(many))).toBeUndefined();
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 12_000 }), (bytes) => {
        const split = splitRoutes(bytes);
        return split === undefined || Buffer.compare(Buffer.concat(split), bytes) === 0;
      }),
    );
  });
});

describe('an address', () => {
  it.each([
    ['127.0.0.1:4001', '/ip4/127.0.0.1/tcp/4001'],
    ['[::1]:4001', '/ip6/::1/tcp/4001'],
    ['v1.example:4001', '/dns/v1.example/tcp/4001'],
    ['/dns4/v1.example/tcp/4001', '/dns/v1.example/tcp/4001'],
    ['/ip4/127.0.0.1/tcp/4001/p2p/12D3KooW', '/ip4/127.0.0.1/tcp/4001'],
  ])('%s is read', (text, multiaddr) => {
    expect(multiaddrOf(readAddress(text))).toBe(multiaddr);
  });

  it.each([
    '',
    '127.0.0.1',
    '127.0.0.1:65536',
    '/ip4/localhost/tcp/1',
    '/ip4/1.2.3.4/udp/1',
    'a b:c',
  ])('%j is none', (text) => {
    expect(() => readAddress(text)).toThrow(/expected an address/);
  });
});

/** The record with another address behind its signature. */
function withAddress({ record, address }: Route, other: string): Uint8Array {
  const changed = new Uint8Array(record);
  changed.set(Buffer.from(other), record.byteLength - address.length);
  return changed;
}
