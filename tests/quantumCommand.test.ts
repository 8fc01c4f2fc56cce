import { spawn } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { q, up, type UpNode } from './qCommand.ts';

const BELL = `OPENQASM 2.0;
include "qelib1.inc";
qreg q[2];
creg c[2];
h q[0];
cx q[0],q[1];
measure q -> c;
`;
const OPEN = `OPENQASM 3.0;
include "stdgates.inc";
input float[64] theta;
qubit[2] a;
qubit[1] b;
x a[1];
rx(theta) b[0];
`;
const WIDE = `OPENQASM 3.0;
include "stdgates.inc";
qubit[11] q;
for int k in [0:10] { ry(0.3 + 0.1 * k) q[k]; }
for int k in [0:9] { cx q[k], q[k + 1]; }
for int k in [0:10] { rx(0.2 * k + 0.1) q[k]; }
`;

let folder: string;
const file = (name: string): string => join(folder, name);

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'q-quantum-'));
  await writeFile(file('bell.qasm'), BELL);
  await writeFile(file('open.qasm'), OPEN);
  await writeFile(file('bad.qasm'), BELL.replace('cx q[0],q[1];', 'cx q[0],q[9];'));
  await writeFile(file('binary.qasm'), Buffer.from([1, 0, 255]));
  await writeFile(file('broken.qasm'), Buffer.from([104, 10, 0xc3, 0x28]));
  await writeFile(file('endless.stim'), 'REPEAT 1000000000000000 {\n  H 0\n}\nM 0\n');
  await writeFile(file('wide.qasm'), WIDE);
  await writeFile(file('noise.json'), '{"measurementFlip": 1}');
  await writeFile(file('fog.json'), '{"fog": 1}');
});
afterAll(() => rm(folder, { recursive: true, force: true }));

interface Told {
  readonly counts: Readonly<Record<string, number>>;
  readonly [member: string]: unknown;
}
const told = async (...args: string[]): Promise<Told> => {
  const ran = await q('quantum', 'run', ...args, '--json');
  expect([ran.code, ran.stderr]).toEqual([0, '']);
  return JSON.parse(ran.stdout) as Told;
};

describe('q quantum run, on a machine without a node', () => {
  it('prints one object with counts, method, why, memory, time and seed', async () => {
    const run = await told(file('bell.qasm'), '--shots', '500', '--seed', '7');
    expect(Object.keys(run.counts).toSorted()).toEqual(['00', '11']);
    expect(Object.values(run.counts).reduce((a, b) => a + b)).toBe(500);
    expect(run).toMatchObject({
      shots: 500,
      seed: '7',
      method: expect.any(String) as unknown,
      why: expect.stringMatching(/\w/) as unknown,
      memory_bytes: expect.any(Number) as unknown,
      duration_ms: expect.any(Number) as unknown,
      registers: [{ name: 'c', size: 2 }],
    });
    const again = await told(file('bell.qasm'), '--shots', '500', '--seed', '7');
    expect(again.counts).toEqual(run.counts);
  });

  it('computes the same bits with any number of threads with --strict, and says so', async () => {
    const args = [file('wide.qasm'), '--seed', '7', '--shots', '300', '--strict'];
    const more = [...args, '--observable', 'X0 Z3 - 0.5*Y5', '--method', 'statevector'];
    const one = await told(...more, '--threads', '1');
    const two = await told(...more, '--threads', '2');
    expect(two).toMatchObject({
      strict: true,
      executor: 'wasm f64 strict, 2 threads',
      counts: one.counts,
      expectations: one['expectations'],
      resultHash: one['resultHash'],
    });
    const shown = await q('quantum', 'run', ...args);
    expect(shown.stdout).toContain('the same bits on every machine');
    const ran = await q('quantum', 'estimate', file('wide.qasm'), '--strict', '--json');
    expect(JSON.parse(ran.stdout)).toMatchObject({ circuit: { qubits: 11 } });
  });

  it('measures all qubits of a circuit that measures none, registers in order, highest bit first', async () => {
    const run = await told(file('open.qasm'), '--param', 'theta=0', '--shots', '10');
    expect(run.counts).toEqual({ '100': 10 });
    const text = await q('quantum', 'run', file('open.qasm'), '--param', 'theta=0');
    expect(text.stdout).toContain('all its qubits were measured at the end');
  });

  it('tells a person a histogram without colours where nobody sees them, and draws it as SVG', async () => {
    const svg = file('bell.svg');
    const ran = await q('quantum', 'run', file('bell.qasm'), '--shots', '100', '--svg', svg);
    expect(ran.code).toBe(0);
    expect(ran.stdout).toMatch(/^ {2}(00|11) {2}█+ .*%$/m);
    // eslint-disable-next-line no-control-regex -- the escape sequences of colours begin with it
    expect(ran.stdout + ran.stderr).not.toMatch(/\u001b/);
    expect(await readFile(svg, 'utf8')).toMatch(/^<svg [^]*<title>(00|11): \d+/);
  });

  it('computes expectation values, with noise as a number or from a file', async () => {
    const exact = await told(file('bell.qasm'), '--observable', 'X0 X1 + Z0 Z1', '--shots', '0');
    // The bits were measured: what is left is the correlation in Z.
    expect(exact['expectations']).toMatchObject([{ value: 1, standardError: 0 }]);
    const flipped = await told(
      file('open.qasm'),
      '--param',
      'theta=0',
      '--noise',
      file('noise.json'),
    );
    expect(flipped.counts).toEqual({ '011': 1_024 });
  });

  it('reads from standard input, and ends well when nobody reads on', async () => {
    const main = join(import.meta.dirname, '../apps/cli/src/main.ts');
    const args = ['--disable-warning=ExperimentalWarning', main, 'quantum', 'run', '-', '--json'];
    const child = spawn(process.execPath, args);
    child.stdout.destroy();
    child.stdin.end(BELL);
    const code = await new Promise((resolve) => child.once('exit', resolve));
    expect(code).toBe(0);
  });

  it('says where a circuit is wrong, with the line and a caret, and ends with 1', async () => {
    const ran = await q('quantum', 'run', file('bad.qasm'));
    expect([ran.code, ran.stdout]).toEqual([1, '']);
    expect(ran.stderr).toContain('bad.qasm:6:');
    const [, line = '', caret = ''] = ran.stderr.split('\n');
    expect(line.trim()).toBe('cx q[0],q[9];');
    expect(line[caret.indexOf('^')]).toBe('9');
    const json = await q('quantum', 'run', file('bad.qasm'), '--json');
    expect([json.code, JSON.parse(json.stdout)]).toMatchObject([1, { error: { line: 6 } }]);
  });

  it.each([
    [['nothing.qasm'], 1, 'There is no file'],
    [['.'], 1, 'is a folder'],
    [['binary.qasm'], 1, 'byte 1 is 0'],
    [['broken.qasm'], 1, 'not UTF-8 in line 2'],
    [['open.qasm'], 1, 'theta'],
    [['bell.qasm', '--observable', 'Z9'], 1, 'no qubit 9'],
    [['bell.qasm', '--noise', 'fog.json'], 1, 'fog'],
    [['bell.qasm', '--shots', '1000000000'], 2, 'a whole number'],
    [['endless.stim'], 1, '11111 h, and 168 h are the most'],
    [['bell.qasm', '--priority', '3'], 1, 'add --node'],
    [['bell.qasm', '--method', 'magic'], 2, 'Allowed choices'],
    [[], 2, 'missing required argument'],
  ])('says what is wrong with %j', async (words, code, reason) => {
    const args = words.map((word) =>
      /^(\.|[\w.]+\.(qasm|json|stim))$/.test(word) ? file(word) : word,
    );
    const ran = await q('quantum', 'run', ...args);
    expect([ran.code, ran.stdout]).toEqual([code, '']);
    expect(ran.stderr).toContain(reason);
  });

  it('shows examples with --help', async () => {
    const ran = await q('quantum', '--help');
    expect(ran.code).toBe(0);
    expect(ran.stdout).toContain('q quantum run bell.qasm --shots 1000 --seed 7');
  });
});

describe('q quantum estimate', () => {
  it('says method, memory and time, and runs nothing', async () => {
    const ran = await q('quantum', 'estimate', file('bell.qasm'), '--json');
    const plan = JSON.parse(ran.stdout) as Record<string, unknown>;
    expect(plan).toMatchObject({ circuit: { qubits: 2, bits: 2 }, shots: 1_024 });
    for (const member of ['memory_bytes', 'duration_ms']) expect(plan[member]).toBeGreaterThan(0);
    expect((await q('quantum', 'estimate', file('bell.qasm'))).stdout).toMatch(/memory .* bytes/);
  });
});

describe('q quantum with --node', () => {
  let node: UpNode;
  beforeAll(async () => {
    node = await up('--data', file('data'), '--keys', file('keys'), '--empty');
  });
  afterAll(() => node.stop());

  it('runs the same there, and lists it among the jobs', async () => {
    const here = await told(file('bell.qasm'), '--seed', '7');
    const there = await told(
      file('bell.qasm'),
      '--seed',
      '7',
      '--node',
      '--data',
      file('data'),
      '--priority',
      '7',
    );
    expect(there.counts).toEqual(here.counts);
    expect(there).toMatchObject({ price: '0 rUv', seed: '7' });
    const listed = await q('quantum', 'jobs', '--data', file('data'), '--state', 'done', '--json');
    const { items } = JSON.parse(listed.stdout) as { items: object[] };
    expect(items).toMatchObject([{ runId: there['runId'], state: 'DONE', priority: 7 }]);
    const nobody = await q('quantum', 'jobs', '--data', file('nowhere'), '--json');
    expect(nobody.code).toBe(1);
    expect(JSON.parse(nobody.stdout)).toMatchObject({ error: { code: 'NODE_NOT_RUNNING' } });
    const priced = await q(
      'quantum',
      'estimate',
      file('bell.qasm'),
      '--node',
      '--data',
      file('data'),
    );
    expect(priced.stdout).toContain('rUv');
  });

  it('keeps the bits of a strict run here', async () => {
    const args = [file('wide.qasm'), '--seed', '7', '--strict', '--observable', 'X0 Z3'];
    const here = await told(...args, '--threads', '2');
    const there = await told(...args, '--node', '--data', file('data'));
    expect(there).toMatchObject({
      strict: true,
      counts: here.counts,
      expectations: here['expectations'],
      provenance: { strict: true, resultHash: here['resultHash'] },
    });
  });

  it('tells what is wrong with a circuit as it does here', async () => {
    const here = await q('quantum', 'run', file('bad.qasm'));
    const there = await q(
      'quantum',
      'estimate',
      file('bad.qasm'),
      '--node',
      '--data',
      file('data'),
    );
    expect(there).toMatchObject({ code: 1, stderr: here.stderr });
  });
});
