import { answerOrders } from '../measuring/child.ts';

const memory_bytes = (): number => {
  globalThis.gc?.();
  return process.memoryUsage().rss;
};

/** Imports and starts, once, and says what each took. */
async function start() {
  const bare_bytes = memory_bytes();
  const began_ms = performance.now();
  const { startPeerNetwork } = await import('@anarq/p2p');
  const imported_ms = performance.now() - began_ms;
  const import_bytes = memory_bytes();
  const starting_ms = performance.now();
  const network = await startPeerNetwork({
    seed: new Uint8Array(32).fill(9),
    chainId: 'be'.repeat(32),
    listen: '127.0.0.1:0',
    peers: [],
  });
  const started_ms = performance.now() - starting_ms;
  const started_bytes = memory_bytes();
  await network.close();
  return { bare_bytes, imported_ms, import_bytes, started_ms, started_bytes };
}

answerOrders<{ readonly kind: 'start' }>(start, () => Promise.resolve());
