import { symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { FakeMachine } from './fakeMachine.ts';

let machine: FakeMachine;
beforeEach(() => {
  machine = new FakeMachine();
});
afterEach(() => machine.remove());

describe('q, the one command', () => {
  it('uses a Node of at least 26 that is on PATH, and hands it every argument as it is', async () => {
    machine.addNode('26.1.0');
    machine.addNpm();
    const ran = await machine.q(['call', 'a.b', '{"a": "x  y"}', '']);
    expect(ran.code).toBe(0);
    const main = join(machine.checkout, 'apps/cli/src/main.ts');
    const flag = '--disable-warning=ExperimentalWarning';
    expect(ran.stdout.split('\n')).toEqual(
      ['node 26.1.0', flag, main, 'call', 'a.b', '{"a": "x  y"}', '', ''], // the last ends the line
    );
    expect(machine.has('.q/runtime')).toBe(false);
  });

  it('fetches its own Node where the one on PATH is old, and runs all else under it', async () => {
    machine.addNode('20.1.0');
    machine.addNpm({ asScript: true });
    const ran = await machine.q(['up']);
    expect(ran.stderr).toContain('fetching Node 26');
    expect(ran.stdout).toContain('node 26.10.0');
    expect(machine.has('.q/runtime/pin')).toBe(true);
    const [fetching, installing] = machine.npmCalls();
    expect(fetching).toMatch(/^v20\.1\.0 (ci|install) /);
    expect(installing).toMatch(/^v26\.10\.0 install --no-save --ignore-scripts --omit=dev /);
  });

  it.each([
    ['nothing', undefined, false],
    ['a Node too old to fetch another', '16.0.0', true],
    ['an old Node without npm', '20.1.0', false],
  ])('says what to install where there is %s', async (_what, node, npm) => {
    if (node !== undefined) machine.addNode(node);
    if (npm) machine.addNpm();
    const ran = await machine.q(['up']);
    expect(ran).toMatchObject({ code: 1, stdout: '' });
    expect(ran.stderr).toContain('Install Node 26');
    expect(machine.npmCalls()).toEqual([]);
  });

  it('says that npm is missing where it is needed to install', async () => {
    machine.addNode('26.1.0');
    const ran = await machine.q(['up']);
    expect(ran.code).toBe(1);
    expect(ran.stderr).toContain('install npm');
  });

  it('runs no npm on the second start', async () => {
    machine.addNode('20.1.0');
    machine.addNpm();
    await machine.q(['up']);
    const calls = machine.npmCalls();
    const second = await machine.q(['up']);
    expect(second).toMatchObject({ code: 0, stderr: '' });
    expect(second.stdout).toContain('node 26.10.0');
    expect(machine.npmCalls()).toEqual(calls);
  });

  it('installs again when the lock file has changed', async () => {
    machine.addNode('26.1.0');
    machine.addNpm();
    await machine.q(['up']);
    machine.write('package-lock.json', '{"second":true}');
    await machine.q(['up']);
    expect(machine.npmCalls()).toHaveLength(2);
  });

  it('adds the development tools when a command first needs them, and keeps them', async () => {
    machine.addNode('26.1.0');
    machine.addNpm();
    await machine.q(['--json', 'up']);
    machine.write('node_modules/in-use/index.js', '');
    await machine.q(['test']);
    await machine.q(['up']);
    const extents = machine.npmCalls().map((call) => /--(?:omit|include)=dev/.exec(call)?.[0]);
    expect(extents).toEqual(['--omit=dev', '--include=dev']);
    expect(machine.has('node_modules/in-use/index.js')).toBe(true);
  });

  it('leaves no mark of an install that failed, says why, and repairs it the next time', async () => {
    machine.addNode('26.1.0');
    machine.addNpm();
    machine.npmFails(true);
    const failed = await machine.q(['up']);
    expect(failed).toMatchObject({ code: 1, stdout: '' });
    expect(failed.stderr).toContain('no network');
    expect(machine.has('.q/installed.prod')).toBe(false);
    expect(machine.has('.q/lock')).toBe(false);
    machine.npmFails(false);
    machine.write('node_modules/half/package.json', '');
    expect(await machine.q(['up'])).toMatchObject({ code: 0 });
    expect(machine.has('node_modules/half')).toBe(false);
  });

  it('leaves no Node behind that was fetched in part', async () => {
    machine.addNode('20.1.0');
    machine.addNpm();
    machine.npmFails(true);
    expect((await machine.q(['up'])).code).toBe(1);
    expect(machine.has('.q/runtime')).toBe(false);
  });

  it('ends npm when it is stopped, and installs again the next time', async () => {
    machine.addNode('26.1.0');
    machine.addNpm({ takes_s: 30 });
    const stopped = await machine.q(['up'], (kill) => {
      const wait = setInterval(() => {
        if (!machine.has('.q/lock/npm')) return;
        clearInterval(wait);
        kill('SIGTERM');
      }, 20);
    });
    expect(stopped.code).toBe(143);
    expect(machine.has('.q/installed.prod')).toBe(false);
    expect(machine.has('.q/lock')).toBe(false);
    machine.addNpm();
    expect((await machine.q(['up'])).code).toBe(0);
  });

  it('installs once when two are started at the same time', async () => {
    machine.addNode('20.1.0');
    machine.addNpm({ takes_s: 1 });
    const both = await Promise.all([machine.q(['up']), machine.q(['up'])]);
    expect(both.map(({ code }) => code)).toEqual([0, 0]);
    expect(machine.npmCalls()).toHaveLength(2); // one for the runtime, one for the dependencies
  });

  it('breaks the lock of one that died', async () => {
    machine.addNode('26.1.0');
    machine.addNpm();
    machine.write('.q/lock/pid', '999999999\n');
    expect((await machine.q(['up'])).code).toBe(0);
    expect(machine.has('.q/lock')).toBe(false);
  });

  it('finds its folder through a link', async () => {
    machine.addNode('26.1.0');
    machine.addNpm();
    const link = join(machine.checkout, 'elsewhere');
    symlinkSync('q', link);
    const ran = await machine.q(['up'], undefined, link);
    expect(ran.stdout).toContain(join(machine.checkout, 'apps/cli/src/main.ts'));
  });

  it('refuses a Q_NODE that is too old', async () => {
    machine.addNode('20.1.0');
    machine.addNpm();
    machine.env['Q_NODE'] = 'node';
    const ran = await machine.q(['up']);
    expect(ran.code).toBe(1);
    expect(ran.stderr).toContain('Q_NODE is node');
  });
});
