import { mkdtemp, readdir, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  ChainArchive,
  checkArchiveFile,
  SegmentDamaged,
  type ArchiveSettings,
} from '../src/index.ts';
import { chainId, idOf, keys, people, TestChain, validators } from './chain.ts';

const [ana, ben] = people;
const SETTINGS: Partial<ArchiveSettings> = {
  segmentBytes: 1_500,
  warmSegments: 1,
  coldSegments: 3,
  hotTransactions: 1,
};

let folder: string;
const ids: string[] = [];
/** Whole files, by name. */
const whole = new Map<string, Buffer>();

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'q-chain-damage-'));
  const archive = await ChainArchive.open(folder, { chainId, validators, settings: SETTINGS });
  const chain = new TestChain();
  for (let at = 0; at < 20; at += 1) {
    const entries = [chain.pay(ana, ben), chain.pay(ben, ana)];
    ids.push(...entries.map((entry) => idOf(entry)));
    const executed = chain.commit(entries, true);
    void archive.keep(executed);
    if (executed.checkpoint !== undefined)
      archive.certified(chain.certificate(executed.checkpoint));
    await archive.settled();
  }
  await archive.close();
  for (const name of await readdir(folder)) whole.set(name, await readFile(join(folder, name)));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const restore = async (): Promise<void> => {
  for (const [name, bytes] of whole) await writeFile(join(folder, name), bytes);
};
const nameOf = (suffix: string): string =>
  [...whole.keys()].toSorted().find((name) => name.endsWith(suffix)) ?? '';
const last = (suffix: string): string =>
  [...whole.keys()].toSorted().findLast((name) => name.endsWith(suffix)) ?? '';

/** Opens what is there, and reads all of it. */
async function readAll(): Promise<number> {
  const archive = await ChainArchive.open(folder, { chainId, validators, settings: SETTINGS });
  try {
    for (const id of ids) await archive.receiptProof(id);
    return (await archive.transactions({ limit: 1_000 })).length;
  } finally {
    await archive.close();
  }
}

describe('a file that is not as it was written', () => {
  it.each(['.archive', '.cold', '.warm'])('%s: is named, with the place', async (suffix) => {
    const name = nameOf(suffix);
    const bytes = Buffer.from(whole.get(name) ?? '');
    const at = Math.floor(bytes.length / 3);
    bytes[at] = (bytes[at] ?? 0) ^ 0x10;
    await writeFile(join(folder, name), bytes);
    const error = await readAll().then(
      () => undefined,
      (reason: unknown) => reason,
    );
    await restore();
    expect(error).toBeInstanceOf(SegmentDamaged);
    if (!(error instanceof SegmentDamaged)) return;
    expect(error.file).toBe(join(folder, name));
    expect(error.offset).toBeLessThanOrEqual(at);
    expect(error.message).toContain(`at byte ${error.offset}`);
  });

  it('is refused whole where it is of another chain', async () => {
    const other = Uint8Array.from(chainId, (byte) => byte ^ 1);
    await expect(ChainArchive.open(folder, { chainId: other, validators })).rejects.toThrow(
      /at byte 0: it is of another chain/,
    );
  });

  it('loses what a crash tore off its end, and no more: what comes again is written again', async () => {
    const name = last('.warm');
    const size = whole.get(name)?.length ?? 0;
    for (const torn of [1, 15, 16, 17, 40]) {
      await truncate(join(folder, name), size - torn);
      const left = await readAll();
      expect(left).toBeGreaterThanOrEqual(ids.length - 2);
      await restore();
    }
  });

  it('is no torn end where a whole frame stands behind the damage', async () => {
    const name = last('.warm');
    const bytes = Buffer.from(whole.get(name) ?? '');
    bytes[60] = (bytes[60] ?? 0) ^ 1;
    await writeFile(join(folder, name), bytes);
    await expect(readAll()).rejects.toThrow(SegmentDamaged);
    await restore();
  });

  it('never gives anything but whole answers or an error, whatever is changed in it', async () => {
    const names = [nameOf('.archive'), nameOf('.cold'), nameOf('.warm')];
    const property = fc.asyncProperty(
      fc.constantFrom(...names),
      fc.double({ min: 0, max: 1, noNaN: true, maxExcluded: true }),
      fc.integer({ min: 1, max: 255 }),
      fc.integer({ min: 1, max: 64 }),
      async (name, part, mask, length) => {
        const bytes = Buffer.from(whole.get(name) ?? '');
        const at = Math.floor(part * bytes.length);
        for (let each = at; each < Math.min(bytes.length, at + length); each += 1)
          bytes[each] = (bytes[each] ?? 0) ^ mask;
        await writeFile(join(folder, name), bytes);
        const outcome = await readAll().then(
          (read) => read === ids.length,
          (error: unknown) => error instanceof SegmentDamaged,
        );
        await restore();
        return outcome;
      },
    );
    const { failed, counterexample } = await fc.check(property, { numRuns: 40 });
    expect({ failed, counterexample }).toEqual({ failed: false, counterexample: null });
  });

  it('in the archive is refused by who checks it without the node, too', async () => {
    const name = nameOf('.archive');
    const bytes = Buffer.from(whole.get(name) ?? '');
    bytes[100] = (bytes[100] ?? 0) ^ 1;
    await writeFile(join(folder, name), bytes);
    const order = { chainId, epoch: 0, validators, verify: keys.verify };
    expect(await checkArchiveFile(join(folder, name), order)).toMatchObject({ holds: false });
    await restore();
    expect(await checkArchiveFile(join(folder, name), order)).toMatchObject({ holds: true });
  });
});
