import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['{packages,engines,modules,apps}/*/{src,tests}/**/*.test.ts', 'tests/**/*.test.ts'],
    exclude: ['**/node_modules/**', '**/*.nightly.test.ts'],
    pool: 'forks',
    maxWorkers: 2,
    testTimeout: 60_000,
    hookTimeout: 60_000,
    // What comes at all comes within seconds; a busy machine takes its time.
    expect: { poll: { timeout: 30_000 } },
  },
});
