import { CONNECT_MS, structured, STRUCTURED_TYPE, unlessLost, type BrokerKind } from './broker.ts';

/**
 * RabbitMQ, and whatever speaks AMQP 0-9-1: a durable topic exchange, persistent messages under the
 * topic of the event as routing key, and the broker's confirmation of each.
 */
export const rabbitmq: BrokerKind = {
  schemes: ['amqp', 'amqps'],
  place: { member: 'exchange', absent: 'q.events' },
  connect: async (url, exchange) => {
    const { connect } = await import('amqplib');
    const connection = await connect(url, { timeout: CONNECT_MS });
    const { promise: lost, resolve } = Promise.withResolvers<unknown>();
    connection.on('error', resolve).on('close', resolve);
    try {
      const channel = await connection.createConfirmChannel();
      channel.on('error', resolve).on('close', () => resolve(undefined));
      await channel.assertExchange(exchange, 'topic', { durable: true });
      return {
        lost,
        publish: (event) => {
          const confirmed = new Promise<void>((taken, refused) => {
            channel.publish(
              exchange,
              event.type,
              structured(event),
              {
                contentType: STRUCTURED_TYPE,
                persistent: true,
                messageId: event.id,
                timestamp: Math.floor(Date.parse(event.time) / 1_000),
                type: event.type,
              },
              (error: Error | null) => (error === null ? taken() : refused(error)),
            );
          });
          return unlessLost(confirmed, lost);
        },
        close: () => connection.close().catch(() => undefined),
      };
    } catch (error) {
      await connection.close().catch(() => undefined);
      throw error;
    }
  },
};
