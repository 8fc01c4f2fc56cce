import type { FileDescriptorProto } from '@bufbuild/protobuf/wkt';
import { Code, ConnectError, type ConnectRouter } from '@connectrpc/connect';
import type { CallTarget } from '../callTarget.ts';
import { healthCheck, healthWatch } from './wellKnown.ts';

/** ServingStatus of grpc.health.v1. */
const SERVING = 1;
const NOT_SERVING = 2;
const SERVICE_UNKNOWN = 3;

const WATCH_EVERY_MS = 1_000;

/** grpc.health.v1: the node as a whole under the empty name, and each service under its own. */
export function serveHealth(
  router: ConnectRouter,
  target: CallTarget,
  files: readonly FileDescriptorProto[],
  stopping: AbortSignal,
): void {
  const names = new Set([
    '',
    ...files.flatMap((file) => file.service.map(({ name }) => `${file.package}.${name}`)),
  ]);
  const statusNow = async (): Promise<number> =>
    (await target.health()).status === 'unhealthy' ? NOT_SERVING : SERVING;
  router.rpc(healthCheck, async (request) => {
    const service = nameIn(request);
    if (!names.has(service))
      throw new ConnectError(`There is no service ${service.slice(0, 200)}.`, Code.NotFound);
    return { status: await statusNow() };
  });
  router.rpc(healthWatch, async function* watch(request, { signal }) {
    const service = nameIn(request);
    let last: number | undefined;
    while (!signal.aborted && !stopping.aborted) {
      const status = names.has(service) ? await statusNow() : SERVICE_UNKNOWN;
      if (status !== last) yield { status };
      last = status;
      await pause(WATCH_EVERY_MS, AbortSignal.any([signal, stopping]));
    }
  });
}

const nameIn = (request: object): string => (request as { readonly service: string }).service;

const pause = (wait_ms: number, signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    const done = () => {
      clearTimeout(timer);
      signal.removeEventListener('abort', done);
      resolve();
    };
    const timer = setTimeout(done, wait_ms);
    signal.addEventListener('abort', done);
  });
