import { constants } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PAGE_BYTES } from '@anarq/ledger-engine';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { alignedMemory, isAligned, openDirect } from '../../src/engine/direct.ts';
import { Segments } from '../../src/engine/segments.ts';

const PAGES = 8;

let folder: string;
let segments: Segments;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ledger-direct-'));
  segments = new Segments(folder, PAGES);
  await segments.reserve(3 * PAGES);
});
afterEach(async () => {
  segments.close();
  await rm(folder, { recursive: true, force: true });
});

const page = (mark: number): Buffer => Buffer.alloc(PAGE_BYTES, mark);
/** Pages with marks that rise, in memory that may be written past the cache, or in other memory. */
function pages(from: number, count: number, memory = alignedMemory(count * PAGE_BYTES)): Buffer {
  for (let index = 0; index < count; index++) memory.set(page(from + index), index * PAGE_BYTES);
  return memory;
}
const marks = (from: number, count: number): (number | undefined)[] =>
  Array.from({ length: count }, (_, index) => {
    const found = segments.read(from + index);
    return found?.equals(page(found[0] ?? 0)) === true ? found[0] : undefined;
  });

describe('what is written past the cache', () => {
  it('is what is read, also where the cache had what lay there before', async () => {
    expect(marks(0, 3 * PAGES)).toEqual(Array.from({ length: 3 * PAGES }, () => 0));
    // Over the ends of two segments.
    await segments.write(5, pages(1, 12));
    expect(marks(4, 14)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 0]);
  });

  it('and what goes through it lie beside each other in one file', async () => {
    await segments.write(0, pages(1, 2));
    await segments.write(2, pages(3, 2, Buffer.alloc(2 * PAGE_BYTES)));
    await segments.write(1, pages(7, 1, Buffer.alloc(PAGE_BYTES)));
    await segments.write(3, pages(9, 2));
    expect(marks(0, 6)).toEqual([1, 7, 3, 9, 10, 0]);
  });

  it('lies at whole pages of the machine', () => {
    const memory = alignedMemory(3 * PAGE_BYTES);
    expect(memory.byteLength).toBe(3 * PAGE_BYTES);
    expect(isAligned(memory.subarray(PAGE_BYTES))).toBe(true);
    expect(isAligned(memory.subarray(16))).toBe(false);
    expect(isAligned(memory.subarray(0, 100))).toBe(false);
    expect(isAligned(Buffer.alloc(PAGE_BYTES))).toBe(false);
  });

  it.runIf(process.platform === 'linux')('is no way where the file system has none', () => {
    expect(openDirect('/proc/self/comm', constants.O_WRONLY)).toBeUndefined();
    expect(() => openDirect(join(folder, 'none'), constants.O_WRONLY)).toThrow('ENOENT');
  });
});
