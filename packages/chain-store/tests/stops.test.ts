import { cp } from 'node:fs/promises';
import { afterEach, describe, expect, it } from 'vitest';
import { ChainArchive } from '../src/index.ts';
import { chainId, validators } from './chain.ts';
import { newFolder, removeFolders, SETTINGS, stepsOfStory, stopAndGoOn, story } from './stops.ts';

afterEach(removeFolders);

/** Steps of one kind have the same name but for the numbers of files. */
const kindOf = (step: string): string => step.replaceAll(/\d+/g, '#');

describe('a stop between any two steps', () => {
  it('loses no transaction, doubles none, and a later start comes to the same end', async () => {
    const steps = await stepsOfStory();
    const kinds = steps.map(kindOf);
    // Whatever is done at all is stopped at, the first time that it is done; each time, at night.
    for (const kind of new Set(kinds)) await stopAndGoOn(kinds.indexOf(kind) + 1);
    for (const kind of [
      '#.witness: before rename',
      '#.warm: before an append',
      '#.warm: before a sync',
      '#.cold: before its sync',
      '#.cold: before rename',
      '#.cold: before its name is synced',
      '#.warm: before it is deleted',
      '#-#.archive: before its sync',
      '#-#.archive: before rename',
      '#.cold: before it is deleted',
      'before the deletion is synced',
      '#.witness: before it is pruned',
    ])
      expect(kinds).toContain(kind);
  });

  it('keeps a commit that was answered as safe, though the process ends at once', async () => {
    const [folder, copy] = [await newFolder(), await newFolder()];
    const archive = await ChainArchive.open(folder, { chainId, validators, settings: SETTINGS });
    const [first] = story;
    if (first === undefined) throw new Error('a story has a beginning');
    await archive.keep(first.executed);
    await cp(folder, copy, { recursive: true });
    const again = await ChainArchive.open(copy, { chainId, validators, settings: SETTINGS });
    expect(await again.transaction(first.id)).toMatchObject({ id: first.id });
    await again.close();
    await archive.close();
  });
});
