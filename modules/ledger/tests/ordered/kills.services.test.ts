import { fork, type ChildProcess } from 'node:child_process';
import { randomInt } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { canReach } from '../../../../packages/ordering/tests/natsOrders.ts';
import { canStartNats, NatsServer } from '../../../../packages/ordering/tests/natsServer.ts';
import { LedgerApplier } from '../../src/ordered/applier.ts';
import { LedgerWriter } from '../../src/engine/index.ts';
import { idOf, sizeOf, SMALL } from '../crashes/load.ts';

const KILLED = fileURLToPath(new URL('killedNode.ts', import.meta.url));
const BATCHES = 70;
const KILLS = 10;

/** One node: its process, and what anybody was told by it. */
interface Node {
  readonly folder: string;
  readonly first: number;
  child: ChildProcess | undefined;
  /** What each batch was answered, by digest. */
  readonly answered: Map<number, string>;
  readonly complaints: string[];
  isDone: boolean;
}

describe.skipIf(!canStartNats || !(await canReach()))(
  'a ledger with two nodes that are killed',
  () => {
    let folder: string;
    let server: NatsServer;
    const nodes: Node[] = [];

    beforeEach(async () => {
      folder = await mkdtemp(join(tmpdir(), 'ordered-'));
      server = await NatsServer.start();
    });
    afterEach(async () => {
      for (const { child } of nodes.splice(0)) child?.kill('SIGKILL');
      await server.remove();
      await rm(folder, { recursive: true, force: true });
    });

    /** Brings all of the node's batches, also those that were answered: they have to be answered alike. */
    function start(node: Node): void {
      node.isDone = false;
      const range = [String(node.first), String(node.first + BATCHES)];
      const child = fork(KILLED, [node.folder, server.url, 'killed', ...range], {
        stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
      });
      node.child = child;
      let rest = '';
      child.stderr?.setEncoding('utf8').on('data', (text: string) => node.complaints.push(text));
      child.stdout?.setEncoding('utf8').on('data', (text: string) => {
        const lines = (rest + text).split('\n');
        rest = lines.pop() ?? '';
        for (const line of lines) hear(node, line);
      });
    }

    async function kill(node: Node): Promise<void> {
      const { child } = node;
      if (child === undefined) return;
      const gone = once(child, 'close');
      child.kill('SIGKILL');
      await gone;
      node.child = undefined;
    }

    it('loses nothing that was answered, does nothing twice, and has one state', async () => {
      for (const [index, name] of ['a', 'b'].entries())
        nodes.push({
          folder: join(folder, name),
          first: index * 1_000,
          child: undefined,
          answered: new Map(),
          complaints: [],
          isDone: false,
        });
      for (const node of nodes) start(node);
      for (let round = 0; round < KILLS; round++) {
        const node = nodes[randomInt(nodes.length)]!;
        const before = node.answered.size;
        const more = randomInt(1, 8);
        await expect
          .poll(() => node.isDone || node.answered.size >= Math.min(BATCHES, before + more))
          .toBe(true);
        await kill(node);
        if (round % 4 === 3) {
          await server.kill();
          await server.start();
        }
        start(node);
      }
      for (const node of nodes) await expect.poll(() => node.isDone).toBe(true);
      for (const node of nodes) {
        const ended = once(node.child!, 'close');
        node.child!.send('end');
        await ended;
        node.child = undefined;
        expect(node.complaints).toEqual([]);
        expect(node.answered.size).toBe(BATCHES);
      }
      await looksAlike(nodes);
    }, 180_000);
  },
);

function hear(node: Node, line: string): void {
  if (line === 'done') node.isDone = true;
  const [, batch, digest] = /^answered (\d+) ([0-9a-f]{64})$/.exec(line) ?? [];
  if (batch === undefined || digest === undefined) return;
  const before = node.answered.get(Number(batch));
  if (before !== undefined && before !== digest)
    node.complaints.push(`batch ${batch} was answered in two ways`);
  node.answered.set(Number(batch), digest);
}

/** Both books have the same state and the same history, and every batch in it once. */
async function looksAlike(nodes: readonly Node[]): Promise<void> {
  const states = new Set<string>();
  for (const { folder } of nodes) {
    const writer = await LedgerWriter.open(folder, { ...SMALL, isOrdered: true });
    const applier = new LedgerApplier({ folder, writer, comparesBooks: true });
    states.add(Buffer.from(writer.state.stateHash()).toString('hex') + applier.history().digest);
    let events = 0;
    for (const { first } of nodes)
      for (let batch = first; batch < first + BATCHES; batch++) {
        events += sizeOf(batch);
        expect(writer.queries.usedBy(idOf(batch, 0)) !== undefined || isRefused(batch)).toBe(true);
      }
    expect(writer.state.eventsCount).toBe(events);
    applier.close();
    await writer.close();
  }
  expect(states.size).toBe(1);
}

/** A post or a void whose hold was brought by nobody yet is refused for good reason, and has no id. */
const isRefused = (batch: number): boolean => batch % 4 >= 2;
