import { streamName } from './stream.ts';

/** Deletes the stream of an order, where there is one. Books that came from it stay, and follow no order then. */
export async function forgetJetStreamOrder(url: string, space: string): Promise<void> {
  const { connect } = await import('@nats-io/transport-node');
  const { jetstreamManager } = await import('@nats-io/jetstream');
  const connection = await connect({ servers: url });
  try {
    const manager = await jetstreamManager(connection);
    await manager.streams.delete(streamName(space)).catch(() => false);
  } finally {
    await connection.close();
  }
}
