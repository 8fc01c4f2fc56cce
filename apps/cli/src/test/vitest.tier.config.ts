import { defineConfig } from 'vitest/config';

/** The tests that need more than a bare machine: `*.services.test.ts` and `*.nightly.test.ts`. */
const tier = process.env['Q_TEST_TIER'] ?? 'nightly';

export default defineConfig({
  test: {
    include: [
      `{packages,engines,modules,apps}/*/{src,tests}/**/*.${tier}.test.ts`,
      `tests/**/*.${tier}.test.ts`,
    ],
    pool: 'forks',
    maxWorkers: 2,
    testTimeout: tier === 'nightly' ? 3_600_000 : 120_000,
    hookTimeout: 120_000,
    // What comes at all comes within seconds; a busy machine takes its time.
    expect: { poll: { timeout: 30_000 } },
  },
});
