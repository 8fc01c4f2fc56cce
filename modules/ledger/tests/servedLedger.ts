import { timingSafeEqual } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { LedgerWriter, type WriterOptions } from '../src/engine/index.ts';
import { FRAME_BYTES, FrameKind, frameOf, jsonBody } from '../src/socket/frames.ts';
import { LedgerClient, LedgerServer, type Gate, type ServeOptions } from '../src/socket/index.ts';

export const SECRET = 'a secret of 32 bytes, or near it';
export const knowsSecret = (secret: unknown): boolean => {
  const given = Buffer.from(String(secret).padEnd(SECRET.length));
  return given.length === SECRET.length && timingSafeEqual(given, Buffer.from(SECRET));
};
export const openFrame = (): Buffer => frameOf(FrameKind.OPEN, 1, 0, jsonBody({ secret: SECRET }));

export interface ServedLedger {
  readonly folder: string;
  readonly path: string;
  readonly writer: LedgerWriter;
  readonly server: LedgerServer;
  client(secret?: string): Promise<LedgerClient>;
  /** Ends everything, and removes the folder. */
  close(): Promise<void>;
}

/** A ledger on a Unix socket in a folder of its own. */
export async function serveLedger(
  gate: Gate,
  options: Partial<ServeOptions> = {},
  writerOptions: WriterOptions = {},
): Promise<ServedLedger> {
  const folder = await mkdtemp(join(tmpdir(), 'ledger-'));
  const path = join(folder, 'socket');
  const writer = await LedgerWriter.open(folder, {
    segmentPages: 512,
    groupPages: 300,
    ...writerOptions,
  });
  const server = await LedgerServer.start(writer, { listen: { path }, gate, ...options });
  const clients: LedgerClient[] = [];
  return {
    folder,
    path,
    writer,
    server,
    async client(secret = SECRET) {
      const opened = await LedgerClient.connect({ path }, { secret });
      clients.push(opened);
      return opened;
    },
    async close() {
      await Promise.all(clients.map((each) => each.close()));
      await server.close();
      await writer.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** 16 bytes for each id. */
export const ids = (...values: bigint[]): Uint8Array => {
  const bytes = Buffer.alloc(values.length * 16);
  values.forEach((value, index) => bytes.writeBigUInt64LE(value, index * 16));
  return bytes;
};

/** Sends bytes as they are, and tells what came back until the end. */
export async function sendRaw(path: string, ...pieces: Uint8Array[]): Promise<Buffer> {
  const socket = connect(path);
  const got: Buffer[] = [];
  socket.on('data', (piece: Buffer) => got.push(piece));
  socket.on('error', () => undefined);
  for (const piece of pieces) socket.write(piece);
  await new Promise((resolve) => socket.once('close', resolve));
  return Buffer.concat(got);
}

/** The object in the first of some frames. */
export const messageIn = (frame: Buffer): unknown =>
  JSON.parse(frame.subarray(FRAME_BYTES, FRAME_BYTES + frame.readUInt32LE(20)).toString());
