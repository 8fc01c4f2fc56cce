import { isUtf8 } from 'node:buffer';
import { open } from 'node:fs/promises';
import { fail } from '@anarq/common-schemas';

/** The longest file that is read, in bytes. */
const FILE_BYTES_MAX = 64 * 2 ** 20;

/**
 * The text of a circuit: a file, or - for what comes on standard input.
 * @throws INPUT_INVALID for what is no text of a circuit: a folder, a binary file, one too large
 */
export async function readCircuit(path: string): Promise<string> {
  const bytes = path === '-' ? await collect(process.stdin, path) : await readAll(path);
  const nul = bytes.indexOf(0);
  if (nul !== -1) fail('INPUT_INVALID', `${nameOf(path)} is no text: byte ${nul} is 0.`);
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
    return text.trim() === '' ? fail('INPUT_INVALID', `${nameOf(path)} is empty.`) : text;
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    return fail('INPUT_INVALID', `${nameOf(path)} is not UTF-8 ${placeOf(bytes)}.`);
  }
}

/** How a file is called in what is told of it. */
export const nameOf = (path: string): string => (path === '-' ? 'standard input' : path);

async function readAll(path: string): Promise<Buffer> {
  const file = await open(path).catch((error: NodeJS.ErrnoException) =>
    fail(
      'INPUT_INVALID',
      error.code === 'ENOENT'
        ? `There is no file ${path}.`
        : `${path} cannot be read: ${error.code ?? error.message}.`,
    ),
  );
  try {
    if ((await file.stat()).isDirectory())
      fail('INPUT_INVALID', `${path} is a folder, not a file.`);
    return await collect(file.createReadStream({ autoClose: false }), path);
  } finally {
    await file.close();
  }
}

async function collect(stream: AsyncIterable<Buffer>, path: string): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of stream) {
    bytes += chunk.length;
    if (bytes > FILE_BYTES_MAX)
      fail('INPUT_INVALID', `${nameOf(path)} is longer than ${FILE_BYTES_MAX} bytes.`, {
        limit_bytes: FILE_BYTES_MAX,
      });
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

/** The first line that is not UTF-8; the byte of a newline is part of no other character. */
function placeOf(bytes: Buffer): string {
  let line = 1;
  for (let start = 0; start < bytes.length; line += 1) {
    const newline = bytes.indexOf(0x0a, start);
    const end = newline === -1 ? bytes.length : newline + 1;
    if (!isUtf8(bytes.subarray(start, end))) return `in line ${line}`;
    start = end;
  }
  return `in line ${line}`;
}
