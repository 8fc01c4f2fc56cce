import { InvalidArgumentError, Option, type Command } from 'commander';
import { amount } from '../amountOption.ts';
import { wholeWithin } from '../wholeNumberOption.ts';

const METHODS = 'automatic, statevector, stabiliser, density, trajectories, mps, sparse';
const USAGE_ERROR = 2;

interface SharedOptions {
  readonly dataOption: () => Option;
  readonly jsonOption: () => Option;
}

/** `q quantum`: circuits, on this machine or on a node. */
export function quantumCommands(q: Command, shared: SharedOptions): void {
  const quantum = q
    .command('quantum')
    .description('Quantum circuits: run, estimate, draw and convert them.')
    // What was typed wrong is told apart from a circuit that is wrong.
    .exitOverride(({ exitCode }) => process.exit(exitCode === 0 ? 0 : USAGE_ERROR))
    .showHelpAfterError('(q quantum --help lists the commands)')
    .addHelpText('after', EXAMPLES);
  runCommand(quantum, shared);
  estimateCommand(quantum, shared);
  quantum
    .command('draw')
    .description('Draw a circuit as text, or as SVG.')
    .argument('<file>', FILE)
    .addOption(formatOption())
    .option('--svg <file>', 'write it as SVG there; - for standard output')
    .action(async (file, options) => (await import('./draw.ts')).draw(file, options));
  quantum
    .command('convert')
    .description('Write a circuit in another format.')
    .argument('<file>', FILE)
    .addOption(
      new Option('--to <format>', 'the format to write')
        .choices(['qasm2', 'qasm3', 'stim', 'json'])
        .makeOptionMandatory(),
    )
    .addOption(formatOption())
    .option('--out <file>', 'write it there; default: standard output')
    .action(async (file, options) => (await import('./draw.ts')).convert(file, options));
  quantum
    .command('jobs')
    .description('Your runs on a node: state, method, price; the newest first.')
    .option('--limit <number>', 'at most so many', wholeWithin(1, 200), 20)
    .addOption(
      new Option('--state <state>', 'only those').choices([
        'queued',
        'running',
        'settling',
        'done',
        'stopped',
      ]),
    )
    .addOption(shared.dataOption())
    .addOption(tokenOption())
    .addOption(shared.jsonOption())
    .action(async (options) => (await import('./jobs.ts')).jobs(options));
}

function runCommand(quantum: Command, { dataOption, jsonOption }: SharedOptions): void {
  asking(
    quantum
      .command('run')
      .description('Run a circuit on this machine, or with --node on a node.')
      .argument('<file>', FILE),
  )
    .option('--seed <number>', 'of all randomness: 0 to 2^64 - 1; default: a fresh one', seed)
    .option('--plot', 'draw every outcome, in the order of its bits')
    .option('--svg <file>', 'write the histogram as SVG there')
    .option('--node', 'run it on the node of --data, as its operator or with --token')
    .option('--max-price <amount>', 'on a node: the most to pay: 0.5rUv', amount)
    .option(
      '--priority <number>',
      'on a node: 0 to 9 among your runs; default: 5',
      wholeWithin(0, 9),
    )
    .addOption(tokenOption())
    .addOption(dataOption())
    .addOption(jsonOption())
    .action(async (file, options) => (await import('./run.ts')).run(file, options));
}

function estimateCommand(quantum: Command, { dataOption, jsonOption }: SharedOptions): void {
  asking(
    quantum
      .command('estimate')
      .description('Say what a run would take: method and why, memory, time; on a node its price.')
      .argument('<file>', FILE),
  )
    .option('--node', 'ask the node of --data, as its operator or with --token')
    .addOption(tokenOption())
    .addOption(dataOption())
    .addOption(jsonOption())
    .action(async (file, options) => (await import('./estimate.ts')).estimate(file, options));
}

/** What is asked of a circuit; the same for a run and for its estimate. */
const asking = (command: Command): Command =>
  command
    .addOption(formatOption())
    .option(
      '--shots <number>',
      'how often to run and measure it; default: 1024',
      wholeWithin(0, 10_000_000),
    )
    .addOption(
      new Option('--method <name>', `how to simulate it: ${METHODS}`).choices(METHODS.split(', ')),
    )
    .option('--noise <p|file>', 'depolarising and readout error, or a JSON file with a noise model')
    .option(
      '--observable <sum>',
      'an expectation value: "0.5*Z0 Z1 - X2"; may stand several times',
      several,
    )
    .option(
      '--param <name=number>',
      'a value for an input of the circuit; may stand several times',
      parameter,
    )
    .option('--threads <number>', 'threads to compute with', wholeWithin(1, 64))
    .addOption(new Option('--precision <reals>', 'of one real number').choices(['f32', 'f64']))
    .option('--strict', 'the same bits on every machine, with any number of threads; slower');

const FILE = 'OpenQASM 2 or 3, .stim, or a circuit as JSON; - for standard input';

const formatOption = (): Option =>
  new Option('--format <format>', 'of the file; default: told by its text').choices([
    'qasm2',
    'qasm3',
    'stim',
    'json',
  ]);

const tokenOption = (): Option =>
  new Option('--token <token>', 'as an agent, on the node of --data').env('Q_TOKEN');

const EXAMPLES = `
Examples:
  q quantum run bell.qasm --shots 1000 --seed 7
  q quantum run ghz.qasm --json | jq .counts
  q quantum run code.stim --method stabiliser --noise 0.001
  q quantum run h2.qasm --observable "Z0 Z1 - 0.5*X0" --precision f64
  cat bell.qasm | q quantum draw -
  q quantum run ghz.qasm --strict --seed 7
  q quantum convert bell.qasm --to qasm3
  q quantum run bell.qasm --node --max-price 0.1rUv`;

function several(text: string, before: readonly string[] = []): string[] {
  return [...before, text];
}

function seed(text: string): string {
  if (!/^(0|[1-9][0-9]{0,19})$/.test(text) || BigInt(text) >= 2n ** 64n)
    throw new InvalidArgumentError('a seed is a whole number from 0 to 18446744073709551615');
  return text;
}

function parameter(
  text: string,
  before: Readonly<Record<string, number>> = {},
): Readonly<Record<string, number>> {
  const [, name, number] = /^([^=]+)=(.+)$/.exec(text) ?? [];
  const value = Number(number);
  if (name === undefined || !Number.isFinite(value))
    throw new InvalidArgumentError('a parameter reads like theta=0.5');
  return { ...before, [name]: value };
}
