import { randomBytes } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { fail } from '@anarq/common-schemas';
import { memoryOfMachine, type Measured } from '@anarq/quantum/local';
import { paint, say } from '../terminal.ts';
import { histogramSvg } from './histogramSvg.ts';
import { tellingOf, withThread } from './local.ts';
import { askedOf, sourceOf, type AskingOptions } from './options.ts';
import { nameOf, readCircuit } from './readCircuit.ts';
import { ProgressLine } from './progressLine.ts';
import { runOnNode, type NodeOptions } from './remote.ts';
import { showRun, type ShownRun } from './show.ts';

export interface RunOptions extends AskingOptions, NodeOptions {
  readonly seed?: string;
  readonly plot?: boolean;
  readonly svg?: string;
  readonly json?: boolean;
}

/** Runs a circuit and prints what came of it; on this machine, unless a node is asked. */
export const run = (path: string, options: RunOptions): Promise<void> =>
  tellingOf(path, options, async () => {
    const isOnNode = options.node === true || options.token !== undefined;
    if (!isOnNode && (options.priority !== undefined || options.maxPrice !== undefined))
      fail('INPUT_INVALID', '--priority and --max-price are for a run on a node: add --node.');
    const text = await readCircuit(path);
    const source = await sourceOf(text, options);
    const asked = askedOf(options);
    // Nobody else computes here; on a node others do.
    const here = { threads: availableParallelism(), ...asked };
    const seed = options.seed ?? randomBytes(8).readBigUInt64LE().toString();
    const made = isOnNode
      ? await runOnNode({ source, asked, seed: options.seed }, options)
      : { ...localView(await runHere(source, here, seed)) };
    if (options.svg !== undefined) await writeSvg(options.svg, made, nameOf(path));
    if (options.json === true) return say(JSON.stringify(jsonOf(made)));
    showRun(made, nameOf(path), options.plot === true);
    if (options.svg !== undefined) say(paint.dim(`  histogram: ${options.svg}`));
  });

const runHere = (
  source: Awaited<ReturnType<typeof sourceOf>>,
  asked: ReturnType<typeof askedOf>,
  seed: string,
): Promise<Measured> =>
  withThread(async (thread) => {
    const line = new ProgressLine();
    try {
      return await thread.perform(
        { kind: 'run', source, asked, seed, memory_bytes: memoryOfMachine() },
        ({ part, done, total }) => line.show(`${done} of ${total} ${part}`),
      );
    } finally {
      line.end();
    }
  });

const localView = ({ duration_us, ...rest }: Measured): ShownRun & Measured => ({
  ...rest,
  duration_us,
  duration_ms: duration_us / 1_000,
});

/** One object, with the counts by their bits. */
function jsonOf(made: ShownRun & Partial<Measured>): object {
  const { counts, expectations, circuit, duration_us: _, ...rest } = made;
  return {
    counts: Object.fromEntries(counts),
    ...(expectations.length > 0 ? { expectations } : {}),
    registers: circuit.registers,
    ...rest,
    circuit,
  };
}

async function writeSvg(path: string, made: ShownRun, name: string): Promise<void> {
  if (made.shots === 0) fail('INPUT_INVALID', '--svg draws outcomes; ask for shots.');
  const title = `${name}: ${made.shots} shots, ${made.method}, seed ${made.seed}`;
  await writeFile(path, histogramSvg(made.counts, { shots: made.shots, title })).catch(
    (error: NodeJS.ErrnoException) =>
      fail('INPUT_INVALID', `${path} cannot be written: ${error.code ?? error.message}.`),
  );
}
