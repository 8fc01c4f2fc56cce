import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

import { anyStore, dataFile } from './support.ts';

const FILE_TOO_LARGE = fileURLToPath(new URL('./fixtures/file-too-large.ts', import.meta.url));

describe.skipIf(process.platform === 'win32')('an input/output error while committing', () => {
  it('acknowledges nothing, stops all later writing, and lets reads go on', async () => {
    const file = dataFile();
    // 2,000 blocks of 512 or 1,024 bytes, by the shell; the signal is ignored so that write fails.
    const limited = `trap '' XFSZ; ulimit -f 2000; exec "$0" "$@"`;
    const { stdout, stderr } = spawnSync(
      '/bin/sh',
      ['-c', limited, process.execPath, FILE_TOO_LARGE, file],
      { encoding: 'utf8', timeout: 30_000 },
    );
    expect(stderr).toBe('');
    const report = JSON.parse(stdout);
    expect(report.acknowledged).toBeGreaterThan(5);
    expect(report.first).toMatchObject({ code: 'FAILED', outcome: 'unknown' });
    expect(report.group).toMatchObject([{ code: 'FAILED' }, { code: 'FAILED' }]);
    expect(report.small).toMatchObject({ code: 'FAILED' });
    expect(report.readable).toBe(report.acknowledged);

    const store = await anyStore({ file });
    expect(await store.check()).toEqual({ ok: true, problems: [] });
    const count = (await store.read('select count(*) as n from item'))[0]?.['n'];
    // The failed commit itself may have reached the disk; nothing after it.
    expect([report.acknowledged, report.acknowledged + 1]).toContain(count);
    await store.commit([{ sql: 'delete from item where id = 0', expect: { changes: 1 } }]);
  });
});
