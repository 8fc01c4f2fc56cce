import { open, stat } from 'node:fs/promises';
import { resolve } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { fail } from '@anarq/common-schemas';
import { say } from '../terminal.ts';
import { memberLog, readPlan, supervisorLog } from './layout.ts';

const LOOK_MS = 200;
/** More of a file than this is never read to find its last lines. */
const TAIL_BYTES_MAX = 8 << 20;

/** Prints the last lines of a log, and with `follow` what comes until Ctrl-C. */
export async function logs(
  node: string | undefined,
  options: { readonly data: string; readonly lines: number; readonly follow?: boolean },
): Promise<void> {
  const folder = resolve(options.data);
  const plan = await readPlan(folder);
  if (node !== undefined && plan?.members.every(({ name }) => name !== node) !== false)
    fail('INPUT_INVALID', `There is no node ${node} here.`);
  const path = node === undefined ? supervisorLog(folder) : memberLog(folder, node);
  const size = await sizeOf(path);
  if (size === undefined && options.follow !== true)
    fail('STATE_CONFLICT', `${node ?? 'The supervisor'} never ran here: it has no log.`, {
      state: 'ABSENT',
    });
  let at = size ?? 0;
  const tail = await read(path, Math.max(0, at - TAIL_BYTES_MAX), at);
  for (const line of tail.trimEnd().split('\n').slice(-options.lines)) if (line !== '') say(line);
  while (options.follow === true) {
    await wait(LOOK_MS);
    const end = (await sizeOf(path)) ?? at;
    process.stdout.write(await read(path, at, end));
    at = end;
  }
}

const sizeOf = async (path: string): Promise<number | undefined> =>
  stat(path).then(
    ({ size }) => size,
    () => undefined,
  );

async function read(path: string, from: number, to: number): Promise<string> {
  if (to <= from) return '';
  const file = await open(path, 'r');
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(to - from), 0, to - from, from);
    return buffer.subarray(0, bytesRead).toString('utf8');
  } finally {
    await file.close();
  }
}
