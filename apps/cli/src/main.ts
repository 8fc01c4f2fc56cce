// First, and for its effect: what the commands load is found faster then.
// oxlint-disable-next-line import/no-unassigned-import
import '@anarq/node/shortResolve';
import { Command, InvalidArgumentError, Option } from 'commander';
import { amount } from './amountOption.ts';
import {
  approvalCommands,
  buildCommands,
  eventCommands,
  keyCommands,
  processCommands,
  simCommand,
} from './commandGroups.ts';
import { clusterCommands } from './cluster/commands.ts';
import { quantumCommands } from './quantum/commands.ts';
import { defaultDataFolder } from './dataFolder.ts';
import {
  chainOption,
  grpcPortOption,
  ledgerPortOption,
  ledgerSocketOption,
} from './socketOptions.ts';
import { tellError } from './terminal.ts';
import { version } from './version.ts';

/** The q command. Each subcommand loads what it needs when it runs, so that help is immediate. */
const q = new Command('q')
  .description('Q∞: a node that you run yourself.')
  .version(version)
  .showHelpAfterError('(q --help lists the commands)')
  .configureHelp({ sortSubcommands: false });

const dataOption = () =>
  new Option('--data <folder>', 'where the node keeps its data')
    .env('Q_DATA')
    .default(defaultDataFolder(), 'beside the project');
const jsonOption = () => new Option('--json', 'print one JSON object');
const list = (text: string): string[] => text.split(',').map((word) => word.trim());

q.command('up')
  .description('Start a node, and keep it running until Ctrl-C.')
  .addOption(dataOption())
  .addOption(
    new Option('--keys <folder>', 'where its root key and the operator key lie').env('Q_KEYS'),
  )
  .addOption(
    new Option('--host <address>', 'address to listen on').env('Q_HOST').default('127.0.0.1'),
  )
  .addOption(
    new Option('--port <number>', 'port to listen on; 0 for any free one')
      .env('Q_PORT')
      .argParser(port)
      .default(8080),
  )
  .addOption(
    new Option(
      '--name <host...>',
      'names under which a proxy reaches the node, beside localhost',
    ).env('Q_NAME'),
  )
  .addOption(grpcPortOption(port))
  .addOption(ledgerSocketOption())
  .addOption(ledgerPortOption(port))
  .addOption(chainOption())
  .addOption(
    new Option('--origin <origin...>', 'origins of pages that may call: https://app.example')
      .env('Q_ORIGIN')
      .argParser(origin),
  )
  .addOption(
    new Option('--tls-cert <file>', 'certificate chain in PEM: speak TLS 1.3').env('Q_TLS_CERT'),
  )
  .addOption(new Option('--tls-key <file>', 'its key in PEM').env('Q_TLS_KEY'))
  .addOption(
    new Option(
      '--store <url>',
      'postgres://user@host/database; default: a file in the data folder',
    ).env('Q_STORE'),
  )
  .option(
    '--standby',
    'with --store: wait until the process that has it has ended, and take over from it',
  )
  .addOption(
    new Option('--bus <url>', 'nats://host: tells other processes of the node of events').env(
      'Q_BUS',
    ),
  )
  .addOption(
    new Option(
      '--bridge <url...>',
      'brings events elsewhere: amqp://host?topics=q.qmarket.* or mqtt://host?topics=…',
    ).env('Q_BRIDGE'),
  )
  .option('--empty', 'without the example on the market')
  .addOption(
    new Option('--modules <list>', 'only these modules in this process: qwallet,ledger')
      .env('Q_MODULES')
      .argParser(list),
  )
  .addOption(
    new Option(
      '--remote <module=url...>',
      'a module that another process of this node runs, and where; several addresses with commas',
    ).env('Q_REMOTE'),
  )
  .option(
    '--standalone',
    'modules that are called and do not run are mocked from the examples of their contracts; on folders of its own (env: Q_STANDALONE=1)',
  )
  .option('--module <path...>', 'a module of your own: its file, or its folder')
  .addOption(
    new Option('--mock <list>', 'with --standalone: mock these too, although they could run')
      .env('Q_MOCK')
      .argParser(list),
  )
  .option('--log <where>', 'a line for each call: stderr, or a file (JSON; never an input)')
  .addOption(
    new Option('--log-level <level>', 'default: warn; with --log info').choices([
      'debug',
      'info',
      'warn',
      'error',
    ]),
  )
  .option('--log-days <days>', 'how long a file of the log is kept', atLeastOne, 30)
  .option('--log-megabytes <number>', 'how much of it is kept', atLeastOne, 256)
  .addOption(
    new Option('--otlp <url>', 'send spans to this OTLP receiver').env(
      'OTEL_EXPORTER_OTLP_ENDPOINT',
    ),
  )
  .addOption(jsonOption())
  .action(async (options) => (await import('./commands/up.ts')).up(options));

q.command('demo')
  .description(
    'See the whole journey: identity, upload, listing, purchase, receipt, access, fetch.',
  )
  .argument(
    '[name]',
    'another one: quantum, circuits that an agent runs within its budget; cluster, a chain of processes that are killed, cut off and joined',
  )
  .option('--file <path>', 'the file to sell; any size (default: the time zones in examples/)')
  .option('--receipt <path>', 'where to leave the receipt (default: a temporary folder)')
  .option('--store <url>', 'an empty PostgreSQL database for it; its rows stay there')
  .option('--bus <url>', 'nats://host: tells its events there as well; its stream stays there')
  .addOption(jsonOption())
  .action(async (name, options) => (await import('./demo/demo.ts')).demo(name, options));

q.command('test')
  .description(
    'Run the checks and tests; q test services and q test nightly run the other tiers, q test conformance compares with standards.',
  )
  .argument('[words...]', 'tier, --json, and a filter')
  .allowUnknownOption()
  .action(async (words: string[]) => {
    const { runTests } = await import('./test/run.ts');
    process.exitCode = await runTests(words);
  });

q.command('call')
  .description('Call an operation of the running node as its operator.')
  .argument('[operation]', 'for example qmarket.search')
  .argument('[input]', 'one JSON object', '{}')
  .addOption(dataOption())
  .option('--subject <did>', 'on whose behalf')
  .option('--grant <cid>', 'the grant to use')
  .option('--key <text>', 'idempotency key; default: a fresh one')
  .option('--token <token>', 'call with an agent token instead of the operator key')
  .option('--module <path...>', 'a module of your own that the node was started with')
  .addOption(jsonOption())
  .helpOption(false)
  .option('-h, --help', 'say what the operation takes and gives')
  .action(async (operation, input, options) =>
    (await import('./commands/call.ts')).call(operation, input, options),
  );

const agent = q.command('agent').description('Agents that act for you, within a budget.');
agent
  .command('add')
  .description('Make an agent, and grant it what it may do.')
  .argument('<name>', 'a name of your own for it')
  .requiredOption('--budget <amount>', 'the most it may spend in all: 20rUv', amount)
  .requiredOption('--per-call <amount>', 'the most one call may spend: 5rUv', amount)
  .option('--per-hour <amount>', 'the most of one hour of UTC: 10rUv', amount)
  .option('--per-day <amount>', 'the most of one day of UTC: 15rUv', amount)
  .requiredOption('--allow <list>', 'operations or tools, with commas: qmarket.purchase,qdrive.get')
  .requiredOption('--until <time>', '18:00, 2h, 7d, or an instant like 2026-12-31T18:00:00Z')
  .option('--for <did>', 'an organisation you act for; default: yourself')
  .addOption(dataOption())
  .addOption(jsonOption())
  .action(async (name, options) => (await import('./commands/agent.ts')).agentAdd(name, options));
agent
  .command('token')
  .description('Print a token with which the agent can call this node.')
  .argument('<name>')
  .addOption(dataOption())
  .action(async (name, options) => (await import('./commands/agent.ts')).agentToken(name, options));
agent
  .command('list')
  .description('Your agents, with what they may spend and what is left.')
  .addOption(dataOption())
  .addOption(jsonOption())
  .action(async (options) => (await import('./commands/agent.ts')).agentList(options));

q.command('mcp')
  .description('Speak MCP on standard input and output, for the running node.')
  .option('--agent <name>', 'call as this agent of yours, with a fresh token')
  .option('--url <url>', 'the endpoint of a node elsewhere: https://node.example/mcp')
  .addOption(new Option('--token <token>', 'the token of an agent').env('Q_TOKEN'))
  .addOption(dataOption())
  .action(async (options) => (await import('./commands/mcp.ts')).mcp(options));

q.command('revoke')
  .description('End a grant, and everything that builds on it, from the next call on.')
  .argument('<grant>', 'CID of the grant')
  .addOption(dataOption())
  .addOption(jsonOption())
  .action(async (grant, options) => (await import('./commands/revoke.ts')).revoke(grant, options));

for (const [name, text] of [
  ['stop', 'Stop an agent, an organisation or a person at once, with all that it has under way.'],
  ['start', 'Let one that was stopped act again.'],
] as const)
  q.command(name)
    .description(text)
    .argument('<who>', 'a name, or a DID')
    .addOption(dataOption())
    .addOption(jsonOption())
    .action(async (who, options) => (await import('./commands/stop.ts'))[name](who, options));

q.command('why')
  .description('Why something happened, or did not: who, under which grants, by which rule.')
  .argument('<record>', 'CID of a record, or the id of a request')
  .addOption(dataOption())
  .addOption(jsonOption())
  .action(async (record, options) => (await import('./commands/why.ts')).why(record, options));

q.command('activity')
  .description('What happens on what is yours, the newest last.')
  .option('--agent <name>', 'only what this one does: a name, or a DID')
  .option('--follow', 'keep on, until Ctrl-C')
  .addOption(dataOption())
  .addOption(new Option('--json', 'print one JSON object a line'))
  .action(async (options) => (await import('./commands/activity.ts')).activity(options));

processCommands(q, { dataOption, jsonOption });
eventCommands(q, { dataOption, jsonOption });
approvalCommands(q, { dataOption, jsonOption });
keyCommands(q, { dataOption, jsonOption });

clusterCommands(q, { jsonOption });
quantumCommands(q, { dataOption, jsonOption });

q.command('verify')
  .description('Verify a receipt, or a proof of a chain, offline: no node and no network.')
  .argument('<file>', 'the receipt, or what chain.proveTransaction and the like answered')
  .option('--trust <logkey>', 'key of the log that you trust')
  .option('--chain <genesis>', 'it is a proof of the chain that begins so: its genesis.json')
  .addOption(jsonOption())
  .action(async (file, options) => (await import('./commands/verify.ts')).verify(file, options));

q.command('modules')
  .description('The modules of this node and their operations.')
  .argument('[module]', 'only this one')
  .addOption(jsonOption())
  .action(async (name, options) => (await import('./commands/modules.ts')).modules(name, options));

q.command('generate')
  .description('Write what is derived from the contracts.')
  .option('--check', 'only say what is stale')
  .addOption(jsonOption())
  .action(async (options) => (await import('./commands/generate.ts')).generateCommand(options));

q.command('status')
  .description('How the running node is: health, alerts, and what was measured.')
  .addOption(dataOption())
  .addOption(jsonOption())
  .action(async (options) => (await import('./commands/status.ts')).status(options));

q.command('profile')
  .description('Have the running node say where its time goes; leaves a .cpuprofile.')
  .option('--seconds <number>', 'for how long, at most 60', atLeastOne, 10)
  .addOption(dataOption())
  .addOption(jsonOption())
  .action(async (options) => (await import('./commands/profile.ts')).profile(options));

q.command('doctor')
  .description('Check this machine and the node on it, with a fix for each finding.')
  .addOption(dataOption())
  .option('--fix', 'do what is safe: file modes, and what a killed node left')
  .addOption(jsonOption())
  .action(async (options) => (await import('./commands/doctor.ts')).doctor(options));

buildCommands(q, { jsonOption });

const passphraseOption = () =>
  new Option('--passphrase-file <file>', 'holds the passphrase of the keys; else Q_PASSPHRASE');

q.command('backup')
  .description('Copy the node on a data folder, while it runs: data, content, and a manifest.')
  .argument('<folder>', 'where backups lie, one beside the other; content is kept once')
  .addOption(dataOption())
  .addOption(new Option('--keys <folder>', 'where its keys lie').env('Q_KEYS'))
  .option('--chain <folder>', 'the folder of its chain, to copy that too')
  .option('--with-keys', 'put the keys in too, sealed under a passphrase')
  .addOption(passphraseOption())
  .addOption(jsonOption())
  .action(async (folder, options) =>
    (await import('./commands/backup.ts')).backup(folder, options),
  );

q.command('restore')
  .description(
    'Put a backup into an empty folder, once all of it was checked. The copy only reads.',
  )
  .argument('<backup>', 'a backup, or a folder of them: then the newest')
  .requiredOption('--data <folder>', 'where to')
  .addOption(new Option('--keys <folder>', 'where its keys lie, or are put').env('Q_KEYS'))
  .option('--chain <folder>', 'where its chain goes: an empty folder; the copy only follows')
  .option('--checkpoint <file>', 'a receipt or checkpoint seen later: says what is missing')
  .option('--with-keys', 'take the keys out of the backup')
  .addOption(passphraseOption())
  .addOption(jsonOption())
  .action(async (backup, options) =>
    (await import('./commands/restore.ts')).restore(backup, options),
  );

q.command('unfence')
  .description('Let a restored copy write, when the node that it was copied from is gone for good.')
  .requiredOption('--data <folder>', 'the restored folder')
  .option('--i-know-the-old-one-is-gone', 'two nodes with the same keys could both spend')
  .option('--nothing-is-missing', 'nothing was done after the backup: keeps budgets and processes')
  .addOption(jsonOption())
  .action(async (options) => (await import('./commands/restore.ts')).unfence(options));

q.command('bench')
  .description('Measure.')
  .argument('[name]', 'which benchmark; none lists them')
  .option('--quick', 'few rounds: shows that it runs, not how fast it is')
  .option('--plot <file>', 'draws it as SVG as well, where the benchmark can: ledger-growth')
  .addOption(jsonOption())
  .action(async (name, options) => (await import('./commands/bench.ts')).bench(name, options));

simCommand(q, { jsonOption });

function port(text: string): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 0 || value > 65_535)
    throw new InvalidArgumentError('a port is a number from 0 to 65535');
  return value;
}

function atLeastOne(text: string): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1)
    throw new InvalidArgumentError('a whole number, 1 or more');
  return value;
}

/** One origin after another; from the environment they come as one text, apart by blanks. */
function origin(text: string, before: readonly string[] = []): string[] {
  const origins = text.split(/\s+/).filter((word) => word !== '');
  for (const one of origins)
    if (!URL.canParse(one) || new URL(one).origin !== one)
      throw new InvalidArgumentError('an origin reads like https://app.example, without a path');
  return [...before, ...origins];
}

// A reader that has seen enough, as head does, is no error.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') process.stderr.write(`q: cannot write: ${error.code}\n`);
  process.exit(error.code === 'EPIPE' ? 0 : 1);
});

try {
  await q.parseAsync();
} catch (error) {
  tellError(error);
  process.exitCode = 1;
}
