/**
 * The bus for tests: where `Q_TEST_BUS` says `nats`, nodes of tests tell their events over the server
 * at `Q_TEST_NATS`.
 */

import { sha256Hex, utf8 } from '@anarq/crypto';

const DEFAULT_URL = 'nats://127.0.0.1:4222';

/** Whether nodes of tests tell their events over NATS. */
export const isOnNats = (): boolean => process.env['Q_TEST_BUS'] === 'nats';

/** The server for tests. */
export const testBusUrl = (): string => process.env['Q_TEST_NATS'] ?? DEFAULT_URL;

/** What a node is opened with, so that its events go where tests have theirs go. */
export const testBus = (): { readonly bus?: string } => (isOnNats() ? { bus: testBusUrl() } : {});

/** Name of the stream of a node. */
export const streamOf = (nodeDid: string): string =>
  `q_bus_${sha256Hex(utf8(nodeDid)).slice(0, 16)}`;

/** Removes what a node left on the server. */
export async function dropTestBus(nodeDid: string): Promise<void> {
  const { connect } = await import('@nats-io/transport-node');
  const { jetstreamManager } = await import('@nats-io/jetstream');
  const connection = await connect({ servers: testBusUrl() });
  try {
    const manager = await jetstreamManager(connection);
    await manager.streams.delete(streamOf(nodeDid)).catch(() => false);
  } finally {
    await connection.close();
  }
}

/** Whether the server for tests can be reached; tests that need it skip themselves where it cannot. */
export async function canReachNats(): Promise<boolean> {
  const { connect } = await import('@nats-io/transport-node');
  try {
    const connection = await connect({ servers: testBusUrl(), timeout: 2_000, reconnect: false });
    await connection.close();
    return true;
  } catch {
    return false;
  }
}
