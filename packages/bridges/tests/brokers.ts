import { once } from 'node:events';
import { connect as dial, createServer, type Socket } from 'node:net';
import { connect as amqp } from 'amqplib';
import { connectAsync } from 'mqtt';

/** A message as somebody on the other side has it. */
export interface Received {
  readonly place: string;
  readonly contentType: string | undefined;
  readonly body: unknown;
}

export interface TestBroker {
  readonly name: string;
  readonly url: string;
  /** Reads what comes to a place of its own; `at` is what an address of a bridge says of it. */
  listen(unique: string): Promise<{
    readonly at: string;
    readonly received: readonly Received[];
    close(): Promise<void>;
  }>;
  /** Where an event of a topic arrives. */
  placeOf(topic: string, unique: string): string;
}

export const RABBITMQ: TestBroker = {
  name: 'RabbitMQ',
  url: process.env['Q_TEST_RABBITMQ'] ?? 'amqp://127.0.0.1:5672',
  placeOf: (topic) => topic,
  listen: async (unique) => {
    const connection = await amqp(RABBITMQ.url);
    const channel = await connection.createChannel();
    const exchange = `test.${unique}`;
    await channel.assertExchange(exchange, 'topic', { durable: true });
    const { queue } = await channel.assertQueue('', { exclusive: true });
    await channel.bindQueue(queue, exchange, '#');
    const received: Received[] = [];
    await channel.consume(queue, (message) => {
      if (message === null) return;
      received.push({
        place: message.fields.routingKey,
        contentType: message.properties.contentType as string | undefined,
        body: JSON.parse(message.content.toString()),
      });
      channel.ack(message);
    });
    return {
      at: `exchange=${exchange}`,
      received,
      close: async () => {
        await channel.deleteExchange(exchange);
        await connection.close();
      },
    };
  },
};

export const MOSQUITTO: TestBroker = {
  name: 'Mosquitto',
  url: process.env['Q_TEST_MQTT'] ?? 'mqtt://127.0.0.1:1883',
  placeOf: (topic, unique) => `test/${unique}/${topic.replaceAll('.', '/')}`,
  listen: async (unique) => {
    const client = await connectAsync(MOSQUITTO.url, { protocolVersion: 5 });
    const received: Received[] = [];
    client.on('message', (place, payload, packet) => {
      const { contentType } = packet.properties ?? {};
      received.push({ place, contentType, body: JSON.parse(payload.toString()) });
    });
    await client.subscribeAsync(`test/${unique}/#`, { qos: 1 });
    return { at: `prefix=test/${unique}/`, received, close: () => client.endAsync() };
  },
};

/** Whether something listens where a broker is expected. */
export function isThere({ url }: TestBroker): Promise<boolean> {
  const { hostname, port } = new URL(url);
  return new Promise((resolve) => {
    const socket = dial({ host: hostname, port: Number(port) });
    socket.once('connect', () => resolve(true)).once('error', () => resolve(false));
    socket.once('connect', () => socket.destroy());
  });
}

/** A way to a broker that can be cut, and opened again under the same address. */
export async function wayTo({ url }: TestBroker) {
  const { hostname, port } = new URL(url);
  const sockets = new Set<Socket>();
  let isOpen = true;
  const server = createServer((near) => {
    if (!isOpen) return void near.destroy();
    const far = dial({ host: hostname, port: Number(port) });
    for (const [one, other] of [
      [near, far],
      [far, near],
    ] as const) {
      sockets.add(one);
      one.on('error', () => other.destroy()).on('close', () => other.destroy());
    }
    near.pipe(far).pipe(near);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  const through = new URL(url);
  through.port = String(typeof address === 'object' && address !== null ? address.port : 0);
  return {
    url: through.href,
    cut: () => {
      isOpen = false;
      for (const socket of sockets) socket.destroy();
    },
    open: () => {
      isOpen = true;
    },
    close: () => {
      for (const socket of sockets) socket.destroy();
      server.close();
    },
  };
}
