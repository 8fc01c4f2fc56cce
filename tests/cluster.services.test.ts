import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const Q = join(import.meta.dirname, '../apps/cli/src/main.ts');
const MINUTES_MS = 180_000;

interface Ended {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** A cluster on this machine: real processes, real keys, real disks. */
let folder: string;
const cluster = (...words: string[]): Promise<Ended> =>
  new Promise((resolve) => {
    execFile(
      process.execPath,
      [Q, 'cluster', ...words],
      { env: { ...process.env, Q_CLUSTER: folder, NO_COLOR: '1' }, timeout: MINUTES_MS },
      (error, stdout, stderr) =>
        resolve({ code: error === null ? 0 : Number(error.code ?? 1), stdout, stderr }),
    );
  });

/** On loopback, as any host has it; tests/clusterNamespaces.services.test.ts has namespaces. */
const up = (...words: string[]): Promise<Ended> => cluster('up', '--network', 'loopback', ...words);

interface Status {
  readonly members: readonly {
    readonly name: string;
    readonly state: string;
    readonly pid?: number;
    readonly chain?: {
      readonly epoch: number;
      readonly isValidator: boolean;
      readonly validators: readonly string[];
      readonly finalized: { readonly seq: number; readonly stateRoot: string };
    };
  }[];
}
interface LoadResult {
  readonly sent: number;
  readonly final: number;
  readonly wrong: readonly string[];
  readonly agreed: { readonly members: number; readonly stateRoot: string };
}
const statusOf = async (): Promise<Status> =>
  JSON.parse((await cluster('status', '--json')).stdout) as Status;
const load = async (...words: string[]): Promise<LoadResult> => {
  const { code, stdout, stderr } = await cluster('load', '--json', ...words);
  expect([code, stderr]).toEqual([0, '']);
  return JSON.parse(stdout) as LoadResult;
};
const expectAllFinal = ({ sent, final, wrong }: LoadResult): void => {
  expect(final).toBe(sent);
  expect(final).toBeGreaterThan(0);
  expect(wrong).toEqual([]);
};
const finalOf = ({ members }: Status, name: string): number =>
  members.find((member) => member.name === name)?.chain?.finalized.seq ?? -1;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'q-cluster-'));
  const { code, stderr } = await up('--nodes', '4', '--epoch', '5');
  if (code !== 0) throw new Error(stderr);
}, MINUTES_MS);
afterAll(async () => {
  await cluster('down');
  await rm(folder, { recursive: true, force: true });
}, MINUTES_MS);

describe('a cluster of four processes', { timeout: MINUTES_MS }, () => {
  it('agrees on transfers, each of which acts once', async () => {
    const { members } = await statusOf();
    expect(members.map(({ name, state }) => `${name} ${state}`)).toEqual(
      ['n1', 'n2', 'n3', 'n4'].map((name) => `${name} RUNNING`),
    );
    const done = await load('--seconds', '3', '--batch', '4');
    expectAllFinal(done);
    expect(done.agreed.members).toBe(4);
  });

  it('goes on while any one of them is killed in the middle of the flow, and takes it back', async () => {
    for (const name of ['n1', 'n2', 'n3', 'n4']) {
      const flow = load('--seconds', '4');
      expect((await cluster('kill', name)).code).toBe(0);
      expect((await cluster('start', name)).code).toBe(0);
      expectAllFinal(await flow);
    }
    expect((await load('--seconds', '1')).agreed.members).toBe(4);
  });

  it('goes on without one that is cut off, which catches up when it is joined again', async () => {
    await cluster('partition', 'n1,n2,n4', 'n3');
    const before = finalOf(await statusOf(), 'n3');
    const flow = load('--seconds', '6');
    await expect
      .poll(async () => finalOf(await statusOf(), 'n1'), { timeout: 60_000 })
      .toBeGreaterThan(before + 2);
    expect(finalOf(await statusOf(), 'n3')).toBeLessThanOrEqual(before + 1);
    expect((await cluster('heal')).code).toBe(0);
    const together = await flow;
    expectAllFinal(together);
    expect(together.agreed.members).toBe(4);
  });

  it('stands still, and forks nowhere, where two of four are held', async () => {
    await cluster('pause', 'n1');
    await cluster('pause', 'n2');
    const before = finalOf(await statusOf(), 'n3');
    const flow = load('--seconds', '2');
    await expect.poll(async () => finalOf(await statusOf(), 'n3')).toBeLessThanOrEqual(before + 2);
    await cluster('resume', 'n1');
    await cluster('resume', 'n2');
    expectAllFinal(await flow);
  });

  it('lets what flows end where one is held that was just asked', async () => {
    const flow = load('--seconds', '3');
    await cluster('pause', 'n4');
    expectAllFinal(await flow);
    expect((await cluster('resume', 'n4', '--json')).stdout).toContain('"members"');
  });

  it('takes a fifth in, and lets one go', async () => {
    expect((await cluster('add')).code).toBe(0);
    const five = await statusOf();
    expect(five.members.at(-1)).toMatchObject({ name: 'n5', state: 'RUNNING' });
    expect(five.members[0]?.chain?.validators).toHaveLength(5);
    expectAllFinal(await load('--seconds', '2'));
    expect((await cluster('remove', 'n2')).code).toBe(0);
    const four = await statusOf();
    expect(four.members.map(({ name }) => name)).toEqual(['n1', 'n3', 'n4', 'n5']);
    expect(four.members[0]?.chain?.validators).toHaveLength(4);
    expectAllFinal(await load('--seconds', '2'));
  });

  it('is there again after it was down, where it was', async () => {
    const before = await statusOf();
    const pids = before.members.flatMap(({ pid }) => (pid === undefined ? [] : [pid]));
    expect((await cluster('down')).code).toBe(0);
    for (const pid of pids) expect(() => process.kill(pid, 0)).toThrow();
    expect((await up()).code).toBe(0);
    const done = await load('--seconds', '2');
    expectAllFinal(done);
    expect(finalOf(await statusOf(), 'n1')).toBeGreaterThan(finalOf(before, 'n1'));
  });

  it('says what is wrong in one line', async () => {
    for (const [words, said] of [
      [['kill', 'n9'], 'There is no node n9'],
      [['resume', 'n1'], 'is not paused'],
      [['start', 'n1'], 'runs already'],
      [['partition', 'n1,n1'], 'in one part only'],
      [['up'], 'up already'],
      [['logs', '../n1'], 'There is no node ../n1'],
    ] as const) {
      const { code, stderr } = await cluster(...words);
      expect([words, code]).toEqual([words, 1]);
      expect(stderr).toContain(said);
    }
    expect((await cluster('up', '--nodes', '0')).code).not.toBe(0);
  });

  it('keeps its keys to itself, and logs none', async () => {
    const logs = (await cluster('logs', 'n1', '--lines', '1000')).stdout;
    expect(logs).toContain('finalized');
    const seed = (await readFile(join(folder, 'n1', 'seed'), 'utf8')).trim();
    expect(seed).toMatch(/^[0-9a-f]{64}$/);
    expect(logs).not.toContain(seed);
  });
});

describe('q demo cluster', { timeout: MINUTES_MS }, () => {
  it('holds in all of its parts, and leaves no process behind', async () => {
    const { error, stdout } = await new Promise<{ error: Error | null; stdout: string }>(
      (resolve) => {
        execFile(
          process.execPath,
          [Q, 'demo', 'cluster', '--json'],
          { timeout: MINUTES_MS },
          (failed, said) => resolve({ error: failed, stdout: said }),
        );
      },
    );
    expect(error).toBeNull();
    const report = JSON.parse(stdout) as Record<string, unknown>;
    expect(report).toMatchObject({
      ok: true,
      agreed: { members: 5, wrong: [] },
      joined: { name: 'n5', validators: 5 },
      certificate: { holds: true, holdsChanged: false },
    });
  });
});
