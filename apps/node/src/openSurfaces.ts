import type { Kernel } from '@anarq/kernel';
import { startHttpSurface, type HttpSurface } from '@anarq/surfaces';
import type { GrpcSurface, GrpcSurfaceOptions } from '@anarq/surfaces/grpc';
import type { NodeLog } from '@anarq/telemetry';
import { failureLog, watchHttp } from './watchHttp.ts';

/** Where a node listens, and whom it lets in. */
export interface SurfaceOptions {
  /** Address to listen on; default 127.0.0.1. */
  readonly host?: string | undefined;
  /** 0 for any free port; default 8080. */
  readonly port?: number | undefined;
  /** Where gRPC is served; 0 for any free port; absent: nowhere. */
  readonly grpcPort?: number | undefined;
  /** Names under which the node answers beside the loopback ones; for a proxy in front of it. */
  readonly hostNames?: readonly string[] | undefined;
  /** Origins of pages elsewhere that may call the node from a browser. */
  readonly origins?: readonly string[] | undefined;
  /** Certificate chain and key in PEM: the ports speak TLS 1.3. */
  readonly tls?: { readonly cert: string | Buffer; readonly key: string | Buffer } | undefined;
  readonly onError?: (error: unknown, where: string) => void;
}

export interface Surfaces {
  readonly http: HttpSurface;
  readonly grpc: GrpcSurface | undefined;
  close(): Promise<void>;
}

/** Opens the ports; where one cannot be opened, none stays open. */
export async function openSurfaces(
  kernel: Kernel,
  options: SurfaceOptions,
  metricsToken: string,
  log: NodeLog | undefined,
): Promise<Surfaces> {
  const { host, port, hostNames, origins, tls, grpcPort, onError } = options;
  const common = {
    ...(host === undefined ? {} : { host }),
    ...(hostNames === undefined ? {} : { hostNames }),
    ...(origins === undefined ? {} : { origins }),
    ...(tls === undefined ? {} : { tls }),
  };
  const grpc =
    grpcPort === undefined
      ? undefined
      : await openGrpc(kernel, {
          ...common,
          log: failureLog('grpc', log, onError),
          port: grpcPort,
        });
  try {
    const http = await startHttpSurface(kernel, {
      ...common,
      log: watchHttp(kernel, log, onError),
      metrics: { text: () => kernel.telemetry.text(), token: metricsToken },
      others: grpc === undefined ? {} : { grpc: grpc.url },
      ...(port === undefined ? {} : { port }),
    });
    return {
      http,
      grpc,
      close: async () => {
        await Promise.all([http.close(), grpc?.close()]);
      },
    };
  } catch (error) {
    await grpc?.close();
    throw error;
  }
}

/** Its libraries are loaded only where gRPC is served. */
async function openGrpc(
  kernel: Kernel,
  options: Omit<GrpcSurfaceOptions, 'locks'>,
): Promise<GrpcSurface> {
  const [{ startGrpcSurface }, { fieldLocks }] = await Promise.all([
    import('@anarq/surfaces/grpc'),
    import('./fieldLocks.ts'),
  ]);
  return startGrpcSurface(kernel, { ...options, locks: await fieldLocks(kernel.contracts) });
}
