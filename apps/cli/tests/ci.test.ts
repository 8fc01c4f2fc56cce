import { spawnSync } from 'node:child_process';
import { chmodSync, cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';

const RUN = join(import.meta.dirname, '../../../.ci/run');
const folders: string[] = [];

afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
});

/** Runs a copy of .ci/run in a project whose two tiers end as given; servers are named, so none is sought. */
function run(unit: string, services: string) {
  const folder = mkdtempSync(join(tmpdir(), 'q-ci-'));
  folders.push(folder);
  mkdirSync(join(folder, '.ci'));
  cpSync(RUN, join(folder, '.ci/run'));
  const q = join(folder, 'q');
  writeFileSync(q, `#!/bin/sh\nif [ "$2" = services ]; then ${services}; else ${unit}; fi\n`);
  chmodSync(q, 0o755);
  const named = { Q_TEST_POSTGRES: 'postgres://here', Q_TEST_NATS: 'nats://here', Q_CHROMIUM: q };
  const env = { ...process.env, ...named };
  const { status, stdout } = spawnSync('bash', [join(folder, '.ci/run')], {
    encoding: 'utf8',
    env,
  });
  return { status, lines: stdout.trim().split('\n') };
}

const ends = (line: string, code: number): string => `echo work; echo '${line}'; exit ${code}`;

describe.skipIf(process.platform === 'win32')('what CI runs', () => {
  it('sums both tiers in one last line, the only count that is shown', () => {
    const { status, lines } = run(
      ends('12 passed, 0 failed, 2 skipped', 0),
      ends('3 passed, 0 failed', 0),
    );
    expect(lines).toEqual(['work', 'work', '15 passed, 0 failed, 2 skipped']);
    expect(status).toBe(0);
  });

  it('fails with either tier', () => {
    const { status, lines } = run(ends('12 passed, 0 failed', 0), ends('3 passed, 1 failed', 1));
    expect(lines.at(-1)).toBe('15 passed, 1 failed, 0 skipped');
    expect(status).toBe(1);
  });

  it('counts a tier that ends without a count as failed', () => {
    const { status, lines } = run(ends('12 passed, 0 failed', 0), 'kill -9 $$');
    expect(lines.at(-1)).toBe('12 passed, 1 failed, 0 skipped');
    expect(status).toBe(1);
  });

  it('does not fail where every service was missing: what did not run was skipped', () => {
    const { status, lines } = run(
      ends('12 passed, 0 failed', 0),
      ends('0 passed, 0 failed, 9 skipped', 1),
    );
    expect(lines.at(-1)).toBe('12 passed, 0 failed, 9 skipped');
    expect(status).toBe(0);
  });
});
