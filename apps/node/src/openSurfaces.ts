import { fail } from '@anarq/common-schemas';
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
  /** Where the books of the ledger are served; absent: nowhere. */
  readonly ledgerSocket?: LedgerPlace | undefined;
  /** Names under which the node answers beside the loopback ones; for a proxy in front of it. */
  readonly hostNames?: readonly string[] | undefined;
  /** Origins of pages elsewhere that may call the node from a browser. */
  readonly origins?: readonly string[] | undefined;
  /** Certificate chain and key in PEM: the ports speak TLS 1.3. */
  readonly tls?: { readonly cert: string | Buffer; readonly key: string | Buffer } | undefined;
  readonly onError?: (error: unknown, where: string) => void;
}

/** A Unix socket, which only its owner may open; or a port of 127.0.0.1, 0 for any free one. */
type LedgerPlace = { readonly path: string } | { readonly port: number };

export interface Surfaces {
  readonly http: HttpSurface;
  readonly grpc: GrpcSurface | undefined;
  readonly ledger: LedgerPlace | undefined;
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
  let http: HttpSurface | undefined;
  try {
    http = await startHttpSurface(kernel, {
      ...common,
      log: watchHttp(kernel, log, onError),
      metrics: { text: () => kernel.telemetry.text(), token: metricsToken },
      others: grpc === undefined ? {} : { grpc: grpc.url },
      ...(port === undefined ? {} : { port }),
    });
    const ledger = await openLedger(kernel, options.ledgerSocket);
    return {
      http,
      grpc,
      ledger: ledger?.place,
      close: async () => {
        await Promise.all([http?.close(), grpc?.close(), ledger?.close()]);
      },
    };
  } catch (error) {
    await http?.close();
    await grpc?.close();
    throw error;
  }
}

/** The books of the ledger on a socket of their own, where they are to be served. */
async function openLedger(
  kernel: Kernel,
  listen: LedgerPlace | undefined,
): Promise<{ readonly place: LedgerPlace; close(): Promise<void> } | undefined> {
  if (listen === undefined) return undefined;
  if (kernel.ownLog('ledger') === undefined)
    fail(
      'INPUT_INVALID',
      'The ledger does not run in this process: its socket is served where it does.',
    );
  const { serveBooks } = await import('@anarq/ledger/serve');
  const server = await serveBooks(kernel, listen);
  const place = server.port === undefined ? listen : { port: server.port };
  return { place, close: () => server.close() };
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
