import { CONNECT_MS, structured, STRUCTURED_TYPE, unlessLost, type BrokerKind } from './broker.ts';

/**
 * MQTT 5: each event at least once (QoS 1) under a topic of its own, `q.qmarket.sold.v1` as
 * `q/qmarket/sold/v1`, so that `q/qmarket/#` is all of a module.
 */
export const mqtt: BrokerKind = {
  schemes: ['mqtt', 'mqtts'],
  place: { member: 'prefix', absent: '' },
  connect: async (url, prefix) => {
    const { connectAsync } = await import('mqtt');
    const client = await connectAsync(
      url,
      {
        protocolVersion: 5,
        clean: true,
        // The bridge connects again by itself, and begins where the broker's word ended.
        reconnectPeriod: 0,
        connectTimeout: CONNECT_MS,
      },
      false,
    );
    const { promise: lost, resolve } = Promise.withResolvers<unknown>();
    client.on('close', () => resolve(undefined)).on('error', resolve);
    return {
      lost,
      publish: async (event) => {
        const topic = `${prefix}${event.type.replaceAll('.', '/')}`;
        const sent = client.publishAsync(topic, structured(event), {
          qos: 1,
          properties: { contentType: STRUCTURED_TYPE, userProperties: { id: event.id } },
        });
        await unlessLost(sent, lost);
      },
      close: () => client.endAsync(true).catch(() => undefined),
    };
  },
};
