import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';
import { findNative } from '../src/index.ts';

const state = await findNative({ build: 'wait' });

it.skipIf(state.kind !== 'ready')(
  'gives back the memory of a state, and none beside it',
  async () => {
    const { stdout } = await promisify(execFile)(process.execPath, [
      '--expose-gc',
      join(import.meta.dirname, 'dropStates.ts'),
    ]);
    expect(stdout).toBe('1360 states kept\n');
  },
);
