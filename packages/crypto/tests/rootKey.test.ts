import { mkdtemp, readdir, readFile, rm, truncate } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  createSealer,
  epochOf,
  forgetEarlier,
  generateSeed,
  openRootKey,
  replaceRootKey,
  rotatedKey,
  utf8,
  type RootKey,
} from '../src/index.ts';

const RETIRED = '2030-01-02T03:04:05.678Z';
const refusal = (code: string) => expect.objectContaining({ code });
const next = (key: RootKey, reason: 'planned' | 'stolen' = 'planned') =>
  rotatedKey(key, { retiredAt: RETIRED, reason });
const first: RootKey = { seed: generateSeed() };
const second = next(first);
const third = next(second, 'stolen');
const message = utf8('what is said');

describe('a root key that comes after others', () => {
  let folder: string;
  let file: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'q-root-key-'));
    file = join(folder, 'root.key');
    await openRootKey({ file, create: true });
  });
  afterEach(() => rm(folder, { recursive: true }));

  it.each([
    ['the second', second],
    ['the third', third],
    ['one whose earlier ones were forgotten', forgetEarlier(third)],
  ])('is in its file what it was: %s', async (_name, key) => {
    await replaceRootKey(file, key);
    expect(await openRootKey({ file, create: false })).toEqual(key);
    expect(await readdir(folder)).toEqual(['root.key']);
  });

  it('is refused where a part of its file is missing or changed', async () => {
    await replaceRootKey(file, third);
    const { length } = await readFile(file);
    for (const bytes of [length - 1, 65, 100]) {
      await replaceRootKey(file, third);
      await truncate(file, bytes);
      await expect(openRootKey({ file, create: false })).rejects.toThrow(
        refusal('ROOT_KEY_INVALID'),
      );
    }
  });

  it('opens what each before it sealed, and seals under itself', () => {
    const sealed = [first, second, third].map((key) => createSealer(key).seal('p', 'id', message));
    const sealer = createSealer(third);
    for (const bytes of sealed) expect(sealer.open('p', 'id', bytes)).toEqual(message);
    expect(sealed.map((bytes) => sealer.isCurrent(bytes))).toEqual([false, false, true]);
    expect(() => createSealer(second).open('p', 'id', sealed[2] ?? message)).toThrow(
      refusal('OPEN_FAILED'),
    );
    expect(() => createSealer(forgetEarlier(third)).open('p', 'id', sealed[0] ?? message)).toThrow(
      refusal('OPEN_FAILED'),
    );
    expect(epochOf(third)).toBe(2);
  });

  it('does not open what says it is of another key than it is', () => {
    const bytes = createSealer(first).seal('p', 'id', message);
    bytes[0] = 3;
    expect(() => createSealer(third).open('p', 'id', bytes)).toThrow(refusal('OPEN_FAILED'));
  });

  it('codes with itself, and knows the codes of those before it', () => {
    const code = createSealer(first).mac('p', message);
    expect(createSealer(third).mac('p', message)).not.toEqual(code);
    expect(createSealer(third).macs('p', message)).toEqual([
      createSealer(third).mac('p', message),
      createSealer(second).mac('p', message),
      code,
    ]);
  });

  it('finds names as the first one did, also when that one was forgotten', () => {
    const name = createSealer(first).nameMac('identity-name', message);
    const keys = [second, third, forgetEarlier(third), next(forgetEarlier(third))];
    for (const key of [...keys, forgetEarlier(next(forgetEarlier(third)))])
      expect(createSealer(key).nameMac('identity-name', message)).toEqual(name);
    expect(() => createSealer(first).nameMac('of no such purpose', message)).toThrow(
      refusal('MALFORMED'),
    );
  });

  it('tells nothing of those that were forgotten but how names are found', () => {
    const kept = JSON.stringify(forgetEarlier(third), (_key, value: unknown) =>
      value instanceof Uint8Array ? Buffer.from(value).toString('hex') : value,
    );
    for (const { seed } of [first, second])
      expect(kept).not.toContain(Buffer.from(seed).toString('hex'));
  });
});
