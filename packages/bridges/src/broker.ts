import type { BusEvent } from '@anarq/bus';

/** A connection to a broker of another system. */
export interface Broker {
  /** Resolves once the broker has the event, and keeps it as it promises to. */
  publish(event: BusEvent): Promise<void>;
  /** Resolves when the connection is gone, however it went. */
  readonly lost: Promise<unknown>;
  close(): Promise<void>;
}

/** How a broker is reached, and what of it an address names. */
export interface BrokerKind {
  /** What stands in front of the address: `amqp`, or with TLS `amqps`. */
  readonly schemes: readonly string[];
  /** The member of the address that says where events go, and what it is where it is absent. */
  readonly place: { readonly member: string; readonly absent: string };
  connect(url: string, place: string): Promise<Broker>;
}

export const CONNECT_MS = 10_000;

/** The event in the structured mode of CloudEvents 1.0, which AMQP and MQTT carry alike. */
export const structured = (event: BusEvent): Buffer => Buffer.from(JSON.stringify(event));
export const STRUCTURED_TYPE = 'application/cloudevents+json; charset=utf-8';

/** Fails what waits for a broker's word when the connection is gone. */
export async function unlessLost<T>(answer: Promise<T>, lost: Promise<unknown>): Promise<T> {
  return Promise.race([
    answer,
    lost.then(() => Promise.reject(new Error('the connection to the broker was lost'))),
  ]);
}
