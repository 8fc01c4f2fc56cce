import { BaseSequencer, type TestSpecification } from 'vitest/node';

/** A file that takes minutes, where the others take seconds. */
const longest = /\/tests\/crashes\.test\.ts$/;

/** Begins with the longest test, so that it does not run alone at the end while a core is idle. */
export class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    // A method of the sequencer, which copies the list.
    // oxlint-disable-next-line unicorn/no-array-sort
    const sorted = await super.sort(files);
    const isLongest = ({ moduleId }: TestSpecification): boolean => longest.test(moduleId);
    return [...sorted.filter(isLongest), ...sorted.filter((file) => !isLongest(file))];
  }
}
