import {
  chmod,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  rm,
  stat,
  symlink,
  writeFile,
} from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createSealer, generateSeed, openRootKey, utf8 } from '../src/index.ts';

const refusal = (code: string) => expect.objectContaining({ code });

describe('the root key of a node', () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'q-root-key-'));
  });
  afterEach(async () => {
    await rm(folder, { recursive: true });
  });

  it('is made once, readable by its owner only, and is the same ever after', async () => {
    const file = join(folder, 'node', 'keys', 'root.key');
    const made = await openRootKey({ file, create: true });
    expect(made.seed).toHaveLength(64);
    expect((await stat(file)).mode & 0o777).toBe(0o600);
    expect((await stat(join(folder, 'node', 'keys'))).mode & 0o777).toBe(0o700);
    expect(new Uint8Array(await readFile(file))).toEqual(made.seed);
    expect(await openRootKey({ file, create: true })).toEqual(made);
    expect(await openRootKey({ file, create: false })).toEqual(made);
    expect(await readdir(join(folder, 'node', 'keys'))).toEqual(['root.key']);
  });

  it('is one key for all who make it at the same moment', async () => {
    const file = join(folder, 'root.key');
    const makers = Array.from({ length: 8 }, () => openRootKey({ file, create: true }));
    const seeds = (await Promise.all(makers)).map(({ seed }) => Buffer.from(seed).toString('hex'));
    expect(new Set(seeds).size).toBe(1);
    expect(await readdir(folder)).toEqual(['root.key']);
  });

  it('is not made where it must exist', async () => {
    const file = join(folder, 'root.key');
    await expect(openRootKey({ file, create: false })).rejects.toThrow(refusal('ROOT_KEY_MISSING'));
    expect(await readdir(folder)).toEqual([]);
  });

  it.each([0o644, 0o640, 0o660, 0o604, 0o601])('is refused with mode %o', async (mode) => {
    const file = join(folder, 'root.key');
    await openRootKey({ file, create: true });
    await chmod(file, mode);
    await expect(openRootKey({ file, create: false })).rejects.toThrow(refusal('ROOT_KEY_EXPOSED'));
  });

  it('is refused in a folder that others can write to', async () => {
    const file = join(folder, 'root.key');
    await openRootKey({ file, create: true });
    await chmod(folder, 0o777);
    await expect(openRootKey({ file, create: false })).rejects.toThrow(refusal('ROOT_KEY_EXPOSED'));
  });

  it.each([
    ['empty', new Uint8Array(0)],
    ['short', generateSeed().slice(1)],
    ['long', Uint8Array.of(...generateSeed(), 0)],
    ['all zero', new Uint8Array(64)],
  ])('is refused, and left alone, when its file is %s', async (_name, content) => {
    const file = join(folder, 'root.key');
    await writeFile(file, content, { mode: 0o600 });
    await expect(openRootKey({ file, create: true })).rejects.toThrow(refusal('ROOT_KEY_INVALID'));
    expect(new Uint8Array(await readFile(file))).toEqual(content);
  });

  it('is refused as a symbolic link or a folder', async () => {
    const file = join(folder, 'root.key');
    await openRootKey({ file, create: true });
    const linked = join(folder, 'linked.key');
    await symlink(file, linked);
    await expect(openRootKey({ file: linked, create: true })).rejects.toThrow(
      refusal('ROOT_KEY_INVALID'),
    );
    await mkdir(join(folder, 'folder.key'));
    await expect(openRootKey({ file: join(folder, 'folder.key'), create: true })).rejects.toThrow(
      refusal('ROOT_KEY_INVALID'),
    );
  });
});

describe('a sealer', () => {
  const rootKey = { seed: Uint8Array.from({ length: 64 }, (_, index) => index) };
  const sealer = createSealer(rootKey);
  const plain = utf8('a private column');
  const sealed = sealer.seal('squid.keys', 'id-1', plain);
  const openFailed = refusal('OPEN_FAILED');

  it('opens what it, or another sealer of the same root key, sealed', () => {
    expect(sealer.open('squid.keys', 'id-1', sealed)).toEqual(plain);
    expect(createSealer(rootKey).open('squid.keys', 'id-1', sealed)).toEqual(plain);
  });

  it('does not open for another purpose or id, also where they join to the same text', () => {
    expect(() => sealer.open('squid.other', 'id-1', sealed)).toThrow(openFailed);
    expect(() => sealer.open('squid.keys', 'id-2', sealed)).toThrow(openFailed);
    const joined = sealer.seal('ab', 'c', plain);
    expect(() => sealer.open('a', 'bc', joined)).toThrow(openFailed);
  });

  it('does not open under another root key, cut, or with any bit changed', () => {
    const stranger = createSealer({ seed: generateSeed() });
    expect(() => stranger.open('squid.keys', 'id-1', sealed)).toThrow(openFailed);
    expect(() => sealer.open('squid.keys', 'id-1', sealed.slice(0, -1))).toThrow(openFailed);
    expect(() => sealer.open('squid.keys', 'id-1', new Uint8Array(0))).toThrow(openFailed);
    for (let bit = 0; bit < sealed.length * 8; bit++) {
      const changed = sealed.slice();
      changed[bit >> 3] = (changed[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      expect(() => sealer.open('squid.keys', 'id-1', changed)).toThrow(openFailed);
    }
  });

  it('makes MACs that depend on purpose, message and root key, and on nothing else', () => {
    const mac = sealer.mac('replay', plain);
    expect(mac).toHaveLength(32);
    expect(createSealer(rootKey).mac('replay', plain)).toEqual(mac);
    expect(sealer.mac('other', plain)).not.toEqual(mac);
    expect(sealer.mac('replay', utf8('another'))).not.toEqual(mac);
    expect(createSealer({ seed: generateSeed() }).mac('replay', plain)).not.toEqual(mac);
  });

  it('does not keep keys without limit', () => {
    const small = createSealer(rootKey);
    const fill = () => {
      for (let purpose = 0; purpose <= 1_024; purpose++) small.mac(`p${purpose}`, plain);
    };
    expect(fill).toThrow(refusal('MALFORMED'));
  });
});
