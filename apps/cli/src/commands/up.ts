import { readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { fail } from '@anarq/common-schemas';
import {
  parseRemotes,
  startNode,
  storePlaceOf,
  type ModuleName,
  type RunningNode,
  type StartOptions,
  type StorePlace,
} from '@anarq/node';
import { bytesText, cross, dot, paint, say, tick, warn } from '../terminal.ts';
import { version } from '../version.ts';
import { announceTools } from '../announceTools.ts';

type LogOptions = NonNullable<StartOptions['log']>;

interface UpOptions {
  readonly data: string;
  readonly keys?: string;
  readonly store?: string;
  readonly standby?: boolean;
  readonly bus?: string;
  readonly bridge?: readonly string[] | string;
  readonly host: string;
  readonly port: number;
  readonly grpcPort?: number;
  readonly ledgerSocket?: string | true;
  readonly ledgerPort?: number;
  readonly chain?: string;
  readonly name?: readonly string[] | string;
  readonly modules?: readonly string[];
  readonly remote?: readonly string[] | string;
  readonly standalone?: boolean;
  readonly mock?: readonly string[];
  readonly module?: readonly string[];
  readonly origin?: readonly string[];
  readonly tlsCert?: string;
  readonly tlsKey?: string;
  readonly empty?: boolean;
  readonly json?: boolean;
  readonly log?: string;
  readonly logLevel?: LogOptions['level'];
  readonly logDays: number;
  readonly logMegabytes: number;
  readonly otlp?: string;
}

/** @throws INPUT_INVALID where one is no module, or gRPC is to serve it too */
async function outsideModules({ module = [], grpcPort }: UpOptions) {
  if (module.length === 0) return [];
  if (grpcPort !== undefined)
    fail(
      'INPUT_INVALID',
      'gRPC serves the modules of this repository, whose field numbers are kept there: leave out --grpc-port.',
    );
  const { loadOutside } = await import('../outsideModule.ts');
  return Promise.all(module.map((path) => loadOutside(path)));
}

/** Without --log: what goes wrong, to stderr. With it: a line for each call too. */
const logOf = ({ log, logLevel, logDays, logMegabytes }: UpOptions): LogOptions => ({
  to: log ?? 'stderr',
  level: logLevel ?? (log === undefined ? 'warn' : 'info'),
  retention: { bytes_max: logMegabytes * 1024 ** 2, age_ms_max: logDays * 86_400_000 },
});

/** Where the ledger's books are served. @throws INPUT_INVALID where that is two places */
function ledgerPlaceOf({
  ledgerSocket,
  ledgerPort,
  data,
}: UpOptions): StartOptions['ledgerSocket'] {
  if (ledgerSocket === undefined)
    return ledgerPort === undefined ? undefined : { port: ledgerPort };
  if (ledgerPort !== undefined)
    fail('INPUT_INVALID', 'The ledger is served on one socket: --ledger-socket or --ledger-port.');
  return { path: resolve(ledgerSocket === true ? join(data, 'ledger.sock') : ledgerSocket) };
}

/** Starts a node and keeps it until a signal; then it finishes what is under way and closes. */
export async function up(options: UpOptions): Promise<void> {
  const begun = performance.now();
  const extra = await outsideModules(options);
  const node = await startNode({
    dataFolder: options.data,
    keysFolder: options.keys,
    store: options.store,
    standby: options.standby,
    bus: options.bus,
    bridges: options.bridge === undefined ? undefined : words(options.bridge),
    host: options.host,
    port: options.port,
    grpcPort: options.grpcPort,
    ledgerSocket: ledgerPlaceOf(options),
    chainFolder: options.chain === undefined ? undefined : resolve(options.chain),
    hostNames: options.name === undefined ? undefined : words(options.name),
    origins: options.origin,
    tls: await readTls(options),
    // Names that are none are refused when the node starts.
    modules: options.modules as readonly ModuleName[] | undefined,
    remotes: parseRemotes(options.remote === undefined ? [] : words(options.remote)),
    standalone: options.standalone === true || process.env['Q_STANDALONE'] === '1',
    mocks: options.mock as readonly ModuleName[] | undefined,
    extra,
    version,
    log: logOf(options),
    otlp: options.otlp,
  });
  closeOnSignal(node);
  const { offerExample } = await import('../seed.ts');
  const offered = await offerExample(
    node,
    options.data,
    options.empty === true || !isWhole(node),
  ).catch(async (error: unknown) => {
    await node.close();
    throw error;
  });
  // Nobody waits for it: what a node announces, it announces once more at its next start.
  announceTools(node).catch((error: unknown) => warn(`${cross} tools: ${String(error)}`));
  const started_ms = performance.now() - begun;
  if (options.json === true) {
    say(
      JSON.stringify({
        ok: true,
        ...node.address,
        mcp: `${node.url}/mcp`,
        started_ms: Math.round(started_ms),
      }),
    );
    return;
  }
  const store = await storePlaceOf(options.data, undefined);
  greet(node, options, { offered, started_ms, store });
}

/** What a person sees of a node that has started: where it is, and what to do next. */
function greet(
  node: RunningNode,
  options: UpOptions,
  {
    offered,
    started_ms,
    store,
  }: { readonly offered: boolean; readonly started_ms: number; readonly store: StorePlace },
): void {
  const operations = node.kernel.contracts.flatMap(({ operations: o }) => Object.keys(o)).length;
  say(
    `${tick} ${paint.bold('Q∞')} ${version}  ${dot}  ${node.kernel.contracts.length} modules, ${operations} operations  ${dot}  ${Math.round(started_ms)} ms`,
  );
  const first = node.isNew ? paint.dim('  (new)') : '';
  say(`  data   ${options.data}${first}`);
  if (store.kind === 'postgres') say(`  store  ${store.shown}`);
  say(`  keys   ${node.address.keysFolder}  ${paint.dim('(mode 0600; back them up)')}`);
  say(`  HTTP   ${paint.cyan(node.url)}        OpenAPI at /openapi.json`);
  say(`  MCP    ${paint.cyan(`${node.url}/mcp`)}        GraphQL at /graphql`);
  if (node.address.grpc !== undefined)
    say(`  gRPC   ${paint.cyan(node.address.grpc)}        with reflection`);
  const { ledger } = node.address;
  if (ledger !== undefined)
    say(`  ledger ${paint.cyan('path' in ledger ? ledger.path : `127.0.0.1:${ledger.port}`)}`);
  if (options.chain !== undefined) say(`  chain  ${options.chain}`);
  say(`  log    ${node.address.logKey}`);
  for (const { url, modules, problem } of node.kernel.remotes) {
    const found = problem();
    const told = found === undefined ? '' : `  ${paint.yellow(found)}`;
    say(`  apart  ${modules.join(', ')} at ${paint.cyan(url)}${told}`);
  }
  const { standalone } = node.kernel;
  if (standalone !== undefined)
    say(
      `  ${paint.yellow('standalone')}  ${standalone.mocked.length === 0 ? 'nothing is mocked' : `mocked: ${standalone.mocked.join(', ')}`}; this folder is never a real node's`,
    );
  if (node.kernel.follows)
    say(
      `  ${paint.yellow('waits')}  for the process that runs sQuid and Qonsent: start it with --remote ${node.kernel.contracts[0]?.name ?? 'MODULE'}=${node.url}`,
    );
  if (
    options.tlsCert === undefined &&
    options.host !== '127.0.0.1' &&
    options.host !== 'localhost' &&
    options.host !== '::1'
  )
    say(
      `  ${paint.yellow('open')}   this node listens on ${options.host}: put TLS in front of it, and name its host with --name`,
    );
  if (offered) say('  market a table of time zones for 3 rUv; your wallet holds 100 rUv');
  say();
  say('  Next   ./q agent add buyer --budget 20rUv --per-call 5rUv \\');
  say('           --allow qmarket.search,qmarket.purchase,qdrive.get --until 18:00');
  say('         ./q demo  ·  ./q modules  ·  ./q doctor        Ctrl-C ends it');
}

/** The example needs every module; a process that runs some of them leaves it to the other. */
const isWhole = (node: RunningNode): boolean =>
  node.kernel.standalone === undefined &&
  ['squid', 'qdrive', 'qmarket', 'qwallet'].every((name) =>
    node.kernel.contracts.some((contract) => contract.name === name),
  );

/** From the environment a list comes as one text, its words apart by blanks. */
const words = (value: readonly string[] | string): readonly string[] =>
  typeof value === 'string' ? value.split(/\s+/).filter((word) => word !== '') : value;

/** @throws INPUT_INVALID where one of the two files is missing or cannot be read */
async function readTls({ tlsCert, tlsKey }: UpOptions) {
  if (tlsCert === undefined && tlsKey === undefined) return undefined;
  if (tlsCert === undefined || tlsKey === undefined)
    return fail('INPUT_INVALID', 'TLS takes both --tls-cert and --tls-key.');
  const [cert, key] = await Promise.all(
    [tlsCert, tlsKey].map((file) =>
      readFile(file).catch((error: NodeJS.ErrnoException) =>
        fail('INPUT_INVALID', `${file} cannot be read: ${error.code}.`),
      ),
    ),
  );
  return cert === undefined || key === undefined ? undefined : { cert, key };
}

function closeOnSignal(node: RunningNode): void {
  let asked = false;
  const close = () => {
    if (asked) process.exit(130);
    asked = true;
    warn(`\n${paint.dim('finishing what is under way (Ctrl-C again leaves at once) …')}`);
    node
      .close()
      .then(() => {
        warn(`${tick} closed; ${bytesText(process.memoryUsage().rss)} were in use`);
        process.exit(0);
      })
      .catch((error: unknown) => {
        warn(`${cross} ${String(error)}`);
        process.exit(1);
      });
  };
  process.on('SIGINT', close);
  process.on('SIGTERM', close);
}
