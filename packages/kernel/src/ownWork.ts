import type { AnyContract, EventSpec } from '@anarq/common-schemas';
import type { Static } from 'typebox';
import type { ProcessContext } from './context.ts';

/** An event as a module that consumes it gets it. */
export interface ConsumedEvent<T = unknown> {
  readonly id: string;
  readonly topic: string;
  readonly subject?: string;
  /** RFC 3339. */
  readonly time: string;
  readonly data: T;
  /** CID of the record of the call that emitted it. */
  readonly record?: string;
}

/** What a module does about an event: a process of its own, once for each event. */
export type Reaction = (event: ConsumedEvent, ctx: ProcessContext) => Promise<void> | void;

/** What a module does at regular instants: a process of its own, once for each. */
export type ScheduledWork = (
  due: { readonly schedule: string; readonly dueAt: string },
  ctx: ProcessContext,
) => Promise<void> | void;

type TopicsIn<C> = C extends { readonly '~consumes'?: infer T } ? Known<T> : never;
type SchedulesIn<C> = C extends { readonly '~schedules'?: infer S } ? Known<S> : never;
/** Names that the types know; a contract of which nothing is known asks for none. */
type Known<T> =
  string extends Exclude<T, undefined> ? never : Extract<Exclude<T, undefined>, string>;

/** The handlers that a contract's own work asks for: one for each topic and schedule. */
export type OwnWorkOf<C> = ([TopicsIn<C>] extends [never]
  ? unknown
  : { readonly on: { readonly [T in TopicsIn<C>]: Reaction } }) &
  ([SchedulesIn<C>] extends [never]
    ? unknown
    : { readonly every: { readonly [S in SchedulesIn<C>]: ScheduledWork } });

/** Names the event that a function reacts to, so that its data is typed. */
export const reaction = <C extends AnyContract, T extends keyof C['events'] & string>(
  _contract: C,
  _topic: T,
  fn: (
    event: ConsumedEvent<
      C['events'][T] extends EventSpec ? Static<C['events'][T]['schema']> : never
    >,
    ctx: ProcessContext,
  ) => Promise<void> | void,
  // Its producer validated the data against the schema that the type is read from.
): Reaction => fn as Reaction;
