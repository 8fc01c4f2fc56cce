import { Option, type Command } from 'commander';
import { wholeWithin } from './wholeNumberOption.ts';

/** Options that many commands have. */
interface SharedOptions {
  readonly dataOption: () => Option;
  readonly jsonOption: () => Option;
}

/** `q events`: what happened, who reads it, what was set aside. */
export function eventCommands(q: Command, { dataOption, jsonOption }: SharedOptions): void {
  const events = q
    .command('events')
    .description('What happened on this node, who reads it, and what was set aside.');
  events
    .command('list', { isDefault: true })
    .description('What happened, oldest first; with --follow as it comes.')
    .option('--follow', 'go on with what comes')
    .option('--topic <topic...>', 'only these: q.qmarket.sold.v1, or q.qmarket.*')
    .option('--after <cursor>', 'go on from here')
    .option('--limit <n>', 'at most so many, up to 200', Number, 50)
    .addOption(dataOption())
    .addOption(jsonOption())
    .action(async (options) => (await import('./commands/events.ts')).events(options));
  events
    .command('consumers')
    .description('Who reads events, and how far each is.')
    .addOption(dataOption())
    .addOption(jsonOption())
    .action(async (options) => (await import('./commands/events.ts')).eventsConsumers(options));
  events
    .command('dead')
    .description('The events that a consumer set aside.')
    .argument('<consumer>')
    .addOption(dataOption())
    .addOption(jsonOption())
    .action(async (consumer, options) =>
      (await import('./commands/events.ts')).eventsDead(consumer, options),
    );
  events
    .command('retry')
    .description('Hand an event that was set aside to its consumer again.')
    .argument('<consumer>')
    .argument('<event>')
    .addOption(dataOption())
    .addOption(jsonOption())
    .action(async (consumer, event, options) =>
      (await import('./commands/events.ts')).eventsRetry(consumer, event, options),
    );
}

/** `q approvals`: what waits for the operator. */
export function approvalCommands(q: Command, { dataOption, jsonOption }: SharedOptions): void {
  const approvals = q
    .command('approvals')
    .description('What waits for your approval, and your answers.');
  approvals
    .command('list', { isDefault: true })
    .description('What waits for your approval.')
    .addOption(dataOption())
    .addOption(jsonOption())
    .action(async (options) => (await import('./commands/approvals.ts')).approvalsList(options));
  for (const answer of ['approve', 'refuse'] as const)
    approvals
      .command(answer)
      .description(answer === 'approve' ? 'Say yes.' : 'Say no.')
      .argument('<id>')
      .option('--note <text>', 'what you want to say about it')
      .addOption(dataOption())
      .addOption(jsonOption())
      .action(async (id, options) =>
        (await import('./commands/approvals.ts')).approvalsAnswer(answer, id, options),
      );
}

/** `q sim`: what can go wrong, gone wrong on purpose. */
export function simCommand(q: Command, { jsonOption }: Pick<SharedOptions, 'jsonOption'>): void {
  q.command('sim')
    .description('Simulate what can go wrong, from crashes to lies; each seed is one run.')
    .argument('[name]', 'what: ledger or dag; none lists them')
    .option('--runs <number>', 'how many runs', wholeWithin(1, 100_000_000), 500)
    .option('--seed <number>', 'the first run’s seed', wholeWithin(0, 4_000_000_000), 1)
    .option('--bug <name>', 'ledger: let the writer make a mistake, to see that it is found')
    .option('--nodes <number>', 'dag: validators; 4, 7 or 10 by the seed', wholeWithin(1, 100))
    .option('--byzantine <number>', 'dag: how many of them lie, or max; up to a third by the seed')
    .option('--fault <name>', 'dag: crash, partition, oneWay, loss … or none; some by the seed')
    .option('--strategy <name>', 'dag: how they lie: equivocate, withhold, twins …; by the seed')
    .option('--signatures <share>', 'dag: ideal, or this share checked with ML-DSA-65, as 0.05')
    .option('--followers <number>', 'dag: followers beside the validators', wholeWithin(1, 100_000))
    .option('--svg <file>', 'dag: draw the run, or the first that failed')
    .addOption(jsonOption())
    .action(async (name, options) => {
      if (name === 'dag' || name === 'ledger')
        (await import('./commands/simOptions.ts')).refuseOptionsOfOthers(name, options);
      if (name === 'dag') return (await import('./commands/simDag.ts')).simDag(options);
      return (await import('./commands/sim.ts')).sim(name, options);
    });
}

/** `q new` and `q pack`: what others build on, and what they build. */
export function buildCommands(q: Command, { jsonOption }: Pick<SharedOptions, 'jsonOption'>): void {
  q.command('new')
    .description('Begin something of your own.')
    .command('module')
    .description(
      'Make a module that works: contract, table, handlers, test; in this repository, or with --at anywhere.',
    )
    .argument('<name>', '3 to 24 of a-z and 0-9')
    .option('--at <folder>', 'a new or empty folder outside of this repository')
    .option('--packages <folder>', 'with --at: where q pack left the packages it builds on')
    .addOption(jsonOption())
    .action(async (name, options) =>
      (await import('./commands/newModule.ts')).newModule(name, options),
    );
  q.command('pack')
    .description('Pack what a module outside of this repository builds on: JavaScript and types.')
    .option('--to <folder>', 'where the tarballs go', '.q/packages')
    .addOption(jsonOption())
    .action(async (options) => (await import('./commands/pack.ts')).pack(options));
}

/** `q keys`: the root key of a node: which there were, another one, and what when it is lost. */
export function keyCommands(q: Command, { dataOption, jsonOption }: SharedOptions): void {
  const keys = q.command('keys').description('The root key of a node.');
  const command = (name: string, text: string, isDefault = false): Command =>
    keys
      .command(name, { isDefault })
      .description(text)
      .addOption(dataOption())
      .addOption(new Option('--keys <folder>', 'where its keys lie').env('Q_KEYS'))
      .addOption(jsonOption());
  command('list', 'Which root keys there were, and what still leans on them.', true).action(
    async (options) => (await import('./commands/keys.ts')).keysList(options),
  );
  command('rotate', 'Give a stopped node another root key; the old one hands over to it.')
    .option('--stolen', 'somebody else may have the old one: sessions and tokens end')
    .action(async (options) => (await import('./commands/keys.ts')).keysRotate(options));
  command(
    'forget',
    'Let earlier root keys go, once nothing of the stopped node is sealed under them.',
  )
    .option('--module <path...>', 'a module of your own that the node was started with')
    .action(async (options) => (await import('./commands/keys.ts')).keysForget(options));
  command('recover', 'Take lost keys out of a backup that was made with them.')
    .argument('<backup>', 'a backup, or a folder of them')
    .addOption(new Option('--passphrase-file <file>', 'holds their passphrase; else Q_PASSPHRASE'))
    .action(async (backup, options) =>
      (await import('./commands/keys.ts')).keysRecover(backup, options),
    );
}

/** `q processes`: what is under way, and what needs a person. */
export function processCommands(q: Command, { dataOption, jsonOption }: SharedOptions): void {
  const processes = q
    .command('processes')
    .description('What is under way on the node, and what needs you.');
  processes
    .command('list', { isDefault: true })
    .description('Open processes, the newest first.')
    .option('--attention', 'only those that cannot go on by themselves')
    .addOption(dataOption())
    .addOption(jsonOption())
    .action(async (options) => (await import('./commands/processes.ts')).processesList(options));
  processes
    .command('show')
    .description('A process and its steps.')
    .argument('<id>')
    .addOption(dataOption())
    .addOption(jsonOption())
    .action(async (id, options) =>
      (await import('./commands/processes.ts')).processesShow(id, options),
    );
  processes
    .command('retry')
    .description('Have one that needs attention go on from where it stopped.')
    .argument('<id>')
    .addOption(dataOption())
    .addOption(jsonOption())
    .action(async (id, options) =>
      (await import('./commands/processes.ts')).processesRetry(id, options),
    );
  processes
    .command('abandon')
    .description('Give one up: undo what can be undone, and free what it holds.')
    .argument('<id>')
    .addOption(dataOption())
    .addOption(jsonOption())
    .action(async (id, options) =>
      (await import('./commands/processes.ts')).processesAbandon(id, options),
    );
}
