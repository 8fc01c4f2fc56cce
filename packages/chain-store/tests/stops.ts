import { cp, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'vitest';
import { ChainArchive, type ArchiveSettings } from '../src/index.ts';
import { chainId, idOf, people, TestChain, validators } from './chain.ts';

const [ana, ben] = people;

/** A segment every other checkpoint, so that a dozen of them go through all layers. */
export const SETTINGS: Partial<ArchiveSettings> = {
  segmentBytes: 800,
  warmSegments: 0,
  coldSegments: 2,
  keepCheckpoints: 1,
  witnessRetention_ms: 0,
  hotTransactions: 1,
};

/** Folders of these runs. */
const folders: string[] = [];
export async function newFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'q-chain-stops-'));
  folders.push(folder);
  return folder;
}
export async function removeFolders(): Promise<void> {
  for (const folder of folders.splice(0)) await rm(folder, { recursive: true, force: true });
}

class Stopped extends Error {}

/** The same short chain each time, as commits with what certifies them. */
const chain = new TestChain();
export const story = Array.from({ length: 8 }, () => {
  const entry = chain.pay(ana, ben);
  const executed = chain.commit([entry], true);
  const certificate =
    executed.checkpoint === undefined ? undefined : chain.certificate(executed.checkpoint);
  return { id: idOf(entry), executed, certificate };
});
const ids = story.map(({ id }) => id).toReversed();

/** Tells an archive the story, from whatever it knows of it on. */
async function tell(archive: ChainArchive): Promise<void> {
  for (const { executed, certificate } of story) {
    await archive.keep(executed);
    if (certificate !== undefined) archive.certified(certificate);
    await archive.settled();
  }
}

/** Stops at one step of all that are gone through: what lies on the disk then is copied, as a crash leaves it. */
async function stoppedAt(step: number, into: string): Promise<string | undefined> {
  const folder = await newFolder();
  let seen = 0;
  let name: string | undefined;
  const archive = await ChainArchive.open(folder, {
    chainId,
    validators,
    settings: SETTINGS,
    probe: (at) => {
      seen += 1;
      if (seen < step) return;
      name ??= at;
      throw new Stopped(at);
    },
  }).catch((error: unknown) => {
    if (error instanceof Stopped) return undefined;
    throw error;
  });
  if (archive !== undefined) {
    await tell(archive).catch((error: unknown) => {
      if (!(error instanceof Stopped)) throw error;
    });
    await archive.close();
  }
  await cp(folder, into, { recursive: true });
  return name;
}

/** The names of all steps that the story goes through, in order. */
export async function stepsOfStory(): Promise<string[]> {
  const steps: string[] = [];
  const archive = await ChainArchive.open(await newFolder(), {
    chainId,
    validators,
    settings: SETTINGS,
    probe: (step) => void steps.push(step),
  });
  await tell(archive);
  await archive.close();
  return steps;
}

/** Stops at a step, starts again, and holds what is there to what there must be. */
export async function stopAndGoOn(step: number): Promise<void> {
  const folder = await newFolder();
  const name = await stoppedAt(step, folder);
  const errors: unknown[] = [];
  const onError = (error: unknown) => void errors.push(error);
  const archive = await ChainArchive.open(folder, {
    chainId,
    validators,
    settings: SETTINGS,
    onError,
  });
  // What was safe before the stop is there, in order and once.
  const before = await archive.transactions({ limit: 100 });
  expect(before.map(({ id }) => id)).toEqual(ids.slice(ids.length - before.length));
  await tell(archive);
  const all = await archive.transactions({ limit: 100 });
  expect({ name, ids: all.map(({ id }) => id) }).toEqual({ name, ids });
  expect({ name, errors, gaps: archive.status().gaps }).toEqual({ name, errors: [], gaps: [] });
  const unproved: string[] = [];
  for (const { id } of story) if (!(await archive.receiptProof(id))) unproved.push(id);
  expect({ name, unproved }).toEqual({ name, unproved: [] });
  await archive.close();
}
