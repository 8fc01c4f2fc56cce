import { QError } from '@anarq/common-schemas';
import { ComputeThread, Refused, type Refusal } from '@anarq/quantum/local';
import { cross, paint, say, tellError, warn } from '../terminal.ts';
import { nameOf } from './readCircuit.ts';

/** What the thread may take beside the state, in bytes. */
const HEAP_BYTES = 2 ** 31;

/** Does something with a thread of its own, and ends it. */
export async function withThread<T>(work: (thread: ComputeThread) => Promise<T>): Promise<T> {
  const thread = new ComputeThread(HEAP_BYTES);
  try {
    return await work(thread);
  } finally {
    await thread.end();
  }
}

/**
 * Tells what is wrong with a circuit as a compiler does, with its line and a caret; every other
 * error as other commands do. The exit code is 1.
 */
export async function tellingOf(
  path: string,
  options: { readonly json?: boolean },
  work: () => Promise<void>,
): Promise<void> {
  try {
    await work();
  } catch (error) {
    process.exitCode = 1;
    if (options.json === true) return say(JSON.stringify({ error: errorOf(error) }));
    const refusal = refusalIn(error);
    if (refusal === undefined) return tellError(error);
    const { line, column, excerpt, caret } = refusal;
    const place = line === undefined ? '' : `:${line}:${column ?? 1}`;
    warn(`${cross} ${paint.bold(`${nameOf(path)}${place}`)}  ${withoutPlace(refusal.message)}`);
    if (excerpt === undefined || excerpt === '') return;
    warn(`  ${excerpt}`);
    warn(`  ${' '.repeat(caret ?? Math.max(0, (column ?? 1) - 1))}${paint.red('^')}`);
  }
}

/** The place stands before the message already. */
const withoutPlace = (message: string): string =>
  message.replace(/ \((line \d+, )?column \d+( of the observable)?\)$/, '');

function refusalIn(error: unknown): Refusal | undefined {
  if (error instanceof Refused) return error.refusal;
  if (!(error instanceof QError)) return undefined;
  const { line, column, excerpt, caret } = error.details ?? {};
  if (typeof line !== 'number' || typeof column !== 'number' || typeof excerpt !== 'string')
    return undefined;
  const place = { line, column, excerpt, caret: typeof caret === 'number' ? caret : column - 1 };
  return { code: 'INPUT', message: error.message, ...place };
}

function errorOf(error: unknown): object {
  if (error instanceof Refused) return error.refusal;
  if (error instanceof QError)
    return { code: error.code, message: error.message, ...error.details };
  return { code: 'INTERNAL', message: error instanceof Error ? error.message : String(error) };
}
