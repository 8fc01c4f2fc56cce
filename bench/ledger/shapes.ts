import { BATCH_EVENTS_MAX } from '@anarq/ledger-engine';
import { HTTP_CALLERS } from './httpLoad.ts';
import type { Shape } from './sides.ts';

const MAX = BATCH_EVENTS_MAX;
const PLAIN = {
  transport: 'socket',
  books: 'main',
  batch: MAX,
  depth: 4,
  connections: 1,
  requests: 244,
  mix: 'plain',
  ids: 'rising',
} as const;

const HTTP = {
  ...PLAIN,
  transport: 'http',
  books: 'node',
  depth: 1,
  connections: HTTP_CALLERS,
  ids: 'random',
} as const;

/** What is measured over the socket, over HTTP and in process. A round of the largest batches is two million transfers. */
export const SHAPES: readonly Shape[] = [
  { ...PLAIN, name: 'socket.8190x4' },
  { ...PLAIN, name: 'socket.1024x1', batch: 1_024, depth: 1, requests: 500 },
  { ...PLAIN, name: 'socket.64x32', batch: 64, depth: 32, requests: 4_000 },
  { ...PLAIN, name: 'socket.1x256', batch: 1, depth: 1, connections: 256, requests: 20_000 },
  { ...PLAIN, name: 'socket.two-phase', mix: 'two-phase', requests: 122 },
  { ...PLAIN, name: 'socket.linked', mix: 'linked', requests: 122 },
  { ...PLAIN, name: 'socket.checkpoints', books: 'checkpoints' },
  { ...PLAIN, name: 'socket.million', books: 'million' },
  { ...PLAIN, name: 'socket.random', books: 'random', ids: 'random', requests: 122 },
  { ...PLAIN, name: 'node.8190x4', books: 'node', requests: 122 },
  { ...PLAIN, name: 'node.1024x1', books: 'node', batch: 1_024, depth: 1, requests: 250 },
  { ...HTTP, name: 'http.1x64', batch: 1, requests: 1_500 },
  { ...HTTP, name: 'http.100x64', batch: 100, requests: 250 },
  { ...PLAIN, name: 'in-process.8190x4', transport: 'in-process' },
];
