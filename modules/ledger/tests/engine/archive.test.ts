import { readdirSync } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { Archive } from '../../src/engine/archive.ts';

/** Four blocks and a part of one, no two of which are alike. */
const BYTES = Buffer.alloc(4 * 262_144 + 4_096);
for (let at = 0; at < BYTES.byteLength; at += 4)
  BYTES.writeUInt32LE(Math.imul(at, 0x9e3779b1) >>> 0, at);
const PAGE = 4_096;

it('a packed segment is what it was, page by page, and one that is damaged leaves no file open', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'archive-'));
  const [raw, packed] = [join(folder, 'raw'), join(folder, 'packed')];
  await writeFile(raw, BYTES);
  await Archive.pack(raw, packed);
  const archive = new Archive(packed);
  for (let at = BYTES.byteLength - PAGE; at >= 0; at -= PAGE)
    expect(archive.read(at, PAGE).equals(BYTES.subarray(at, at + PAGE))).toBe(true);
  archive.close();
  const whole = await readFile(packed);
  await writeFile(packed, whole.subarray(0, -9));
  const open = (): number => readdirSync('/dev/fd').length;
  const before = open();
  for (let time = 0; time < 20; time++) expect(() => new Archive(packed)).toThrow(/is damaged/);
  expect(open()).toBe(before);
  await rm(folder, { recursive: true, force: true });
});
