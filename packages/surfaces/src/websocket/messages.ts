import { fail, type Result } from '@anarq/common-schemas';
import type { FollowedEvent, Credential } from '@anarq/kernel';
import { parseStrictJson } from '../http/strictJson.ts';

/** Words beside the ids of operations, which all have a dot. */
export const SUBSCRIBE = 'subscribe';
export const UNSUBSCRIBE = 'unsubscribe';

/** What a client sends: a call of an operation, or the beginning or end of a subscription. */
export interface Order {
  /** Chosen by the client; the answer carries it. */
  readonly id: string;
  readonly op: string;
  readonly input: unknown;
  readonly idempotencyKey?: string;
  readonly subject?: string;
  readonly grant?: string;
  readonly apiVersion?: string;
  readonly traceparent?: string;
  /** Who sends this message, where that is not who opened the connection. */
  readonly credential?: Credential;
}

/** What the node sends: the answer of an order, events of a subscription, or how that ended. */
export type Notice =
  | { readonly id: string | null; readonly result: Result<unknown> }
  | ({ readonly subscription: string } & FollowedEvent)
  | { readonly subscription: string; readonly ended: Result<unknown> };

const ID = /^[A-Za-z0-9._:-]{1,128}$/;
const TEXTS = ['idempotencyKey', 'subject', 'grant', 'apiVersion', 'traceparent'] as const;
const MEMBERS = new Set<string>(['id', 'op', 'input', 'credential', ...TEXTS]);
/** A hybrid signature in base64url, and what stands around it. */
const TEXT_CHARS_MAX = 16_384;
const OPERATION_CHARS_MAX = 128;

/**
 * Reads one message.
 * @throws QError INPUT_MALFORMED, INPUT_INVALID; with `details.id` where the message has one
 */
export function readOrder(bytes: Uint8Array): Order {
  const message = parseStrictJson(bytes);
  if (!isObject(message)) return fail('INPUT_MALFORMED', 'A message is one JSON object.');
  const { id, op, input = {}, credential } = message;
  if (typeof id !== 'string' || !ID.test(id))
    return fail('INPUT_INVALID', 'id is 1 to 128 letters, digits, and ._:- of your own.');
  const wrong = (problem: string): never => fail('INPUT_INVALID', problem, { id });
  const strange = Object.keys(message).find((name) => !MEMBERS.has(name));
  if (strange !== undefined) wrong(`A message has no member ${strange.slice(0, 64)}.`);
  if (typeof op !== 'string' || op.length > OPERATION_CHARS_MAX)
    return wrong(`op is the id of an operation, ${SUBSCRIBE} or ${UNSUBSCRIBE}.`);
  const texts: Record<string, string> = {};
  for (const name of TEXTS) {
    const text = message[name];
    if (text === undefined) continue;
    if (typeof text !== 'string' || text.length > TEXT_CHARS_MAX)
      return wrong(`${name} is a text.`);
    texts[name] = text;
  }
  return {
    id,
    op,
    input,
    ...texts,
    ...(credential === undefined ? {} : { credential: readCredential(credential, wrong) }),
  };
}

function readCredential(value: unknown, wrong: (problem: string) => never): Credential {
  const given = isObject(value) ? value : {};
  const text = (name: string): string | undefined => {
    const found = given[name];
    if (found === undefined) return undefined;
    return typeof found === 'string' && found.length <= TEXT_CHARS_MAX
      ? found
      : wrong(`credential.${name} is a text.`);
  };
  const [token, identity, subId, ts, signature] = [
    text('token'),
    text('identity'),
    text('subId'),
    text('ts'),
    text('signature'),
  ];
  const isBearer = token !== undefined && Object.keys(given).length === 1;
  if (isBearer) return { kind: 'bearer', token };
  if (token !== undefined || identity === undefined || ts === undefined || signature === undefined)
    return wrong(
      'credential has a token; or identity, ts and signature, and subId where one acts.',
    );
  return { kind: 'signature', identity, ts, signature, ...(subId === undefined ? {} : { subId }) };
}

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
