import { jetstreamManager, type JetStreamManager } from '@nats-io/jetstream';
import { connect } from '@nats-io/transport-node';

/** The server for tests. */
export const testNatsUrl = (): string => process.env['Q_TEST_NATS'] ?? 'nats://127.0.0.1:4222';
export const testKey = new Uint8Array(32).fill(7);

/** A name of its own for each test. */
export const newSpace = (): string =>
  `test${process.pid}_${Math.random().toString(36).slice(2, 10)}`;

export async function withManager<T>(
  work: (manager: JetStreamManager) => Promise<T>,
  url = testNatsUrl(),
): Promise<T> {
  const connection = await connect({ servers: url });
  try {
    return await work(await jetstreamManager(connection));
  } finally {
    await connection.close();
  }
}

/** Whether the server for tests can be reached; tests that need it skip themselves where it cannot. */
export async function canReach(): Promise<boolean> {
  try {
    const connection = await connect({ servers: testNatsUrl(), timeout: 2_000, reconnect: false });
    await connection.close();
    return true;
  } catch {
    return false;
  }
}
