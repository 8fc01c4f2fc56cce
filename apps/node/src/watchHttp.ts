import type { Kernel } from '@anarq/kernel';
import type { SurfaceLog } from '@anarq/surfaces';
import type { NodeLog } from '@anarq/telemetry';

const BYTE_BORDERS = [256, 1_024, 4_096, 16_384, 65_536, 262_144, 1_048_576];
const STATUS_CLASSES = ['0', '2xx', '3xx', '4xx', '429', '5xx'] as const;

type OnError = ((error: unknown, where: string) => void) | undefined;

/** Where a surface tells what it could not explain. */
export const failureLog = (
  where: string,
  log: NodeLog | undefined,
  onError: OnError,
): SurfaceLog => ({
  failed: (error, requestId) => {
    log?.error(error, where, { requestId });
    onError?.(error, where);
  },
});

/** Counts what goes over HTTP, also what never becomes a call, and gives the log its lines. */
export function watchHttp(
  { telemetry: { gauges }, contracts }: Kernel,
  log: NodeLog | undefined,
  onError: OnError,
): SurfaceLog {
  const modules = [...contracts.map(({ name }) => name), 'node'];
  const sizes = (direction: 'request' | 'response') => {
    const name = `q_http_${direction}_bytes`;
    const source = { name, help: `Body of a ${direction}, as announced.`, labels: ['module'] };
    return new Map(modules.map((m) => [m, gauges.histogram(source, { module: m }, BYTE_BORDERS)]));
  };
  const [requests, responses] = [sizes('request'), sizes('response')];
  const answers = new Map(STATUS_CLASSES.map((status) => [status, 0]));
  gauges.counter(
    { name: 'q_http_responses_total', help: 'Answers by status.', labels: ['status'] },
    () => [...answers].map(([status, value]) => ({ labels: { status }, value })),
  );
  return {
    served: (entry) => {
      const status = classOf(entry.status);
      answers.set(status, (answers.get(status) ?? 0) + 1);
      const [, first = ''] = entry.route.split('/', 2);
      const module = requests.has(first) ? first : 'node';
      requests.get(module)?.observe(entry.requestBytes);
      responses.get(module)?.observe(entry.responseBytes);
      log?.request(entry);
    },
    ...failureLog('http', log, onError),
  };
}

function classOf(status: number): (typeof STATUS_CLASSES)[number] {
  if (status === 429) return '429';
  if (status >= 500) return '5xx';
  if (status >= 400) return '4xx';
  if (status >= 300) return '3xx';
  return status === 0 ? '0' : '2xx';
}
