import { setTimeout as pause } from 'node:timers/promises';
import { q, spawnQ, up } from './qCommand.ts';

/**
 * Starts a node on new folders, and kills it after a while, wherever it is then.
 * @param where `--data`, a folder, `--keys`, a folder
 */
export async function killFirstStart(after_ms: number, where: readonly string[]): Promise<void> {
  const child = spawnQ(['up', '--port', '0', ...where]);
  const exited = new Promise((resolve) => child.once('exit', resolve));
  await pause(after_ms);
  child.kill('SIGKILL');
  await exited;
}

/** Starts a node on the folders: how many listings are on its market. */
export async function listingsOf(where: readonly string[]): Promise<number> {
  const node = await up(...where);
  const found = await q('call', 'qmarket.search', '{}', '--json', ...where.slice(0, 2));
  await node.stop();
  const { data } = JSON.parse(found.stdout) as { data: { items: unknown[] } };
  return data.items.length;
}
