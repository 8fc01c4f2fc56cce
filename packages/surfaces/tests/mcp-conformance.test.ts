import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startHttpSurface, type HttpSurface } from '../src/index.ts';
import { fakeNode } from './fakeNode.ts';

const conformance = fileURLToPath(
  new URL('../../../node_modules/.bin/conformance', import.meta.url),
);
let surface: HttpSurface;
beforeAll(async () => {
  surface = await startHttpSurface(fakeNode(), { port: 0 });
});
afterAll(() => surface.close());

// The other scenarios of the suite call the fixture tools of its own server.
describe('the conformance suite of the protocol', () => {
  it.each(['server-initialize', 'tools-list', 'ping', 'dns-rebinding-protection'])(
    'passes %s',
    async (scenario) => {
      const { stdout } = await promisify(execFile)(process.execPath, [
        conformance,
        'server',
        '--url',
        `${surface.url}/mcp`,
        '--scenario',
        scenario,
      ]);
      expect(stdout).toMatch(/Passed: ([1-9]\d*)\/\1, 0 failed/);
    },
  );
});
