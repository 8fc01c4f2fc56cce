import { HEADERS } from '@anarq/common-schemas';
import { qdrive } from '@anarq/qdrive/contract';
import { qonsent } from '@anarq/qonsent/contract';
import { qwallet } from '@anarq/qwallet/contract';
import {
  NOTE,
  pay,
  put,
  withBody,
  type AttackTables,
  type BadInputWorld,
} from './badInputWorld.ts';
import { signedRequest, withHeaders } from './rawRequest.ts';
import { UNIT } from './servedNode.ts';

const json = (text: string) => (w: BadInputWorld) => withBody(put(w), text);
const input = (value: Record<string, unknown>) => (w: BadInputWorld) => put(w, { input: value });

/** Calls that mean nothing, or something that no contract says. */
export const badCalls: AttackTables = {
  'a body that is no JSON of one meaning': [
    ['cut off', 'INPUT_MALFORMED', json('{"name":"note.txt",')],
    ['a list', 'INPUT_MALFORMED', json('[]')],
    ['a text', 'INPUT_MALFORMED', json('"begin"')],
    ['with a comma at the end', 'INPUT_MALFORMED', json('{"name":"a",}')],
    ['a member twice', 'INPUT_MALFORMED', json('{"name":"a","bytes":5,"bytes":6}')],
    ['a member twice, escaped', 'INPUT_MALFORMED', json('{"name":"a","\\u006eame":"b"}')],
    ['__proto__', 'INPUT_MALFORMED', json('{"__proto__":{"name":"a"}}')],
    [
      'bytes that are no UTF-8',
      'INPUT_MALFORMED',
      (w) => withBody(put(w), Buffer.from([0x7b, 0xff])),
    ],
    ['a byte order mark', 'INPUT_MALFORMED', json('\ufeff{}')],
    ['a number beyond all range', 'INPUT_MALFORMED', json('{"bytes":1e999999}')],
    [
      'ten thousand levels',
      'INPUT_MALFORMED',
      json('{"a":'.repeat(10_000) + '1' + '}'.repeat(10_000)),
    ],
    [
      'two megabytes',
      'INPUT_TOO_LARGE',
      json(JSON.stringify({ ...NOTE, name: 'x'.repeat(2 ** 21) })),
    ],
    [
      'of another type',
      'INPUT_MALFORMED',
      (w) => withHeaders(put(w), { 'content-type': 'text/plain' }),
    ],
    ['compressed', 'INPUT_MALFORMED', (w) => withHeaders(put(w), { 'content-encoding': 'gzip' })],
  ],
  'an input that is not of the contract': [
    ['nothing at all', 'INPUT_INVALID', input({})],
    ['a member missing', 'INPUT_INVALID', input({ name: 'a', bytes: 5 })],
    ['a member too many', 'INPUT_INVALID', input({ ...NOTE, owner: 'did:squid:me' })],
    ['a text for a number', 'INPUT_INVALID', input({ ...NOTE, bytes: '5' })],
    ['a list for a text', 'INPUT_INVALID', input({ ...NOTE, name: ['a'] })],
    ['null', 'INPUT_INVALID', input({ ...NOTE, name: null })],
    ['half a byte', 'INPUT_INVALID', input({ ...NOTE, bytes: 1.5 })],
    ['a length below zero', 'INPUT_INVALID', input({ ...NOTE, bytes: -1 })],
    ['a length beyond the largest', 'INPUT_INVALID', input({ ...NOTE, bytes: 2 ** 41 })],
    ['half a character', 'INPUT_INVALID', json('{"name":"a\\ud800","bytes":5,"mediaType":"a/b"}')],
    [
      'json of eighty levels',
      'INPUT_INVALID',
      ({ here, alice, bob }) => {
        let policy: unknown = [];
        for (let level = 0; level < 80; level += 1) policy = [policy];
        const grant = { audience: bob.did, command: '/', policy };
        return signedRequest(here, { op: qonsent.grant, input: grant, who: alice });
      },
    ],
    [
      'members in the query string of a POST',
      'INPUT_INVALID',
      (w) => ({ ...put(w), path: '/qdrive/uploads?name=b' }),
    ],
    [
      'a limit that is no number',
      'INPUT_INVALID',
      (w) => put(w, { op: qdrive.files, input: { limit: 'all' }, path: '/qdrive/files?limit=all' }),
    ],
    [
      'a cursor that no list gave',
      'INPUT_INVALID',
      (w) => put(w, { op: qdrive.files, input: { cursor: 'x' }, path: '/qdrive/files?cursor=x' }),
    ],
  ],
  'a request for what is not there': [
    ['an operation', 'OPERATION_UNKNOWN', (w) => ({ ...put(w), path: '/qdrive/nothing' })],
    ['a module', 'OPERATION_UNKNOWN', (w) => ({ ...put(w), path: '/qnothing/uploads' })],
    ['a method', 'METHOD_NOT_ALLOWED', (w) => ({ ...put(w), method: 'PUT' })],
    [
      'a version',
      'VERSION_UNSUPPORTED',
      (w) => withHeaders(put(w), { [HEADERS.apiVersion]: 'v2' }),
    ],
    ['another host', 'HOST_REFUSED', (w) => withHeaders(put(w), { host: 'evil.example' })],
    [
      'a page of another origin',
      'HOST_REFUSED',
      (w) => withHeaders(put(w), { origin: 'http://evil.example' }),
    ],
    [
      'with headers of 40 KiB',
      'HEADERS_TOO_LARGE',
      (w) => withHeaders(put(w), { 'x-padding': 'x'.repeat(40_960) }),
    ],
    [
      'with two subjects',
      'INPUT_INVALID',
      (w) => withHeaders(put(w), { [HEADERS.subject]: [w.alice.did, w.bob.did] }),
    ],
  ],
  money: [
    ['as a JSON number', 'INPUT_INVALID', (w) => pay(w, 1.5)],
    ['with an exponent', 'INPUT_INVALID', (w) => pay(w, '1e999999')],
    ['with a comma', 'INPUT_INVALID', (w) => pay(w, '1,5')],
    ['with a sign', 'INPUT_INVALID', (w) => pay(w, '+1')],
    ['with a zero before it', 'INPUT_INVALID', (w) => pay(w, '01')],
    ['with a blank', 'INPUT_INVALID', (w) => pay(w, ' 1')],
    ['in digits of another script', 'INPUT_INVALID', (w) => pay(w, '\u0661')],
    ['of a seventh decimal in rUv', 'AMOUNT_INVALID', (w) => pay(w, '0.0000001')],
    ['of a third decimal in EUR', 'AMOUNT_INVALID', (w) => pay(w, '0.001', 'EUR')],
    ['below zero', 'AMOUNT_INVALID', (w) => pay(w, '-1')],
    ['of nothing', 'AMOUNT_INVALID', (w) => pay(w, '0')],
    ['beyond what a ledger holds', 'AMOUNT_INVALID', (w) => pay(w, '9'.repeat(39))],
    ['in a unit that is none', 'AMOUNT_INVALID', (w) => pay(w, '1', 'XYZ')],
    ['of which another amount is paid out', 'AMOUNT_INVALID', (w) => pay(w, '1', UNIT, '2')],
    [
      'of which one receives less than nothing',
      'AMOUNT_INVALID',
      ({ here, alice, bob, carol }) => {
        const recipients = [
          { identity: bob.did, amount: '3' },
          { identity: carol.did, amount: '-2' },
        ];
        const order = { amount: '1', unit: UNIT, recipients };
        return signedRequest(here, { op: qwallet.pay, input: order, who: alice });
      },
    ],
  ],
};
