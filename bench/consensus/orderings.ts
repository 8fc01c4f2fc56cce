import { connect } from 'node:net';
import { figure, type BenchRun, type Figure } from '../measuring/figures.ts';
import { measureOrdering, type OrderingMeasured } from '../ordering/measureOrdering.ts';

const BROKER = process.env['Q_BENCH_NATS'] ?? 'nats://127.0.0.1:4222';
const CONNECT_MS_MAX = 1_000;
const ROUNDS = 3;
/** As one validator is loaded with 64 transactions under a signature. */
const SHAPE = { batch: 64, depth: 8, requests: 400 };
const QUICK_REQUESTS = 40;

/**
 * The same load on a ledger with one writer, and on ledgers of two nodes behind a broker: what the fault models
 * cost that bear less than a chain.
 */
export async function measureOrderings({ progress, quick }: BenchRun): Promise<Figure[]> {
  const rounds = quick ? 1 : ROUNDS;
  const shape = quick ? { ...SHAPE, requests: QUICK_REQUESTS } : SHAPE;
  const local = await measureOrdering({ ordering: 'local', rounds, shape });
  const figures = figuresOf('one writer (local)', local, 'bears nothing but its own restart');
  if (!(await listens(BROKER))) {
    progress(`No broker listens at ${BROKER}: ledgers behind JetStream are left out.`);
    return figures;
  }
  const order = { ordering: 'jetstream', url: BROKER, rounds, shape } as const;
  const stream = await measureOrdering(order);
  const bears =
    'bears crashes of processes, not a common loss of power; broker on the same machine';
  return [...figures, ...figuresOf('two nodes behind JetStream', stream, bears)];
}

function figuresOf(name: string, loads: readonly OrderingMeasured[], bears: string): Figure[] {
  const conditions = `ledger, ${SHAPE.batch} transfers a batch, ${SHAPE.depth} batches at a time, answered after its own sync; ${bears}`;
  const of = (what: string, unit: string, value: (load: OrderingMeasured) => number): Figure =>
    figure({ name: `${name}: ${what}`, unit, values: loads.map(value), conditions });
  return [
    of('transfers', '/s', ({ perSecond }) => perSecond),
    of('answer p50', 'ms', ({ p50_ms }) => p50_ms),
    of('answer p99', 'ms', ({ p99_ms }) => p99_ms),
    of('CPU of all nodes, a transfer', 'µs', (load) => load.cpu_us + load.followers_cpu_us),
  ];
}

/** Whether somebody takes connections at an address. */
function listens(url: string): Promise<boolean> {
  const { hostname, port } = new URL(url);
  return new Promise((resolve) => {
    const socket = connect({ host: hostname, port: Number(port), timeout: CONNECT_MS_MAX });
    const answer = (is: boolean): void => {
      socket.destroy();
      resolve(is);
    };
    socket.once('connect', () => answer(true));
    socket.once('error', () => answer(false));
    socket.once('timeout', () => answer(false));
  });
}
