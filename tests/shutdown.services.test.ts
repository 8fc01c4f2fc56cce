import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { connect } from 'node:net';
import type { NodeAddress } from '@anarq/node';
import { startNodeProcess } from '@anarq/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { auditRecords } from './crashes/audit.ts';
import { Load } from './crashes/load.ts';
import { foundCrashWorld, removeCrashWorld, type CrashWorld } from './crashes/world.ts';
import { foldersOf } from './purchaseWorld.ts';
import { q, spawnQ } from './qCommand.ts';

let world: CrashWorld;
/** Of an agent of the operator that may read events. */
let token: string;

interface Up {
  readonly address: NodeAddress;
  readonly child: ChildProcess;
  readonly exited: Promise<{ code: number | null; signal: string | null }>;
  /** Resolves when it said that it closes. */
  readonly closing: Promise<void>;
}

/** `q up`, as a person starts it. */
async function start(): Promise<Up> {
  const { dataFolder, keysFolder } = foldersOf(world.folder);
  const child = spawnQ([
    'up',
    '--json',
    '--port',
    '0',
    '--empty',
    '--data',
    dataFolder,
    '--keys',
    keysFolder,
  ]);
  const exited = new Promise<{ code: number | null; signal: string | null }>((resolve) => {
    child.once('exit', (code, signal) => resolve({ code, signal }));
  });
  let said = '';
  const closing = new Promise<void>((resolve) => {
    child.stderr?.on('data', (chunk: Buffer) => {
      said += chunk.toString();
      if (said.includes('finishing')) resolve();
    });
  });
  const line = await new Promise<string>((resolve, reject) => {
    child.stdout?.once('data', (chunk: Buffer) => resolve(chunk.toString()));
    void exited.then(() => reject(new Error(said)));
  });
  return { address: JSON.parse(line) as NodeAddress, child, exited, closing };
}

/** An event stream of the agent: its last event, once it ended. */
async function followed({ url }: NodeAddress): Promise<{ readonly last: Promise<string> }> {
  const response = await fetch(`${url}/events`, {
    headers: { authorization: `Bearer ${token}`, accept: 'text/event-stream' },
  });
  expect(response.status).toBe(200);
  return {
    last: response.text().then((text) => text.trimEnd().split('\n\n').at(-1) ?? ''),
  };
}

/** A connection of the agent with one subscription, and how both ended. */
async function subscribed({ url }: NodeAddress) {
  const socket = new WebSocket(`${url.replace('http', 'ws')}/ws`, {
    headers: { authorization: `Bearer ${token}` },
  });
  const got: { subscription?: string; id?: string; ended?: { code: string }; result?: unknown }[] =
    [];
  socket.addEventListener('message', ({ data }) =>
    got.push(JSON.parse(String(data)) as (typeof got)[0]),
  );
  await once(socket, 'open');
  socket.send(JSON.stringify({ id: 'sub', op: 'subscribe' }));
  await expect.poll(() => got.length, { timeout: 20_000 }).toBe(1);
  const closed = new Promise<{ code: number; reason: string }>((resolve) => {
    socket.addEventListener('close', ({ code, reason }) => resolve({ code, reason }));
  });
  return { socket, got, closed };
}

beforeAll(async () => {
  world = await foundCrashWorld();
  const { child, exited } = await start();
  const at = ['--data', foldersOf(world.folder).dataFolder];
  const limits = '--budget 5rUv --per-call 1rUv --until 2h --allow node.readEvents'.split(' ');
  await q('agent', 'add', 'watcher', ...limits, ...at);
  token = (await q('agent', 'token', 'watcher', ...at)).stdout.trim();
  child.kill('SIGTERM');
  await exited;
}, 240_000);
afterAll(() => removeCrashWorld(world));

describe('a node that is asked to stop', { timeout: 240_000 }, () => {
  it('under load answers what is under way, tells its streams why they end, leaves the rest to be taken up, and exits with 0', async () => {
    const { address, child, exited } = await start();
    const load = new Load(world);
    let isOver = false;
    const running = load.run(address, () => isOver);
    const events = await followed(address);
    const socket = await subscribed(address);
    while (load.written.length < 20 || load.bought.size < 1)
      await new Promise((resolve) => setTimeout(resolve, 20));

    child.kill('SIGTERM');
    expect(await exited).toEqual({ code: 0, signal: null });
    isOver = true;
    await running;

    expect(await events.last).toContain('SERVICE_UNAVAILABLE');
    expect(await events.last).toContain('"after"');
    expect(await socket.closed).toEqual({ code: 1001, reason: 'the node is stopping' });
    const ended = socket.got.find(({ subscription }) => subscription === 'sub');
    expect(ended?.ended).toMatchObject({ code: 'SERVICE_UNAVAILABLE' });
    await expect(fetch(address.url)).rejects.toThrow('fetch failed');

    const node = await startNodeProcess(foldersOf(world.folder));
    try {
      await load.settle(node.address);
      expect(load.surprises).toEqual([]);
      expect(await auditRecords(node.address, load.written)).toEqual([]);
      expect(node.complaints).toEqual([]);
    } finally {
      await node.stop();
    }
  });

  it('leaves at once at a second signal', async () => {
    const { address, child, exited, closing } = await start();
    // A body that never comes: the node would wait for it for a while.
    const { hostname, port } = new URL(address.url);
    const slow = connect(Number(port), hostname);
    slow.on('error', () => undefined);
    slow.write(
      `POST /qindex/records HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n` +
        `Content-Length: 1000\r\nAuthorization: Bearer ${token}\r\n\r\n{`,
    );
    await once(slow, 'connect');
    await new Promise((resolve) => setTimeout(resolve, 200));
    child.kill('SIGTERM');
    await closing;
    child.kill('SIGTERM');
    expect(await exited).toEqual({ code: 130, signal: null });
    slow.destroy();
  });

  it('is not one whose agent is stopped: that closes the streams of the agent, and says why', async () => {
    const { address, child, exited } = await start();
    const events = await followed(address);
    const socket = await subscribed(address);
    const stopped = await q('stop', 'watcher', '--data', foldersOf(world.folder).dataFolder);
    expect(stopped).toMatchObject({ code: 0, stderr: '' });
    expect(await events.last).toContain('event: end');
    expect(await events.last).toContain('GRANT_REVOKED');
    await expect
      .poll(() => socket.got.at(-1)?.ended?.code, { timeout: 20_000 })
      .toBe('GRANT_REVOKED');
    // The connection is of a token that is good for nothing now.
    socket.socket.send(JSON.stringify({ id: 'again', op: 'subscribe' }));
    await expect
      .poll(() => socket.got.find(({ id }) => id === 'again')?.result, { timeout: 20_000 })
      .toMatchObject({ status: 'error', code: 'GRANT_REVOKED' });
    socket.socket.close();
    child.kill('SIGTERM');
    expect(await exited).toEqual({ code: 0, signal: null });
  });
});
