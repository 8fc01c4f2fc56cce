import { Option, type Command } from 'commander';
import { join } from 'node:path';
import { NETWORK_CHOICES } from './network.ts';
import { wholeWithin } from '../wholeNumberOption.ts';

interface SharedOptions {
  readonly jsonOption: () => Option;
}

const folderOption = (): Option =>
  new Option('--data <folder>', 'where the cluster keeps its data')
    .env('Q_CLUSTER')
    .default(join(import.meta.dirname, '../../../../.q-cluster'), 'beside the project');

/** `q cluster`: a chain of real processes on this machine. */
export function clusterCommands(q: Command, { jsonOption }: SharedOptions): void {
  const cluster = q
    .command('cluster')
    .description('A chain of several processes on this machine, and what can happen to them.')
    .addHelpText('after', EXAMPLES);
  const command = (name: string, description: string): Command =>
    cluster.command(name).description(description).addOption(folderOption());
  const jsonCommand = (name: string, description: string): Command =>
    command(name, description).addOption(jsonOption());

  jsonCommand('up', 'Start it; the first time, make keys and a chain of its own.')
    .option('--nodes <number>', 'validators of a new one', wholeWithin(1, 100), 4)
    .option('--epoch <seconds>', 'after which validators may change', wholeWithin(2, 86_400), 60)
    .addOption(
      new Option('--network <kind>', 'a network namespace for each node where the host allows it')
        .choices(NETWORK_CHOICES)
        .default('auto'),
    )
    .action(async (options) => (await import('./run.ts')).up(options));
  jsonCommand('down', 'Stop all of it; up goes on where it was.').action(async (options) =>
    (await import('./run.ts')).down(options),
  );
  jsonCommand('status', 'Every node, with the chain as it has it.').action(async (options) =>
    (await import('./run.ts')).status(options),
  );
  for (const [name, description] of [
    ['kill', 'End a node at once, as a power cut does (SIGKILL).'],
    ['stop', 'End a node in good order.'],
    ['start', 'Start a node again.'],
    ['pause', 'Hold a node (SIGSTOP): it is silent, and its connections stay.'],
    ['resume', 'Let it go on.'],
  ] as const)
    jsonCommand(name, description)
      .argument('<node>', 'for example n2')
      .action(async (node, options) => (await import('./run.ts')).act(name, node, options));
  jsonCommand('partition', 'Cut the network into parts that do not hear each other.')
    .argument('<parts...>', 'n1,n2 n3,n4: nodes with commas; who is in none hears nobody')
    .action(async (parts, options) => (await import('./run.ts')).partition(parts, options));
  jsonCommand('heal', 'Join all parts again, without any delay.').action(async (options) =>
    (await import('./run.ts')).heal(options),
  );
  jsonCommand('delay', 'Make every message between nodes take longer, in both directions.')
    .argument('<milliseconds>', 'at least', wholeWithin(0, 60_000))
    .option('--jitter <milliseconds>', 'and up to so much more', wholeWithin(0, 60_000), 0)
    .action(async (delay_ms, options) => (await import('./run.ts')).delay(delay_ms, options));
  jsonCommand('add', 'Start one more node, and have it named a validator of the next epoch.')
    .option('--follower', 'without a voice: it follows only')
    .action(async (options) => (await import('./run.ts')).add(options));
  jsonCommand('remove', 'Have a node named a validator no more, and end it for good.')
    .argument('<node>', 'for example n2')
    .action(async (node, options) => (await import('./run.ts')).remove(node, options));
  command('logs', 'What a node wrote; without a name that of the supervisor.')
    .argument('[node]', 'for example n2')
    .option('--lines <number>', 'the last so many', wholeWithin(1, 100_000), 40)
    .option('--follow', 'go on with what comes')
    .action(async (node, options) => (await import('./logs.ts')).logs(node, options));
  jsonCommand('load', 'Let transfers flow, and tell how long they take to be final.')
    .option('--seconds <number>', 'for so long', wholeWithin(1, 86_400), 10)
    .option('--batch <number>', 'transfers under one signature', wholeWithin(1, 64), 1)
    .option('--pause <milliseconds>', 'between two of an account', wholeWithin(0, 60_000), 0)
    .action(async (options) => (await import('./run.ts')).load(options));
}

const EXAMPLES = `
Examples:
  q cluster up --nodes 4
  q cluster load --seconds 30 & q cluster kill n2
  q cluster partition n1,n2,n3 n4
  q cluster heal
  q cluster add && q cluster status`;
