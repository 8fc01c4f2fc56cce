import { crc32 } from 'node:zlib';
import {
  LedgerState,
  LogDamaged,
  LogOperation,
  logStart,
  PAGE_BYTES,
  PageWriter,
  readBatches,
  RECORD_BYTES,
  Page,
} from '@anarq/ledger-engine';
import {
  accountsBatch,
  plainAccount,
  plainTransfer,
  transfersBatch,
} from '@anarq/ledger-engine/testing';
import type { Decoder } from '@anarq/testing/fuzz';
import {
  BODY_BYTES_MAX,
  checkBody,
  decodeBatch,
  encodeBatch,
  FRAME_BYTES,
  FrameError,
  FrameKind,
  frameOf,
  jsonBody,
  readFrameHeader,
  readJsonBody,
  type BatchForOrder,
} from '../../modules/ledger/tests/decoders.ts';

const LEDGER = new Uint8Array(16);
const transfers = transfersBatch([plainTransfer(1n), plainTransfer(2n, { timeout_s: 3 })]);
const accounts = accountsBatch([plainAccount(1n), plainAccount(2n)]);
const bufferOf = (bytes: Uint8Array): Buffer =>
  Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);

/** Bytes that are no value, where a reader says so without an error. */
class NoValue extends Error {}

function page(operation: number, events: Uint8Array): Uint8Array {
  const into = Buffer.alloc(PAGE_BYTES);
  const count = events.byteLength / RECORD_BYTES;
  const batch = { operation, events, count, timestamp: 100n, results: new Uint32Array(count) };
  new PageWriter(LEDGER, logStart()).write({ ...batch, ordinal: 0 }, into, 0);
  return into;
}

function snapshot(): Uint8Array {
  const state = new LedgerState();
  state.createAccounts(accounts.slice(), 2, 100n, new Uint32Array(2));
  state.createTransfers(transfers.slice(), 2, 200n, new Uint32Array(2));
  return state.snapshot();
}

/** Readers of what the ledger has on its disk, and of what comes over its socket or in an order. */
export const booksDecoders: readonly Decoder[] = [
  {
    name: 'ledger-page',
    // With its checksum put right, which would keep nearly everything from what lies behind it.
    decode: (bytes) => {
      const whole = Buffer.alloc(PAGE_BYTES);
      whole.set(bytes.subarray(0, Page.CHECKSUM));
      whole.writeUInt32LE(crc32(whole.subarray(0, Page.CHECKSUM)), Page.CHECKSUM);
      const source = { read: (at: number) => (at === 0 ? whole : undefined), end: 1 };
      return [...readBatches(source, LEDGER, logStart())];
    },
    refuses: (error) => error instanceof LogDamaged,
    seeds: [page(LogOperation.ACCOUNTS, accounts), page(LogOperation.TRANSFERS, transfers)],
  },
  {
    name: 'ledger-snapshot',
    decode: (bytes) => LedgerState.restore(bytes),
    // It says no by an Error of its own; one of the language is a defect.
    refuses: (error) => error instanceof Error && error.constructor === Error,
    seeds: [snapshot()],
  },
  {
    name: 'ledger-frame',
    decode: (bytes) => {
      const buffer = bufferOf(bytes);
      if (buffer.byteLength < FRAME_BYTES) throw new FrameError('a header is longer');
      const header = readFrameHeader(buffer, 0, BODY_BYTES_MAX);
      const body = buffer.subarray(FRAME_BYTES);
      if (header.bodyBytes !== body.byteLength) throw new FrameError('a body of another length');
      checkBody(header, body);
      return { header, said: header.kind === FrameKind.OPEN ? readJsonBody(body) : body.length };
    },
    refuses: (error) => error instanceof FrameError,
    seeds: [
      frameOf(FrameKind.OPEN, 1, 0, jsonBody({ token: 'qat_x' })),
      frameOf(FrameKind.CREATE_TRANSFERS, 2, 2, transfers),
    ],
  },
  {
    name: 'ledger-order',
    decode: (bytes) => {
      const batch = decodeBatch(new Uint8Array(bytes));
      if (batch === undefined) throw new NoValue('no batch');
      return batch;
    },
    encode: (batch: BatchForOrder) => encodeBatch(batch),
    identity: 'value',
    refuses: (error) => error instanceof NoValue,
    seeds: [
      encodeBatch({
        operation: LogOperation.TRANSFERS,
        events: transfers,
        seen: { accounts: 2, events: 0 },
        witness: { sequence: 1n, digest: new Uint8Array(8) },
      }),
    ],
  },
];
