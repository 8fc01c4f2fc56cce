import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startNode, type RunningNode } from '@anarq/node';
import type { ModuleDefinition } from '@anarq/kernel';
import { startOtlpReceiver, type OtlpReceiver } from './otlpReceiver.ts';

/** A whole node that writes a log and sends spans. */
export interface WatchedNode {
  readonly node: RunningNode;
  readonly receiver: OtlpReceiver;
  /** Stops the node, so that everything it waited with is written and sent. */
  stop(): Promise<void>;
  /** The lines of its log. */
  lines(): Promise<Readonly<Record<string, unknown>>[]>;
  readonly logText: () => Promise<string>;
  remove(): Promise<void>;
}

export async function startWatchedNode(
  extra: readonly ModuleDefinition[] = [],
): Promise<WatchedNode> {
  const folder = await mkdtemp(join(tmpdir(), 'q-watched-'));
  const receiver = await startOtlpReceiver();
  const logFile = join(folder, 'log', 'node.log');
  const node = await startNode({
    dataFolder: join(folder, 'data'),
    keysFolder: join(folder, 'keys'),
    port: 0,
    version: '1.2.3-watched',
    extra,
    log: { to: logFile, level: 'debug' },
    otlp: receiver.url,
  });
  const logText = () => readFile(logFile, 'utf8');
  return {
    node,
    receiver,
    stop: () => node.close(),
    logText,
    lines: async () =>
      (await logText())
        .split('\n')
        .filter((line) => line !== '')
        .map((line) => JSON.parse(line) as Record<string, unknown>),
    remove: async () => {
      await node.close();
      await receiver.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
}
