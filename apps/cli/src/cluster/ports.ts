import { randomInt } from 'node:crypto';
import { createServer } from 'node:net';
import { fail } from '@anarq/common-schemas';

/**
 * From there on operating systems take the ports of outgoing connections, and a port of a cluster has to
 * be free at each start of it.
 */
const OUTGOING = 32_768;
const LOWEST = 10_000;
const TRIES = 100;

/** Ports on loopback that were free a moment ago, each another one. */
export async function freePorts(count: number): Promise<number[]> {
  const found = new Set<number>();
  for (let tries = count * TRIES; found.size < count; tries -= 1) {
    if (tries === 0) return fail('PORT_TAKEN', `There are no ${count} free ports on loopback.`);
    const port = randomInt(LOWEST, OUTGOING);
    if (!found.has(port) && (await isFree(port))) found.add(port);
  }
  return [...found];
}

async function isFree(port: number): Promise<boolean> {
  const server = createServer();
  try {
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(port, '127.0.0.1', resolve);
    });
  } catch {
    return false;
  }
  await new Promise((resolve) => server.close(resolve));
  return true;
}
