/** What one process tells another of an event: sealed, because a broker is nobody's confidant. */

import { openBytes, sealBytes, sha256Hex, utf8 } from '@anarq/crypto';
import type { Row, SqlValue } from '@anarq/store';

/** The columns of the outbox that travel. `seq` is the number at the origin. */
const TEXTS = [
  'id',
  'tenant',
  'module',
  'topic',
  'subject',
  'data',
  'viewers',
  'operation',
] as const;
const OPTIONAL = ['record', 'resource', 'traceparent'] as const;

/** An event on its way between two processes. */
export interface Carried {
  /** Process that emitted it. */
  readonly origin: string;
  readonly seq: number;
  /** Number of the event of that process before it; 0 where there was none. */
  readonly prev: number;
  readonly row: Readonly<Record<string, SqlValue>>;
}

/** A page of what a process missed. */
export interface Refill {
  readonly events: readonly Carried[];
  /** Every event of the origin up to here is in it. */
  readonly upTo: number;
}

/** The columns of a row, as JSON carries them. */
export function carriedRow(row: Row): Record<string, SqlValue> {
  const carried: Record<string, SqlValue> = { at_ms: Number(row['at_ms']) };
  for (const name of TEXTS) carried[name] = String(row[name]);
  for (const name of OPTIONAL) {
    const value = row[name];
    carried[name] = typeof value === 'string' ? value : null;
  }
  return carried;
}

/** Seals a message for the processes of this node; `place` is where it may be read: its subject. */
export const seal = (key32: Uint8Array, message: unknown, place: string): Uint8Array =>
  sealBytes(key32, utf8(JSON.stringify(message)), place);

/**
 * @returns undefined for what no process of this node sealed for this place
 */
export function unseal<T>(key32: Uint8Array, bytes: Uint8Array, place: string): T | undefined {
  try {
    return JSON.parse(new TextDecoder().decode(openBytes(key32, bytes, place))) as T;
  } catch {
    return undefined;
  }
}

/** The bus is named q.bus; what stands in a subject says no more than a broker has to know. */
export const SUBJECT_ROOT = 'q.bus';

/** `q.bus.<node>.events.<tenant>.<topic>`; node and tenant as digests, the topic as it is. */
export const subjectOf = (space: string, tenant: string, topic: string): string =>
  `${SUBJECT_ROOT}.${space}.events.${sha256Hex(utf8(`${space}\n${tenant}`)).slice(0, 16)}.${topic}`;

/** Where the process of an origin answers who missed something. */
export const refillSubject = (space: string, origin: string): string =>
  `${SUBJECT_ROOT}.${space}.refill.${sha256Hex(utf8(origin)).slice(0, 16)}`;

/** Where each process says now and then that it is there. */
export const helloSubject = (space: string): string => `${SUBJECT_ROOT}.${space}.hello`;
