import {
  AuthorityError,
  cidOf,
  compileGlob,
  compilePolicy,
  decodeDelegation,
  normaliseCid,
  parseCommand,
  parsePolicy,
  parseSelector,
  select,
} from '@anarq/authority';
import { QError } from '@anarq/common-schemas';
import { ContentError, createTickets, parseRange } from '@anarq/content';
import {
  canonicalJson,
  CryptoError,
  decodeMultikey,
  encodeMultikey,
  fromBase58btc,
  fromBase64url,
  parseSignatureHeader,
  toBase58btc,
  toBase64url,
  verifyGenesis,
} from '@anarq/crypto';
import { addDecimal, compareDecimal, DecimalError, formatMinor, parseMinor } from '@anarq/decimal';
import { verifyReceipt } from '@anarq/log';
import type { Decoder } from '@anarq/testing/fuzz';
import {
  entriesPath,
  formatCheckpoint,
  formatNote,
  formatTlogProof,
  formatVkey,
  parseCheckpoint,
  parseEntryBundle,
  parseNote,
  parseTilePath,
  parseTlogProof,
  parseVkey,
  tilePath,
  TlogError,
} from '@anarq/tlog';
import { booksDecoders } from './books.ts';
import { chainDecoders } from './chain.ts';
import { seeds } from './seeds.ts';
import { textDecoders } from './texts.ts';

const text = (bytes: Uint8Array): string =>
  new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytes);
const exactText = (bytes: Uint8Array): string => Buffer.from(bytes).toString('latin1');
const bytesOf = (value: string): Uint8Array => new TextEncoder().encode(value);
const is =
  (kind: abstract new (...args: never[]) => Error) =>
  (error: unknown): boolean =>
    error instanceof kind;
const json = (bytes: Uint8Array): unknown => {
  try {
    return JSON.parse(text(bytes));
  } catch {
    throw new Skip();
  }
};

/** Bytes that do not even reach the decoder. */
class Skip extends Error {}
const orSkip =
  (refuses: (error: unknown) => boolean) =>
  (error: unknown): boolean =>
    error instanceof Skip || refuses(error);

const NOW_MS = 1_700_000_000_000;
const tickets = createTickets({ secret32: new Uint8Array(32).fill(7) });
const anything = (): boolean => false;

/** Readers of bytes from outside that can be reached without a node; tests/fuzz.test.ts says which are left out. */
export const decoders: readonly Decoder[] = [
  {
    name: 'delegation',
    decode: decodeDelegation,
    refuses: is(AuthorityError),
    seeds: seeds.delegations,
    words: [
      'ucan/dlg@1.0.0-rc.1',
      'iss',
      'aud',
      'sub',
      'cmd',
      'pol',
      'meta',
      'nonce',
      'exp',
      'nbf',
    ],
  },
  {
    name: 'cid',
    decode: (bytes) => normaliseCid(text(bytes)),
    encode: (value: string) => bytesOf(value),
    identity: 'value',
    refuses: is(AuthorityError),
    seeds: [bytesOf(cidOf(new Uint8Array(3)))],
  },
  {
    name: 'policy',
    decode: (bytes) => {
      const policy = parsePolicy(json(bytes));
      compilePolicy(policy)({ a: [1, 'x', { b: null }], input: { amount: '3' } });
      return policy;
    },
    refuses: orSkip(is(AuthorityError)),
    seeds: seeds.policies,
    words: [
      '"=="',
      '"!="',
      '"like"',
      '"not"',
      '"and"',
      '"or"',
      '"any"',
      '"all"',
      '".a[0]?"',
      '[[]]',
    ],
  },
  {
    name: 'selector',
    decode: (bytes) => {
      const selector = parseSelector(text(bytes));
      select(selector, { a: { b: [1, 2, { c: 'd' }] }, e: 'text' });
      return selector;
    },
    refuses: is(AuthorityError),
    seeds: ['.', '.a.b[0]', '.a?', '.["e"]', '.a[1:2]', '.a[-1]', '.a[]'].map(bytesOf),
    words: ['[', ']', '?', ':', '"', '.a', '[]', '-1'],
  },
  {
    name: 'glob',
    decode: (bytes) => {
      const matches = compileGlob(text(bytes));
      for (const each of ['', 'abc', 'a*c', '*'.repeat(40), 'a'.repeat(400)]) matches(each);
      return undefined;
    },
    refuses: is(AuthorityError),
    seeds: ['*', 'a*b', 'a\\*b', '**a**', 'a*a*a*a*b'].map(bytesOf),
    words: ['*', '\\*', '\\\\', 'a*'],
  },
  {
    name: 'command',
    decode: (bytes) => parseCommand(text(bytes)),
    encode: (value: string) => bytesOf(value),
    identity: 'value',
    refuses: is(AuthorityError),
    seeds: ['/', '/a', '/qdrive/get', '/a/b/c'].map(bytesOf),
  },
  {
    name: 'signature-header',
    decode: (bytes) => parseSignatureHeader(text(bytes)),
    encode: (value: ReturnType<typeof parseSignatureHeader>) =>
      bytesOf(
        value.kind === 'full'
          ? `v1.${toBase64url(value.signature)}`
          : `s1.${value.sessionId}.${toBase64url(value.mac)}`,
      ),
    identity: 'bytes',
    refuses: is(CryptoError),
    seeds: seeds.signatureHeaders,
    words: ['v1.', 's1.', 'ses_', '.'],
  },
  {
    name: 'base64url',
    decode: (bytes) => fromBase64url(text(bytes)),
    encode: (value: Uint8Array) => bytesOf(toBase64url(value)),
    identity: 'bytes',
    refuses: is(CryptoError),
    seeds: ['', 'AA', 'AAA', 'AAAA', '-_-_'].map(bytesOf),
  },
  {
    name: 'base58btc',
    decode: (bytes) => fromBase58btc(text(bytes)),
    encode: (value: Uint8Array) => bytesOf(toBase58btc(value)),
    identity: 'bytes',
    refuses: is(CryptoError),
    seeds: ['1', '11', 'z6Mk', 'StV1DL6CwTryKyV'].map(bytesOf),
  },
  {
    name: 'multikey',
    decode: (bytes) => decodeMultikey(text(bytes)),
    encode: ({ algorithm, publicKey }: ReturnType<typeof decodeMultikey>) =>
      bytesOf(encodeMultikey(algorithm, publicKey)),
    identity: 'bytes',
    refuses: is(CryptoError),
    seeds: seeds.multikeys,
  },
  {
    name: 'genesis',
    decode: (bytes) => verifyGenesis(json(bytes) as Parameters<typeof verifyGenesis>[0]),
    refuses: orSkip(is(CryptoError)),
    seeds: seeds.genesis,
    words: ['"versionId"', '"parameters"', '"state"', '"proof"', '{SCID}', 'did:squid:'],
  },
  {
    name: 'canonical-json',
    decode: (bytes) => canonicalJson(json(bytes)),
    encode: (value: string) => bytesOf(value),
    identity: 'value',
    refuses: orSkip(is(CryptoError)),
    seeds: ['{"b":1,"a":[1.5,"\\u00e9",null]}', '1e21', '[-0]', '"\\ud800"'].map(bytesOf),
    words: ['"__proto__":', 'e+', '\\u', '1e-7'],
  },
  {
    name: 'note',
    decode: (bytes) => parseNote(text(bytes)),
    encode: (note: ReturnType<typeof parseNote>) => bytesOf(formatNote(note.text, note.signatures)),
    identity: 'value',
    refuses: is(TlogError),
    seeds: seeds.notes,
    words: ['\n\n', '— ', '\n'],
  },
  {
    name: 'checkpoint',
    decode: (bytes) => parseCheckpoint(text(bytes)),
    encode: (value: ReturnType<typeof parseCheckpoint>) => bytesOf(formatCheckpoint(value)),
    identity: 'value',
    refuses: is(TlogError),
    seeds: seeds.checkpoints,
    words: ['\n'],
  },
  {
    name: 'verifier-key',
    decode: (bytes) => parseVkey(text(bytes)),
    encode: (value: ReturnType<typeof parseVkey>) => bytesOf(formatVkey(value)),
    identity: 'value',
    refuses: is(TlogError),
    seeds: seeds.verifierKeys,
    words: ['+'],
  },
  {
    name: 'proof-text',
    decode: (bytes) => parseTlogProof(text(bytes)),
    encode: (value: ReturnType<typeof parseTlogProof>) => bytesOf(formatTlogProof(value)),
    identity: 'value',
    refuses: is(TlogError),
    seeds: seeds.proofTexts,
    words: ['c2sp.org/tlog-proof@v1\n', 'index ', '\n\n'],
  },
  {
    name: 'tile-path',
    decode: (bytes) => parseTilePath(text(bytes)),
    encode: (value: ReturnType<typeof parseTilePath>) =>
      bytesOf(value.kind === 'hashes' ? tilePath(value) : entriesPath(value.index, value.width)),
    identity: 'bytes',
    refuses: is(TlogError),
    seeds: ['tile/0/000', 'tile/1/x001/234.p/5', 'tile/entries/x001/067'].map(bytesOf),
    words: ['tile/', 'entries/', 'x001/', '.p/'],
  },
  {
    name: 'entry-bundle',
    decode: (bytes) => parseEntryBundle(bytes),
    refuses: is(TlogError),
    seeds: [Uint8Array.of(0, 1, 7, 0, 0, 0, 2, 8, 9)],
  },
  {
    name: 'receipt',
    // It judges, and never throws: anything that it throws is a defect.
    decode: (bytes) => {
      let value: unknown;
      try {
        value = JSON.parse(text(bytes));
      } catch {
        return undefined;
      }
      const verdict = verifyReceipt(value, { trust: 'nobody' });
      return verdict.ok ? verdict : undefined;
    },
    refuses: anything,
    seeds: seeds.receipts,
    words: ['"type":"q.receipt.v1"', '"records":', '"log":', '"checkpoint":'],
  },
  {
    name: 'decimal',
    decode: (bytes) => addDecimal(text(bytes), '0'),
    encode: (value: string) => bytesOf(value),
    identity: 'value',
    twin: (bytes) => {
      const sum = addDecimal(text(bytes), '0');
      if (compareDecimal(text(bytes), sum) !== 0) throw new Error('is not equal to itself plus 0');
      return sum;
    },
    refuses: is(DecimalError),
    seeds: ['0', '-1.50', '0.000000000000000001', '99999999999999999999', '1e3'].map(bytesOf),
  },
  {
    name: 'minor-amount',
    decode: (bytes) => parseMinor(text(bytes), 'EUR'),
    encode: (value: bigint) => bytesOf(formatMinor(value, 'EUR')),
    identity: 'value',
    refuses: is(DecimalError),
    seeds: ['0', '1.50', '-0.01', '1.500', '170141183460469231731687303715884105727'].map(bytesOf),
  },
  {
    name: 'range-header',
    decode: (bytes) => {
      const range = parseRange(text(bytes), 1_000);
      if (
        typeof range === 'object' &&
        !(range.start >= 0 && range.start < range.end && range.end <= 1_000)
      )
        throw new Error(`is outside of the file: ${range.start} to ${range.end}`);
      return range;
    },
    refuses: anything,
    seeds: ['bytes=0-1', 'bytes=5-', 'bytes=-5', 'BYTES=999-1000', 'bytes=0-0,2-3'].map(bytesOf),
    words: ['bytes=', '-', ','],
  },
  {
    name: 'ticket',
    decode: (bytes) => tickets.read(text(bytes), NOW_MS),
    encode: (value: ReturnType<typeof tickets.read>) => bytesOf(tickets.issue(value)),
    identity: 'bytes',
    refuses: is(ContentError),
    seeds: [
      bytesOf(
        tickets.issue({
          kind: 'upload',
          id: 'up_1',
          grantRef: 'g',
          tenant: 'home',
          expires_ms: NOW_MS + 1_000,
          nonce: 'n',
        }),
      ),
    ],
    words: ['v1.', '.'],
  },
  ...seeds.surfaces(is(QError), exactText),
  ...chainDecoders,
  ...booksDecoders,
  ...textDecoders,
];
