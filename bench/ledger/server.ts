import { generateKeyPairSync, timingSafeEqual } from 'node:crypto';
import { Checkpoints, LedgerWriter, type WriterOptions } from '@anarq/ledger/engine';
import { LedgerServer, type Gate } from '@anarq/ledger/socket';
import { answerOrders, argumentOf } from '../measuring/child.ts';

/** What a ledger that is served is started with. */
export interface ServerArgument {
  readonly folder: string;
  /** Path of its Unix socket. */
  readonly path: string;
  /** What opens a connection. */
  readonly secret: string;
  readonly options: WriterOptions;
  /** Signs checkpoints behind the writer, once a second. */
  readonly hasCheckpoints: boolean;
}

const SEGMENT_PAGES = 16_384;
const CONNECTIONS_MAX = 1_024;

/** A ledger in a process of its own, that serves on a Unix socket. */
const argument = argumentOf<ServerArgument>();
const secret = Buffer.from(argument.secret);
const gate: Gate = (credentials) => {
  const given = Buffer.from(String(credentials['secret']));
  if (given.byteLength !== secret.byteLength || !timingSafeEqual(given, secret)) return undefined;
  return { check: () => undefined };
};

async function start() {
  const { folder, path, options, hasCheckpoints } = argument;
  const writer = await LedgerWriter.open(folder, options);
  const server = await LedgerServer.start(writer, {
    listen: { path },
    gate,
    connectionsMax: CONNECTIONS_MAX,
  });
  const checkpoints = hasCheckpoints
    ? new Checkpoints(folder, writer, {
        segmentPages: SEGMENT_PAGES,
        keyName: 'bench.example/ledger',
        keyDer: generateKeyPairSync('ml-dsa-44').privateKey.export({
          type: 'pkcs8',
          format: 'der',
        }),
      })
    : undefined;
  return { writer, server, checkpoints };
}

const started = start();
answerOrders(
  async () => {
    const { writer, checkpoints } = await started;
    // How far the checkpoints are behind, in events.
    const signed = checkpoints?.latest?.position.events;
    return { events: writer.state.eventsCount, signed };
  },
  async () => {
    const { writer, server, checkpoints } = await started;
    await server.close();
    await checkpoints?.close();
    await writer.close();
  },
);
