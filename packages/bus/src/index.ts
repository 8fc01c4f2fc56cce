/** @anarq/bus: consumers with durable cursors over the outbox of a store. */

export { createBus } from './bus.ts';
export { openNatsBus, type NatsBus, type NatsBusOptions } from './nats/natsBus.ts';
export { defaultLimits, type BusLimits } from './limits.ts';
export { outboxMigrations } from './tables.ts';
export { topicFilter } from './topics.ts';
export { EVERYBODY } from './types.ts';
export type {
  Bus,
  BusEvent,
  BusFailure,
  BusOptions,
  Consumer,
  DeadLetter,
  EventAudience,
  EventPage,
  EventQuery,
  Follow,
  FollowedEvent,
  FollowedEvents,
  FollowOrder,
  SubscribeOptions,
  Subscription,
} from './types.ts';
