import { QError } from '@anarq/common-schemas';
import {
  createGenesis,
  delegate,
  deriveKeys,
  encodeMultikey,
  IDENTITY_ALGORITHMS,
  importPublicKeys,
  nextKeyHashOf,
  publicKeysOf,
  toBase64url,
} from '@anarq/crypto';
import type { Decoder } from '@anarq/testing/fuzz';
import { formatCheckpoint, formatTlogProof, formatVkey, SIGNATURE_TYPE, vkeyOf } from '@anarq/tlog';
import { factsOf, parseStrictJson, readHeaders } from '../../packages/surfaces/tests/decoders.ts';
import { fromPageCursor, toPageCursor } from '../../packages/bus/tests/decoders.ts';

const bytesOf = (value: string): Uint8Array => new TextEncoder().encode(value);
const seed = new Uint8Array(64).map((_, i) => i);
const keys = deriveKeys(seed, { index: 0 });
const genesis = createGenesis({
  keys: publicKeysOf(keys),
  privateKeys: keys,
  nextKeyHash: nextKeyHashOf(publicKeysOf(deriveKeys(seed, { purpose: 1, index: 0 }))),
  kind: 'person',
  controller: undefined,
  createdAt: '2026-01-01T00:00:00.000Z',
});
const order = {
  issuer: genesis.did,
  audience: genesis.did,
  subject: genesis.did,
  command: '/qdrive/get',
  keys,
};
const publicKeys = publicKeysOf(keys);
const checkpoint = formatCheckpoint({
  origin: 'q/example',
  size: 3,
  root: new Uint8Array(32).fill(1),
  extensions: [],
});
const signatureLine = `— q/example ${Buffer.from(new Uint8Array(68).fill(2)).toString('base64')}\n`;
const note = `${checkpoint}\n${signatureLine}`;

/** What each reader is known to take; the search starts there. */
export const seeds = {
  delegations: [
    delegate({ ...order, policy: [] }),
    delegate({
      ...order,
      policy: [
        ['==', '.resource', 'qdrive/file/1'],
        [
          'or',
          [
            ['like', '.input.name', 'a*'],
            ['<=', '.input.size', 5],
          ],
        ],
      ],
      exp_s: 2_000_000_000,
      budget: { unit: 'EUR', total: '10.00', perCall: '1.00' },
    }),
  ],
  policies: [
    '[["==",".a",1]]',
    '[["not",["like",".b","a*"]]]',
    '[["any",".a",[">",".",0]],["and",[]]]',
  ].map(bytesOf),
  signatureHeaders: [
    `v1.${toBase64url(new Uint8Array(3_373))}`,
    `s1.ses_AAAAAAAAAAAAAAAAAAAAAA.${toBase64url(new Uint8Array(32))}`,
  ].map(bytesOf),
  multikeys: IDENTITY_ALGORITHMS.map((algorithm) =>
    bytesOf(encodeMultikey(algorithm, publicKeys[algorithm])),
  ),
  genesis: [bytesOf(JSON.stringify(genesis.document))],
  notes: [bytesOf(note)],
  checkpoints: [bytesOf(checkpoint), bytesOf(`${checkpoint}an extension\n`)],
  verifierKeys: [
    bytesOf(
      formatVkey(vkeyOf('q/example', SIGNATURE_TYPE.ed25519, importPublicKeys(publicKeys).ed25519)),
    ),
  ],
  proofTexts: [
    bytesOf(
      formatTlogProof({
        index: 1,
        proof: [new Uint8Array(32), new Uint8Array(32).fill(3)],
        checkpoint: note,
      }),
    ),
  ],
  receipts: [
    bytesOf(
      JSON.stringify({
        type: 'q.receipt.v1',
        root: 'b',
        records: [{ cid: 'b' }],
        checkpoint: note,
        log: { origin: 'q/example', ed25519: 'a', mldsa44: 'b' },
      }),
    ),
  ],
  /** Readers of the surfaces and the bus, which nothing else needs from outside of them. */
  surfaces: (
    isRefusal: (error: unknown) => boolean,
    exactText: (bytes: Uint8Array) => string,
  ): Decoder[] => [
    {
      name: 'strict-json',
      decode: parseStrictJson,
      twin: (bytes) => JSON.parse(new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytes)),
      refuses: isRefusal,
      seeds: ['{"a":[1,"b",null,{"c":true}]}', '[1e5,-0.5,"\\u00e9"]', '"x"'].map(bytesOf),
      words: ['"__proto__":', '"a":', '\\u0061', '1e400', '{"a":1,"a":2}', '[', '{', ','],
    },
    {
      name: 'headers',
      decode: (bytes) => {
        const parts = exactText(bytes).split('\n');
        return factsOf(readHeaders(parts.length % 2 === 0 ? parts : [...parts, '']));
      },
      refuses: isRefusal,
      seeds: [
        'authorization\nBearer qat_x',
        'x-squid-id\ndid:squid:a\nx-ts\n2026-01-01T00:00:00Z\nx-sig\ns1.a.b\nx-subid\ndid:squid:b',
        'idempotency-key\nk\nx-subject\ndid:squid:c\nx-qonsent\nb',
      ].map(bytesOf),
      words: ['authorization\n', 'x-sig\n', 'x-ts\n', '__proto__\n', 'Bearer ', 'Host\n'],
    },
    {
      name: 'page-cursor',
      decode: (bytes) => fromPageCursor(exactText(bytes)),
      encode: (value: number) => bytesOf(toPageCursor(value)),
      identity: 'bytes',
      refuses: (error) => error instanceof QError,
      seeds: [bytesOf(toPageCursor(0)), bytesOf(toPageCursor(12_345))],
    },
  ],
};
