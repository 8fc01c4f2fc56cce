import { topicFilter } from '@anarq/bus';
import { fail } from '@anarq/common-schemas';
import { sha256Hex, utf8 } from '@anarq/crypto';
import type { BrokerKind } from './broker.ts';
import { mqtt } from './mqtt.ts';
import { rabbitmq } from './rabbitmq.ts';

/** What one bridge brings, and where. */
export interface BridgeOrder {
  readonly kind: BrokerKind;
  /** With its password. */
  readonly url: string;
  /** Without it, for people. */
  readonly shown: string;
  readonly place: string;
  readonly topics: readonly string[];
  readonly tenant?: string;
  readonly from: 'start' | 'now';
  /** Name of its cursor. */
  readonly consumer: string;
}

export const BRIDGE_PREFIX = 'bridge/';
const KINDS: readonly BrokerKind[] = [rabbitmq, mqtt];
const PLACE_CHARS_MAX = 200;
const OWN_MEMBERS = ['topics', 'tenant', 'from'] as const;

/**
 * Reads the address of a bridge: `amqp://host/vhost?exchange=q.events&topics=q.qmarket.*`
 * or `mqtt://host?prefix=shop/&topics=q.qmarket.*,q.qdrive.*`. Topics must be named: what leaves a
 * node is its operator's decision. `tenant` leaves out all others; `from=start` begins with what is
 * kept, the default with what happens next.
 * @throws QError INPUT_INVALID
 */
export function parseBridge(text: string): BridgeOrder {
  if (!URL.canParse(text))
    return refuse('an address is amqp://host?topics=… or mqtt://host?topics=…');
  const url = new URL(text);
  const kind = KINDS.find(({ schemes }) => schemes.includes(url.protocol.slice(0, -1)));
  if (kind === undefined || url.hostname === '')
    return refuse(`it begins with ${KINDS.flatMap(({ schemes }) => schemes).join('://, ')}://`);
  const { member, absent } = kind.place;
  const known: readonly string[] = [...OWN_MEMBERS, member];
  const taken = Object.fromEntries(known.map((name) => [name, url.searchParams.get(name)]));
  for (const name of url.searchParams.keys())
    if (!known.includes(name)) refuse(`it has ${known.join(', ')}, and no ${name.slice(0, 64)}`);
  for (const name of known) url.searchParams.delete(name);
  const topics = (taken['topics'] ?? '').split(',').filter((topic) => topic !== '');
  if (topics.length === 0) refuse('it names the topics that leave the node: topics=q.qmarket.*');
  topicFilter(topics);
  const from = taken['from'] ?? 'now';
  if (from !== 'now' && from !== 'start') return refuse('from is start or now');
  const place = taken[member] ?? absent;
  if (place.length > PLACE_CHARS_MAX || /[\s\p{Cc}#+]/u.test(place))
    refuse(`${member} has at most ${PLACE_CHARS_MAX} characters, and none of blank, # and +`);
  const shown = new URL(url);
  shown.password = '';
  const tenant = taken['tenant'];
  const name = sha256Hex(utf8(`${shown.href}\n${place}\n${tenant ?? ''}`)).slice(0, 16);
  return {
    kind,
    url: url.href,
    shown: `${shown.href}${place === '' ? '' : ` ${place}`}`,
    place,
    topics,
    from,
    consumer: `${BRIDGE_PREFIX}${url.protocol.slice(0, -1)}/${name}`,
    ...(tenant === null || tenant === undefined ? {} : { tenant }),
  };
}

const refuse = (why: string): never => fail('INPUT_INVALID', `This is no bridge: ${why}.`);
