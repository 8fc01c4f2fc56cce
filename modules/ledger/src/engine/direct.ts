import { closeSync, constants, fsync, openSync, write } from 'node:fs';
import { promisify } from 'node:util';
import { PAGE_BYTES } from '@anarq/ledger-engine';

const writeAt = promisify(write);
const sync = promisify(fsync);

const MEMORY_PAGE_BYTES = 65_536;
/** Zeros are written in pieces of this size. */
const ZEROS_BYTES = 4 << 20;
let zeros: Buffer | undefined;
const aligned = new WeakSet<ArrayBufferLike>();

/**
 * Memory that begins where a page of the machine does, as what is written past the file cache of the
 * system must. Node's own does not; that of WebAssembly does.
 */
export function alignedMemory(bytes: number): Buffer {
  const pages = Math.ceil(bytes / MEMORY_PAGE_BYTES);
  try {
    const { buffer } = new WebAssembly.Memory({ initial: pages, maximum: pages });
    aligned.add(buffer);
    return Buffer.from(buffer, 0, bytes);
  } catch {
    // It takes ten gibibytes of addresses; a process that may not have them writes through the cache.
    return Buffer.alloc(bytes);
  }
}

/** Whether bytes lie as they must to be written past the cache. */
export const isAligned = ({ buffer, byteOffset, byteLength }: Uint8Array): boolean =>
  aligned.has(buffer) && byteOffset % PAGE_BYTES === 0 && byteLength % PAGE_BYTES === 0;

/**
 * Opens a file so that what is written into it goes past the cache.
 * @returns undefined where its file system, or the operating system, has no such way
 */
export function openDirect(path: string, flags: number): number | undefined {
  // The types have it on every system; it is Linux's.
  const direct: number | undefined = constants.O_DIRECT;
  if (direct === undefined) return undefined;
  try {
    return openSync(path, flags | direct, 0o600);
  } catch (error) {
    if (isInvalid(error)) return undefined;
    throw error;
  }
}

/** Writes all of some bytes into a file. */
export async function writeAll(file: number, bytes: Uint8Array, at: number): Promise<void> {
  // A disk that is nearly full takes a part, and says so only by its number.
  for (let done = 0; done < bytes.byteLength;)
    done += (await writeAt(file, bytes, done, bytes.byteLength - done, at + done)).bytesWritten;
}

/** Makes a file of zeros and waits until it is safe; past the cache where that is a way. */
export async function writeZeros(path: string, bytes: number): Promise<void> {
  const flags = constants.O_WRONLY | constants.O_CREAT | constants.O_TRUNC;
  const direct = openDirect(path, flags);
  if (direct !== undefined)
    try {
      await fillWithZeros(direct, bytes);
      return;
    } catch (error) {
      if (!isInvalid(error)) throw error;
    }
  await fillWithZeros(openSync(path, flags, 0o600), bytes);
}

async function fillWithZeros(file: number, bytes: number): Promise<void> {
  zeros ??= alignedMemory(ZEROS_BYTES);
  try {
    for (let at = 0; at < bytes; at += ZEROS_BYTES)
      await writeAll(file, zeros.subarray(0, bytes - at), at);
    await sync(file);
  } finally {
    closeSync(file);
  }
}

/** How the system says that a file cannot be written like this. */
export const isInvalid = (error: unknown): boolean =>
  error instanceof Error && 'code' in error && error.code === 'EINVAL';
