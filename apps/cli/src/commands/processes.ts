import type { Client } from '@anarq/common-clients';
import type { OutputOf } from '@anarq/common-schemas';
import { node } from '@anarq/node-module/contract';
import { operatorClient } from '../connection.ts';
import { columns, paint, say, tick } from '../terminal.ts';

interface Options {
  readonly data: string;
  readonly json?: boolean;
}

type Listed = OutputOf<typeof node.processes>['items'][number];
type Shown = OutputOf<typeof node.process>;

const LISTED_MAX = 200;
/** How long a command waits to tell what came of it; the process goes on either way. */
const WAIT_MS = 15_000;
const LOOK_EVERY_MS = 200;

/** What is open on the node, and what needs a person. */
export async function processesList(
  options: Options & { readonly attention?: boolean },
): Promise<void> {
  const { client } = await operatorClient(options.data, [node]);
  const { items, next } = await client.call(node.processes, {
    limit: LISTED_MAX,
    ...(options.attention === true ? { only: 'NEEDS_ATTENTION' as const } : {}),
  });
  if (options.json === true)
    return say(JSON.stringify({ processes: items, more: next !== undefined }));
  if (items.length === 0)
    return say(options.attention === true ? 'Nothing needs attention.' : 'No process is open.');
  for (const line of columns(
    items.map((one) => [stateText(one.state), one.operation, one.processId, aboutText(one)]),
  ))
    say(line);
  if (next !== undefined) say(paint.dim(`The newest ${LISTED_MAX}; there are more.`));
}

/** One process and its steps. */
export async function processesShow(processId: string, options: Options): Promise<void> {
  const { client } = await operatorClient(options.data, [node]);
  const shown = await client.call(node.process, { processId });
  if (options.json === true) return say(JSON.stringify(shown));
  tellProcess(shown);
}

/** A process that waits for a person goes on; one that pauses goes on at once. */
export async function processesRetry(processId: string, options: Options): Promise<void> {
  const { client } = await operatorClient(options.data, [node]);
  await client.call(node.retryProcess, { processId });
  tellEnd(await endOf(client, processId), options);
}

/** A process is given up: what it did is undone as far as that goes. */
export async function processesAbandon(processId: string, options: Options): Promise<void> {
  const { client } = await operatorClient(options.data, [node]);
  await client.call(node.abandonProcess, { processId });
  tellEnd(await endOf(client, processId), options);
}

async function endOf(client: Client, processId: string): Promise<Shown> {
  const until = performance.now() + WAIT_MS;
  for (;;) {
    const shown = await client.call(node.process, { processId });
    const isUnderWay = shown.state === 'RUNNING' || shown.state === 'STOPPING';
    if (!isUnderWay || performance.now() > until) return shown;
    await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY_MS));
  }
}

function tellEnd(shown: Shown, { json }: Options): void {
  if (json === true) return say(JSON.stringify(shown));
  const mark = ['DONE', 'UNDONE'].includes(shown.state) ? `${tick} ` : '';
  say(`${mark}${shown.operation}  ${stateText(shown.state)}  ${explained[shown.state]}`);
  if (shown.problem !== undefined) say(`  problem  ${shown.problem}`);
  say(`  more     ./q processes show ${shown.processId}`);
}

function tellProcess(shown: Shown): void {
  say(`${paint.bold(shown.operation)}  ${stateText(shown.state)}  ${explained[shown.state]}`);
  if (shown.problem !== undefined) say(`  problem   ${shown.problem}`);
  say(`  process   ${shown.processId}`);
  say(`  began     ${shown.createdAt} with version ${shown.version}`);
  say(`  for       ${shown.subject}`);
  if (shown.actor !== shown.subject) say(`  called by ${shown.actor}`);
  say(`  record    ${shown.record}`);
  for (const wait of shown.waitsFor ?? [])
    say(
      `  waits for ${wait.kind} ${wait.name}${wait.until === undefined ? '' : `, until ${wait.until}`}`,
    );
  const rows = shown.steps.map((step) => [
    `  ${step.isUndone ? '↩' : step.code === 'SUCCESS' ? tick : paint.red('✗')} ${step.name}`,
    step.operation,
    step.isUndone ? paint.dim('undone') : step.code === 'SUCCESS' ? '' : step.code,
    step.undo === undefined ? '' : paint.dim(`undo: ${step.undo}`),
  ]);
  for (const line of columns(rows)) say(line);
  if (shown.state === 'NEEDS_ATTENTION') {
    say(`  go on     ./q processes retry ${shown.processId}`);
    say(`  give up   ./q processes abandon ${shown.processId}`);
  }
}

const explained: Readonly<Record<Shown['state'], string>> = {
  RUNNING: 'under way',
  WAITING: 'goes on by itself when what it waits for is there',
  STOPPING: 'stops at its next step, and is undone',
  BLOCKED: 'began with a version of its code that this node does not have',
  NEEDS_ATTENTION: 'cannot go on by itself',
  DONE: 'all of it is done',
  UNDONE: 'all that it did is undone',
  ABANDONED: 'given up; part of it stands',
};

function stateText(state: Shown['state']): string {
  if (state === 'NEEDS_ATTENTION' || state === 'BLOCKED') return paint.red(state);
  return state === 'RUNNING' || state === 'DONE' ? paint.green(state) : paint.yellow(state);
}

function aboutText({ problem, waitsFor, createdAt, attempts }: Listed): string {
  if (problem !== undefined) return problem;
  const [wait] = waitsFor ?? [];
  if (wait !== undefined)
    return `waits for ${wait.name}${wait.until === undefined ? '' : ` until ${wait.until}`}`;
  return attempts > 0 ? `failed ${attempts} times; it is tried again` : `since ${createdAt}`;
}
