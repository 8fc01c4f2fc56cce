import { execFile, execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, readdir, readlink, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const Q = join(import.meta.dirname, '../apps/cli/src/main.ts');
const MINUTES_MS = 180_000;

/** What this host allows: namespaces as root, as root of a namespace of users, or none. */
const way = [['--net'], ['--user', '--map-root-user', '--net']].find((flags) => {
  try {
    const command = ['ip', 'link', 'add', 'name', 'here', 'type', 'veth', 'peer', 'name', 'there'];
    execFileSync('unshare', [...flags, ...command], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
});
const notice = way === undefined ? ' (this host allows no network namespaces)' : '';

interface Ended {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}
interface Node {
  readonly name: string;
  readonly state: string;
  readonly pid: number;
  readonly address: string;
  readonly chain?: { readonly finalized: { readonly seq: number } };
}
interface Status {
  readonly pid: number;
  readonly network: string;
  readonly members: readonly Node[];
}

let folder: string;
const run = (command: string, words: readonly string[], env = {}): Promise<Ended> =>
  new Promise((resolve) => {
    const options = { env: { ...process.env, Q_CLUSTER: folder, NO_COLOR: '1', ...env } };
    execFile(command, words, { ...options, timeout: MINUTES_MS }, (error, stdout, stderr) =>
      resolve({ code: error === null ? 0 : Number(error.code ?? 1), stdout, stderr }),
    );
  });
const cluster = (...words: string[]): Promise<Ended> =>
  run(process.execPath, [Q, 'cluster', ...words]);
const statusOf = async (): Promise<Status> =>
  JSON.parse((await cluster('status', '--json')).stdout) as Status;
const nodeOf = async (name: string): Promise<Node> => {
  const node = (await statusOf()).members.find((member) => member.name === name);
  if (node === undefined) throw new Error(`there is no ${name}`);
  return node;
};
const finalOf = async (name: string): Promise<number> =>
  (await nodeOf(name)).chain?.finalized.seq ?? -1;
const untilFinal = (name: string, seq: number): Promise<void> =>
  expect.poll(() => finalOf(name), { timeout: 60_000 }).toBeGreaterThan(seq);

const namespaceOf = (pid: number | string): Promise<string> => readlink(`/proc/${pid}/ns/net`);
const namespacesOf = ({ pid, members }: Status): Promise<string[]> =>
  Promise.all([pid, ...members.map((member) => member.pid)].map(namespaceOf));
/** Those of the namespaces in which any process is. */
async function inUse(namespaces: readonly string[]): Promise<string[]> {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
  const used = await Promise.all(pids.map((pid) => namespaceOf(pid).catch(() => '')));
  return namespaces.filter((each) => used.includes(each));
}

/** What comes of connecting to an address from the namespace of a process. */
async function connectFrom(pid: number, address: string): Promise<string> {
  const user = way?.includes('--user') === true ? ['--user', '--preserve-credentials'] : [];
  const [host, port] = address.split(':');
  const script = `
    const socket = require('node:net').connect(${port}, '${host}');
    const tell = (what) => { console.log(what); process.exit(); };
    socket.on('connect', () => tell('connected')).on('error', ({ code }) => tell(code));`;
  const inside = ['--target', String(pid), ...user, '--net', '--', process.execPath, '-e', script];
  const { stdout, stderr } = await run('nsenter', inside);
  return `${stdout}${stderr}`.trim();
}

beforeAll(async () => {
  folder = join(await mkdtemp(join(tmpdir(), 'q-cluster-')), 'cluster');
});
afterAll(() => rm(join(folder, '..'), { recursive: true, force: true }));

describe.skipIf(way === undefined)(
  `a cluster in network namespaces${notice}`,
  { timeout: MINUTES_MS },
  () => {
    beforeAll(async () => {
      const words = ['up', '--nodes', '4', '--epoch', '60', '--network', 'namespaces'];
      const { code, stderr } = await cluster(...words);
      if (code !== 0) throw new Error(stderr);
    }, MINUTES_MS);
    afterAll(() => cluster('down'), MINUTES_MS);

    it('makes commits final, each node in a namespace of its own', async () => {
      const status = await statusOf();
      expect(status.network).toBe('namespaces');
      const namespaces = await namespacesOf(status);
      expect(new Set([...namespaces, await namespaceOf('self')]).size).toBe(6);
      for (const { name, chain } of status.members)
        await untilFinal(name, chain?.finalized.seq ?? 0);
    });

    it('lets a node reach no other but through its links', async () => {
      const { pid, members } = await statusOf();
      for (const from of members)
        for (const to of members)
          expect([from.name, to.name, await connectFrom(from.pid, to.address)]).toEqual([
            from.name,
            to.name,
            from === to ? 'connected' : 'ENETUNREACH',
          ]);
      // The supervisor's side of the links, where the proxies are.
      for (const to of members) expect(await connectFrom(pid, to.address)).toBe('connected');
    });

    it('goes on without a node that is cut off, which catches up when it is joined again', async () => {
      await cluster('partition', 'n1,n2,n4', 'n3');
      const before = await finalOf('n3');
      await untilFinal('n1', before + 2);
      expect(await finalOf('n3')).toBeLessThanOrEqual(before + 1);
      await cluster('heal');
      await untilFinal('n3', before + 2);
    });

    it('has the link of a node as it was when the node is killed and started again', async () => {
      const before = await nodeOf('n2');
      const namespace = await namespaceOf(before.pid);
      expect((await cluster('kill', 'n2')).code).toBe(0);
      expect((await cluster('start', 'n2')).code).toBe(0);
      const { pid, address } = await nodeOf('n2');
      expect([await namespaceOf(pid), address]).toEqual([namespace, before.address]);
      await untilFinal('n2', before.chain?.finalized.seq ?? 0);
    });

    it('takes a fifth in, lets one go, and leaves nothing behind when it is down', async () => {
      expect((await cluster('add', '--follower')).code).toBe(0);
      await untilFinal('n5', 0);
      const n5 = await namespaceOf((await nodeOf('n5')).pid);
      expect((await cluster('remove', 'n5')).code).toBe(0);
      expect(await inUse([n5])).toEqual([]);
      const namespaces = await namespacesOf(await statusOf());
      expect((await cluster('down')).code).toBe(0);
      expect(await inUse(namespaces)).toEqual([]);
    });

    it('is there again after it was down, and leaves nothing behind when all of it is killed', async () => {
      expect((await cluster('up')).code).toBe(0);
      const status = await statusOf();
      expect(status.network).toBe('namespaces');
      const namespaces = await namespacesOf(status);
      for (const { pid } of [status, ...status.members]) process.kill(pid, 'SIGKILL');
      await expect.poll(() => inUse(namespaces)).toEqual([]);
    });
  },
);

describe('a cluster where network namespaces cannot be had', () => {
  it('says what is missing where they are asked for, and founds nothing', async () => {
    const elsewhere = join(folder, '../none');
    const words = ['up', '--network', 'namespaces', '--data', elsewhere];
    const { code, stderr } = await run(process.execPath, [Q, 'cluster', ...words], {
      PATH: '/none',
    });
    expect(code).toBe(1);
    expect(stderr).toContain('There are no network namespaces here (');
    expect(existsSync(elsewhere)).toBe(false);
  });
});
