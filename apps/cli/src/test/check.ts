/**
 * What every check of `q test` looks like: a name, and a function from the root of the repository
 * to a verdict.
 */
export interface Check {
  name: string;
  run: (root: string) => Promise<Verdict>;
}

/** How a check, or the whole test run, came out. `output` is shown when something failed. */
export interface Verdict {
  passed: number;
  failed: number;
  skipped: number;
  output: string;
  /** Lines that are shown below the check's own: the suites it consists of. */
  suites?: readonly string[];
}

/**
 * The verdict of a check that counts as one test.
 *
 * @param problems what is wrong, a line each; none means that it passed.
 */
export function verdictOf(problems: readonly string[]): Verdict {
  const failed = problems.length > 0 ? 1 : 0;
  return { passed: 1 - failed, failed, skipped: 0, output: problems.join('\n') };
}
