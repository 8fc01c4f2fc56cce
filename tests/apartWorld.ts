import { mkdtemp } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ModuleName } from '@anarq/node';
import { startNodeProcess, type NodeProcess } from '@anarq/testing';

/** The modules that keep money, in a process of their own. */
export const MONEY: readonly ModuleName[] = ['qwallet', 'ledger'];

type Extra = Pick<Parameters<typeof startNodeProcess>[0], 'killAt' | 'pointsFile' | 'revokeAt'>;

/** A node in two processes: one keeps the money, or what a test says, and the other everything else. */
export interface NodeApart {
  readonly folder: string;
  front: NodeProcess;
  money: NodeProcess;
  startFront(extra?: Extra): Promise<NodeProcess>;
  startMoney(extra?: Extra): Promise<NodeProcess>;
  stop(): Promise<void>;
}

export async function startApart(
  existing?: string,
  extra: { readonly front?: Extra; readonly money?: Extra } = {},
  elsewhere: readonly ModuleName[] = MONEY,
): Promise<NodeApart> {
  const folder = existing ?? (await mkdtemp(join(tmpdir(), 'q-apart-')));
  const port = await freePort();
  const keysFolder = join(folder, 'keys');
  const startMoney = (how: Extra = {}) =>
    startNodeProcess({
      dataFolder: join(folder, 'money'),
      keysFolder,
      modules: elsewhere,
      port,
      ...how,
    });
  const startFront = (how: Extra = {}) =>
    startNodeProcess({
      dataFolder: join(folder, 'data'),
      keysFolder,
      remotes: Object.fromEntries(elsewhere.map((name) => [name, [`http://127.0.0.1:${port}`]])),
      ...how,
    });
  const money = await startMoney(extra.money);
  const node: NodeApart = {
    folder,
    money,
    front: await startFront(extra.front),
    startFront: async (how) => (node.front = await startFront(how)),
    startMoney: async (how) => (node.money = await startMoney(how)),
    stop: async () => {
      await Promise.all([node.front.stop(), node.money.stop()]);
    },
  };
  return node;
}

/** A port that nobody listens on now; a process that is started again is found where it was. */
export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  if (address === null || typeof address === 'string') throw new Error('no port');
  return address.port;
}
