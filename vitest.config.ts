import { configDefaults, defineConfig, type TestProjectInlineConfiguration } from 'vitest/config';
import { LongestFirst } from './apps/cli/src/test/longestFirst.ts';

const folders = '{packages,engines,modules,apps}/*/{src,tests}';
const everything = [`${folders}/**/*.test.ts`, 'tests/**/*.test.ts'];

const startOrLookAtProcesses = [
  'apart',
  'clockSteps',
  'commandLine',
  'contributing',
  'crash',
  'crashes',
  'delivery',
  'doctor',
  'documents',
  'fuzz',
  'grantRequests',
  'journey',
  'kill',
  'laterData',
  'mcpStdio',
  'memory',
  'oldData',
  'openapi',
  'operationHelp',
  'publishing',
  'quantumCommand',
  'quantumDemo',
  'quantumWorkerKill',
  'seeAndStop',
  'shedding',
  'socketKills',
  'status',
  'syncedBeforeAnswered',
];

/**
 * Deterministic cores load little and compute much. Node loads them itself, as it does for a user:
 * Vitest's own loader puts a call of a getter at each use of what another file exports.
 */
const computing = ['engines/*/{src,tests}/**/*.test.ts'];

/**
 * Tests that have a process of their own: those that start processes (a small one is copied faster
 * than a large one), those that load little and compute much, undisturbed by what others left, and
 * those that look at the process itself: its profile, its coverage.
 */
const alone = [
  'apps/*/{src,tests}/**/*.test.ts',
  'packages/{content,crypto,schemas,store}/{src,tests}/**/*.test.ts',
  `**/{${startOrLookAtProcesses.join(',')}}.test.ts`,
];

/** `./q test` leaves these to their own tier; by its name each of them runs here too. */
const otherTiers = ['**/*.nightly.test.ts'];
if (process.env['Q_TEST_TIER'] === 'unit') otherTiers.push('**/*.services.test.ts');

const project = (
  name: string,
  test: TestProjectInlineConfiguration['test'],
): TestProjectInlineConfiguration => ({
  test: {
    ...test,
    name,
    exclude: [...configDefaults.exclude, ...otherTiers, ...(test?.exclude ?? [])],
    pool: 'forks',
    testTimeout: 60_000,
    hookTimeout: 60_000,
    // What comes at all comes within seconds; a busy machine takes its time.
    expect: { poll: { timeout: 30_000 } },
  },
});

export default defineConfig({
  test: {
    // One more than the cores of a small machine: a test that waits for the disk leaves its core idle.
    maxWorkers: 3,
    sequence: { sequencer: LongestFirst },
    projects: [
      project('computing', {
        include: computing,
        experimental: { viteModuleRunner: false, nodeLoader: false },
      }),
      project('alone', { include: alone, exclude: computing }),
      // The others share the processes they run in, and what these have loaded: a node is most of
      // the project, and takes a second to load.
      project('shared', { include: everything, exclude: [...computing, ...alone], isolate: false }),
    ],
  },
});
