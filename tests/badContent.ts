import { qdrive } from '@anarq/qdrive/contract';
import {
  complete,
  NOTE,
  part,
  PART_BYTES,
  partDigest,
  put,
  type Attack,
  type AttackTables,
  type BadInputWorld,
  type MakeRequest,
} from './badInputWorld.ts';
import { signedRequest } from './rawRequest.ts';
import { CONTENT } from './servedNode.ts';

const named = (name: string) => (w: BadInputWorld) => put(w, { input: { ...NOTE, name } });
const get =
  (path: string): MakeRequest =>
  () => ({ method: 'GET', path, headers: {} });

const NOISE = new Uint8Array(CONTENT.length);

/** Names, paths, parts and tickets that must not be taken. */
export const badContent: AttackTables = {
  'a file name': [
    ...[
      '../etc/passwd',
      '..',
      '.',
      '/etc/passwd',
      'C:\\boot.ini',
      '..\\..\\x',
      'a\0b',
      'a\nb',
      'photo\u202egpj.exe',
      'CON',
      'con.txt',
      'notes.',
      ' notes',
      'notes ',
      '.hidden',
      // The same letter in another form: two names that look alike.
      'cafe\u0301.txt',
      'file:stream',
    ].map((name): Attack => [JSON.stringify(name), 'FILE_NAME_REFUSED', named(name)]),
    ['of 300 bytes in 100 characters', 'FILE_NAME_REFUSED', named('€'.repeat(100))],
    ['of 300 characters', 'INPUT_INVALID', named('a'.repeat(300))],
    [
      'that a file is given later',
      'FILE_NAME_REFUSED',
      (w) =>
        signedRequest(w.here, {
          op: qdrive.setMetadata,
          input: { fileId: w.file.fileId, name: '../x' },
          who: w.alice,
          path: `/qdrive/files/${w.file.fileId}`,
        }),
    ],
  ],
  'a path': [
    ['with escaped steps upwards', 'INPUT_INVALID', get('/qdrive/files/..%2f..%2fetc%2fpasswd')],
    ['with steps upwards', 'OPERATION_UNKNOWN', get('/qdrive/files/../../etc/passwd')],
    ['with a zero byte', 'INPUT_INVALID', get('/qdrive/files/a%00b')],
    ['that is not percent-encoded', 'INPUT_MALFORMED', get('/qdrive/files/%zz')],
    ['of a document, upwards', 'OPERATION_UNKNOWN', get('/.well-known/../../package.json')],
    ['in place of a ticket', 'TICKET_INVALID', get('/transfer/..%2f..%2fetc%2fpasswd')],
    [
      'that names another thing than the body',
      'INPUT_INVALID',
      async (w) => ({ ...(await complete(w, w.whole)), path: '/qdrive/uploads/upload_x/complete' }),
    ],
  ],
  'a part': [
    ['that is too short', 'CONTENT_DIGEST_MISMATCH', (w) => part(w.half, 1, CONTENT.subarray(1))],
    [
      'that is too long',
      'CONTENT_DIGEST_MISMATCH',
      (w) => part(w.half, 1, Buffer.concat([CONTENT, CONTENT])),
    ],
    [
      'of another digest',
      'CONTENT_DIGEST_MISMATCH',
      (w) => part(w.half, 1, CONTENT, { 'x-content-sha256': partDigest(NOISE) }),
    ],
    [
      'of a digest that is none',
      'INPUT_INVALID',
      (w) => part(w.half, 1, CONTENT, { 'x-content-sha256': 'abc' }),
    ],
    ['beyond the last', 'INPUT_INVALID', (w) => part(w.half, 2, CONTENT)],
    ['below the first', 'INPUT_INVALID', (w) => part(w.half, -1, CONTENT)],
    ['of no number', 'INPUT_INVALID', (w) => part(w.half, '..%2f1', CONTENT)],
    [
      'that is stored with other content',
      'VERSION_CONFLICT',
      (w) => part(w.half, 0, new Uint8Array(PART_BYTES).fill(1)),
    ],
    [
      'of an upload that was given up',
      'STATE_CONFLICT',
      (w) => part(w.aborted, 0, CONTENT.subarray(0, 5)),
    ],
    [
      'with a ticket of another node',
      'TICKET_INVALID',
      (w) => part(w.elsewhere, 0, CONTENT.subarray(0, 5)),
    ],
    ['with a ticket for a download', 'TICKET_INVALID', (w) => part(w.file.ticket, 0, CONTENT)],
    [
      'with a ticket that has expired',
      'TICKET_INVALID',
      (w) => part(w.oldUpload, 0, CONTENT.subarray(0, 5)),
    ],
    [
      'with a ticket that was changed',
      'TICKET_INVALID',
      (w) => part({ url: `${w.half.url.slice(0, -4)}AAAA` }, 1, CONTENT),
    ],
  ],
  'a download': [
    [
      'by a ticket for an upload',
      'TICKET_INVALID',
      (w) => ({ method: 'GET', path: w.half.url, headers: {} }),
    ],
    [
      'by a ticket that has expired',
      'TICKET_INVALID',
      (w) => ({ method: 'GET', path: w.oldTicket.url, headers: {} }),
    ],
    [
      'by a ticket that was changed',
      'TICKET_INVALID',
      (w) => ({ method: 'GET', path: w.file.ticket.url.replace('/v1.', '/v1.A'), headers: {} }),
    ],
  ],
  'an upload': [
    ['of which a part is missing', 'UPLOAD_INCOMPLETE', (w) => complete(w, w.half)],
    [
      'with another root CID',
      'CONTENT_DIGEST_MISMATCH',
      (w) =>
        complete(w, w.whole, {
          cid: 'bafkreihdwdcefgh4dqkjv67uzcmw7ojee6xedzdetojuzjevtenxquvyku',
        }),
    ],
    ['with another length', 'CONTENT_DIGEST_MISMATCH', (w) => complete(w, w.whole, { bytes: 1 })],
    [
      'with another digest',
      'CONTENT_DIGEST_MISMATCH',
      (w) => complete(w, w.whole, { sha256Hex: partDigest(NOISE) }),
    ],
    ['that was given up', 'STATE_CONFLICT', (w) => complete(w, w.aborted)],
    ['of a day before', 'STATE_CONFLICT', (w) => complete(w, w.oldUpload)],
  ],
};
