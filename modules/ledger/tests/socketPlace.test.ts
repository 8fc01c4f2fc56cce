import {
  lstat,
  mkdtemp,
  readdir,
  readFile,
  rename,
  rm,
  symlink,
  writeFile,
} from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { LedgerWriter, type WriterOptions } from '../src/engine/index.ts';
import { LedgerClient, LedgerServer, type Gate } from '../src/socket/index.ts';
import { accounts, transfers } from './engine/records.ts';
import { ids } from './servedLedger.ts';

const SMALL: WriterOptions = {
  segmentPages: 300,
  groupPages: 300,
  snapshotPages: 40,
  sealEvents: 256,
  onSyncFailure: () => undefined,
};
const gate: Gate = () => ({ check: () => undefined });

let folder: string;
let path: string;
let writer: LedgerWriter;
const servers: LedgerServer[] = [];

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ledger-'));
  path = join(folder, 'socket');
  writer = await LedgerWriter.open(folder, SMALL);
});
afterEach(async () => {
  for (const server of servers.splice(0)) await server.close();
  await writer.close();
  await rm(folder, { recursive: true, force: true });
});

async function start(): Promise<LedgerServer> {
  const server = await LedgerServer.start(writer, { listen: { path }, gate });
  servers.push(server);
  return server;
}

describe('the path of the ledger’s socket', () => {
  it('is no path that is too long for a socket', async () => {
    const long = join(folder, 'x'.repeat(120));
    await expect(
      LedgerServer.start(writer, { listen: { path: long }, gate }),
    ).rejects.toMatchObject({ code: 'FOLDER_UNUSABLE' });
  });

  it('is no path in a folder that is missing, or below a file', async () => {
    await writeFile(path, 'of somebody');
    for (const place of [join(folder, 'none', 'socket'), join(path, 'below')])
      await expect(
        LedgerServer.start(writer, { listen: { path: place }, gate }),
      ).rejects.toMatchObject({ code: 'FOLDER_UNUSABLE' });
    expect(await readdir(folder)).not.toContain('none');
  });

  it('is left alone where a file stands there, or a link to one', async () => {
    await writeFile(path, 'of somebody');
    await expect(start()).rejects.toMatchObject({
      code: 'FOLDER_UNUSABLE',
      message: expect.stringContaining(`${path} is no socket`),
    });
    expect(await readFile(path, 'utf8')).toBe('of somebody');
    await rename(path, join(folder, 'file'));
    await symlink(join(folder, 'file'), path);
    await expect(start()).rejects.toMatchObject({ code: 'FOLDER_UNUSABLE' });
    expect((await lstat(path)).isSymbolicLink()).toBe(true);
  });

  it('is taken from nobody who serves it', async () => {
    await start();
    await expect(start()).rejects.toMatchObject({ code: 'PORT_TAKEN' });
    const client = await LedgerClient.connect({ path }, {});
    expect(await client.lookupAccounts(ids(1n))).toEqual([]);
    await client.close();
  });

  it('is free where a process that is gone left its socket', async () => {
    const gone = createServer();
    const left = join(folder, 'left');
    await new Promise<void>((resolve) => gone.listen(left, resolve));
    // Closing removes the socket under the name that it was made with.
    await rename(left, path);
    await new Promise((resolve) => gone.close(resolve));
    expect((await lstat(path)).isSocket()).toBe(true);
    await start();
    const client = await LedgerClient.connect({ path }, {});
    expect(await client.lookupAccounts(ids(1n))).toEqual([]);
    await client.close();
  });
});

describe('a server whose writer failed', () => {
  it('says so to whoever asks, and closes', async () => {
    await writer.createAccounts(accounts([1n, 2n]));
    for (let batch = 0; batch < 20; batch++)
      await writer.createTransfers(transfers(batch * 100 + 1, batch * 100 + 101));
    await expect
      .poll(() => readdir(folder))
      .toContainEqual(expect.stringMatching(/^snapshot-\d+$/));
    await writer.close();
    await rm(join(folder, 'runs', 'ids-0'));
    writer = await LedgerWriter.open(folder, SMALL);
    const server = await start();
    const client = await LedgerClient.connect({ path }, {});
    const failed = { code: 'INTERNAL' };
    await expect(client.createTransfers(transfers(20, 21))).rejects.toMatchObject(failed);
    await expect(client.createTransfers(transfers(9_000, 9_001))).rejects.toMatchObject(failed);
    await expect(client.lookupAccounts(ids(1n))).rejects.toMatchObject(failed);
    await server.close();
    await expect(client.lookupAccounts(ids(1n))).rejects.toThrow(
      /the connection to the ledger ended/,
    );
  });
});
