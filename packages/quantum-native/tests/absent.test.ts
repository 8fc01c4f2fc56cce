import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { findNative, type NativeState } from '../src/index.ts';

describe('where there is no native executor', () => {
  let cache = '';
  beforeAll(async () => {
    cache = await mkdtemp(join(tmpdir(), 'q-native-'));
  });
  afterAll(() => rm(cache, { recursive: true, force: true }));

  async function under(
    environment: Record<string, string>,
    build: 'wait' | 'no',
  ): Promise<NativeState> {
    const before = Object.keys(environment).map((name) => [name, process.env[name]] as const);
    Object.assign(process.env, environment);
    try {
      return await findNative({ build, cache });
    } finally {
      for (const [name, value] of before)
        if (value === undefined) delete process.env[name];
        else process.env[name] = value;
    }
  }

  it('says that there is no compiler', async () => {
    expect(await under({ CXX: '/nonexistent/c++' }, 'wait')).toMatchObject({
      kind: 'absent',
      why: expect.stringContaining('no C++ compiler'),
    });
  });

  it('says that it is switched off', async () => {
    expect(await under({ Q_NATIVE: 'off' }, 'wait')).toEqual({
      kind: 'absent',
      why: 'Q_NATIVE is off',
    });
  });

  it('keeps what the compiler said, and does not try it again', async () => {
    // Answers as a compiler does when asked for its version, and compiles nothing.
    const first = await under({ CXX: process.execPath }, 'wait');
    expect(first).toMatchObject({ kind: 'absent', why: expect.stringContaining('could not') });
    expect(await under({ CXX: process.execPath }, 'no')).toEqual(first);
  });
});
