import { lstat, rm } from 'node:fs/promises';
import { connect } from 'node:net';
import { fail, QError } from '@anarq/common-schemas';

/** As many bytes as the kernel keeps of it (sun_path, with its end). */
const PATH_BYTES_MAX = process.platform === 'darwin' ? 103 : 107;

/**
 * Frees a path for a Unix socket: removes the one that a killed process left behind.
 * @throws FOLDER_UNUSABLE where it is too long, or anything but a socket stands there; PORT_TAKEN where one is served
 */
export async function freeSocketPath(path: string): Promise<void> {
  const bytes = Buffer.byteLength(path);
  if (bytes > PATH_BYTES_MAX)
    fail(
      'FOLDER_UNUSABLE',
      `The path of a socket has at most ${PATH_BYTES_MAX} bytes here, not ${bytes}; name a shorter one for the ledger's socket than ${path}.`,
    );
  const there = await lstat(path).catch((error: unknown) => {
    // What node:fs throws.
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT') return undefined;
    throw unusable(path, error as NodeJS.ErrnoException);
  });
  if (there === undefined) return;
  if (!there.isSocket())
    fail(
      'FOLDER_UNUSABLE',
      `${path} is no socket and is left as it is; name another path for the ledger's socket.`,
    );
  if (await isServed(path))
    fail('PORT_TAKEN', `Another program serves ${path}; end it, or name another path.`);
  await rm(path, { force: true });
}

/** No socket can be there: the folder is missing, or closed to this process. */
export const unusable = (path: string, { code }: Pick<NodeJS.ErrnoException, 'code'>): QError =>
  new QError('FOLDER_UNUSABLE', `The ledger's socket cannot be at ${path}: ${code}.`, { path });

/** Whether anybody takes connections there. @throws Error where that cannot be found out */
function isServed(path: string): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const socket = connect(path);
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', (error) => {
      const code = 'code' in error ? error.code : undefined;
      if (code === 'ECONNREFUSED' || code === 'ENOENT') resolve(false);
      // Its queue of connections is full.
      else if (code === 'EAGAIN') resolve(true);
      else reject(error);
    });
  });
}
