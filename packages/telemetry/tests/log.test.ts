import { mkdtemp, readdir, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { plainError } from '../src/frames.ts';
import { openNodeLog } from '../src/log.ts';
import { LogFile } from '../src/logFile.ts';
import { readableLine } from '../src/readableLine.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'q-log-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const line = `${'x'.repeat(99)}\n`;
const DAY_MS = 86_400_000;

describe('the file of a log', () => {
  it('keeps every line, in order, in as many files as it takes', async () => {
    const file = new LogFile(join(folder, 'node.log'), { bytes_max: 8e6, age_ms_max: DAY_MS });
    for (let n = 0; n < 1_000; n++) file.write(`${n}\n`);
    file.close();
    expect(await readFile(join(folder, 'node.log'), 'utf8')).toBe(
      Array.from({ length: 1_000 }, (_, n) => `${n}\n`).join(''),
    );
    expect((await stat(join(folder, 'node.log'))).mode & 0o777).toBe(0o600);
  });

  it('is set aside by size, and never takes more than it may', async () => {
    let now_ms = Date.now();
    const retention = { bytes_max: 8_000, age_ms_max: 365 * DAY_MS };
    const file = new LogFile(join(folder, 'node.log'), retention, () => (now_ms += 5));
    for (let n = 0; n < 500; n++) {
      file.write(line);
      file.flush();
    }
    file.close();
    const names = await readdir(folder);
    expect(names.length).toBeGreaterThan(3);
    const sizes = await Promise.all(
      names.map(async (name) => (await stat(join(folder, name))).size),
    );
    expect(sizes.reduce((sum, size) => sum + size, 0)).toBeLessThanOrEqual(retention.bytes_max);
  });

  it('is set aside each day, and goes when it is too old', async () => {
    let now_ms = Date.now();
    const retention = { bytes_max: 8e6, age_ms_max: 3 * DAY_MS };
    const file = new LogFile(join(folder, 'node.log'), retention, () => now_ms);
    for (let day = 0; day < 3; day++) {
      file.write(line);
      now_ms += DAY_MS;
      file.flush();
    }
    expect((await readdir(folder)).length).toBe(4);
    now_ms += 10 * DAY_MS;
    file.write(line);
    file.flush();
    file.close();
    expect((await readdir(folder)).toSorted()[0]).toBe('node.log');
    expect((await readdir(folder)).length).toBe(1);
  });
});

describe('an error in the log', () => {
  it('is its class, code and place, and never its message', async () => {
    const log = openNodeLog({ to: join(folder, 'node.log'), level: 'info' });
    const forged = new RangeError('secret1\n    at secret2 (file:///secret3.ts:1:2)');
    log.error(Object.assign(forged, { code: 'ENOSPC' }), 'store', { requestId: 'req_1' });
    await log.close();
    const text = await readFile(join(folder, 'node.log'), 'utf8');
    expect(text).not.toContain('secret');
    expect(JSON.parse(text)).toMatchObject({
      level: 'error',
      msg: 'error',
      where: 'store',
      error: 'RangeError',
      code: 'ENOSPC',
      requestId: 'req_1',
      frames: expect.arrayContaining([expect.stringContaining('log.test.ts')]),
    });
  });

  it('says what the engine says of a mistake in the code, without its values', () => {
    const broken: unknown = undefined;
    try {
      expect((broken as { secret: unknown }).secret).toBe('never');
    } catch (error) {
      expect(plainError(error)).toMatchObject({
        error: 'TypeError',
        hint: 'Cannot read properties of undefined',
      });
    }
  });

  it.each([['a text'], [undefined], [{ code: 'X' }], [null]])('may be no error: %j', (thrown) => {
    expect(plainError(thrown)).toEqual({ error: typeof thrown, frames: [] });
  });
});

describe('a line on a terminal', () => {
  it('reads as a sentence, and carries no control characters', () => {
    const text = readableLine(
      JSON.stringify({
        level: 'warn',
        time: '2026-01-02T03:04:05.678Z',
        msg: 'call',
        module: 'qwallet',
        code: 'A\u001b[31mB',
      }),
    );
    expect(text).toContain('03:04:05');
    expect(text).toContain('module=qwallet code=AB');
    expect(text.endsWith('\n')).toBe(true);
  });
});
