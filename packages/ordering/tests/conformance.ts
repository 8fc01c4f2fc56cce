import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, expect, it } from 'vitest';
import {
  FAULT_MODELS,
  type Applier,
  type Batch,
  type FaultModelName,
  type OrderingEngine,
} from '../src/index.ts';
import { FileApplier } from './fileApplier.ts';

/** An order that one test has for itself. */
export interface World {
  /** The engine of one of its nodes; nodes are numbered from 0. */
  open(node: number, applier: Applier, limits?: object): Promise<OrderingEngine>;
  close(): Promise<void>;
}

interface Node {
  readonly number: number;
  applier: FileApplier;
  engine: OrderingEngine;
}

const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text);
const batch = (key: string, text = `bytes of ${key}`): Batch => ({ key, bytes: bytesOf(text) });
export const batches = (from: number, to: number, prefix = 'k'): Batch[] =>
  Array.from({ length: to - from }, (_, n) => batch(`${prefix}${from + n}`));

/**
 * What every ordering engine is held to, whatever orders.
 * @param nodes how many follow one order: 1 where there is one writer
 * @param propertyRuns of the test with random interleavings
 */
export function describesAnOrder(
  model: FaultModelName,
  {
    nodes,
    propertyRuns,
    makeWorld,
  }: {
    readonly nodes: number;
    readonly propertyRuns: number;
    readonly makeWorld: () => Promise<World>;
  },
): void {
  let folder: string;
  let world: World;
  let open: Node[] = [];

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'ordering-'));
    world = await makeWorld();
  });
  afterEach(async () => {
    for (const { engine, applier } of open.splice(0)) {
      await engine.close();
      await applier.close();
    }
    await world.close();
    await rm(folder, { recursive: true, force: true });
  });

  async function start(number: number, limits?: object): Promise<Node> {
    const applier = await FileApplier.open(join(folder, `books-${number}`));
    const node = { number, applier, engine: await world.open(number, applier, limits) };
    open.push(node);
    return node;
  }
  const startAll = (): Promise<Node[]> =>
    Promise.all(Array.from({ length: nodes }, (_, number) => start(number)));

  async function stop(node: Node): Promise<void> {
    open = open.filter((other) => other !== node);
    await node.engine.close();
    await node.applier.close();
  }

  /** As a kill: the books never come to what they are at, and the engine is of no use any more. */
  async function crash(node: Node): Promise<void> {
    open = open.filter((other) => other !== node);
    const left = await node.applier.drop();
    await left.close();
    void node.engine.close();
  }

  /** Every node has applied the same, and as much. */
  async function agree(all: readonly Node[], count: number): Promise<void> {
    for (const { applier } of all)
      await expect.poll(() => applier.keys.length, { timeout: 20_000 }).toBe(count);
    const [first, ...others] = all;
    for (const { applier } of others) {
      expect(applier.keys).toEqual(first?.applier.keys);
      expect(applier.stateHash).toBe(first?.applier.stateHash);
    }
    expect(new Set(first?.applier.keys).size).toBe(count);
  }

  it('answers when it has applied and synced, and says what that bears', async () => {
    const [node] = await startAll();
    const { engine, applier } = node!;
    const answered = await engine.submit(batch('one'));
    expect(answered.faultModel).toEqual(FAULT_MODELS[model]);
    expect(answered.level).toBe('Confirmed');
    expect(new TextDecoder().decode(answered.answer)).toMatch(/^0:[0-9a-f]{64}$/);
    expect(applier.applied()).toBeGreaterThanOrEqual(answered.sequence);
    expect(engine.status()).toMatchObject({
      state: 'ready',
      waiting: 0,
      waiting_bytes: 0,
      faultModel: FAULT_MODELS[model],
    });
  });

  it('gives all nodes one order, whoever hands in', async () => {
    const all = await startAll();
    const answers = await Promise.all(
      all.flatMap(({ engine, number }) =>
        batches(0, 40, `n${number}-`).map((each) => engine.submit(each)),
      ),
    );
    await agree(all, 40 * nodes);
    expect(new Set(answers.map(({ sequence }) => sequence)).size).toBe(40 * nodes);
    for (const { applier } of all) {
      const sequences = applier.brought.map(({ sequence }) => sequence);
      expect(sequences).toEqual(sequences.toSorted((a, b) => (a < b ? -1 : 1)));
    }
  });

  it('acts once under a key, handed in together, again, and by others', async () => {
    const all = await startAll();
    const { engine } = all[0]!;
    const [first, same] = await Promise.all([engine.submit(batch('k')), engine.submit(batch('k'))]);
    const later = await Promise.all(all.map((each) => each.engine.submit(batch('k'))));
    for (const { answer } of [same, ...later]) expect(answer).toEqual(first.answer);
    await all[0]!.engine.submit(batch('end'));
    await agree(all, 2);
  });

  it('refuses other bytes under a key that is under way', async () => {
    const { engine, applier } = await start(0);
    let release = (): void => undefined;
    applier.gate = new Promise((resolve) => (release = resolve));
    const first = engine.submit(batch('k', 'some'));
    await expect(engine.submit(batch('k', 'others'))).rejects.toMatchObject({
      code: 'VERSION_CONFLICT',
    });
    release();
    await first;
  });

  it('goes on behind what is durable after a restart in the middle', async () => {
    const all = await startAll();
    await Promise.all(batches(0, 10).map((each) => all[0]!.engine.submit(each)));
    const cutOff = batches(10, 20).map((each) =>
      all[0]!.engine.submit(each).catch(() => undefined),
    );
    await stop(all[0]!);
    await Promise.all(cutOff);
    all[0] = await start(0);
    await Promise.all(batches(0, 30).map((each) => all[0]!.engine.submit(each)));
    await agree(all, 30);
    expect(new Set(all[0].applier.keys).size).toBe(30);
  });

  it('loses nothing that was answered, and repeats nothing, when nodes crash', async () => {
    const all = await startAll();
    const answered = new Set<string>();
    for (let round = 0; round < 6; round++) {
      const number = round % nodes;
      const node = all[number]!;
      const under = batches(round * 8, round * 8 + 8).map((each) =>
        node.engine.submit(each).then(
          () => answered.add(each.key),
          () => undefined,
        ),
      );
      await under[round % 4];
      void Promise.allSettled(under);
      await crash(node);
      const before = new Set(answered);
      all[number] = await start(number);
      const kept = new Set(all[number].applier.keys);
      expect([...before].filter((key) => !kept.has(key))).toEqual([]);
      await Promise.all(
        batches(round * 8, round * 8 + 8).map((each) => all[number]!.engine.submit(each)),
      );
    }
    await agree(all, 48);
  });

  it('stops where the books cannot be written, skips nothing, and goes on when they can', async () => {
    const all = await startAll();
    await all[0]!.engine.submit(batch('before'));
    all[0]!.applier.failure = new Error('the disk is gone');
    await expect(all[0]!.engine.submit(batch('during'))).rejects.toMatchObject({
      code: 'SERVICE_UNAVAILABLE',
    });
    expect(all[0]!.engine.status()).toMatchObject({ state: 'failed' });
    expect(all[0]!.engine.status().why).toContain('the disk is gone');
    await expect(all[0]!.engine.submit(batch('after'))).rejects.toMatchObject({
      code: 'SERVICE_UNAVAILABLE',
    });
    await stop(all[0]!);
    all[0] = await start(0);
    await all[0].engine.submit(batch('during'));
    await all[0].engine.submit(batch('after'));
    await agree(all, 3);
  });

  it('has limits: keys, bytes, and how much waits', async () => {
    const limits = { waiting_max: 3, waiting_bytes_max: 1_000, batch_bytes_max: 600 };
    const { engine, applier } = await start(0, limits);
    for (const key of ['', 'with blank', 'x'.repeat(65), 'ü'])
      await expect(engine.submit(batch(key))).rejects.toMatchObject({ code: 'INPUT_INVALID' });
    const large = (key: string, length: number): Batch => ({ key, bytes: new Uint8Array(length) });
    await expect(engine.submit(large('large', 601))).rejects.toMatchObject({
      code: 'INPUT_TOO_LARGE',
    });
    let release = (): void => undefined;
    applier.gate = new Promise((resolve) => (release = resolve));
    const two = [engine.submit(large('a', 500)), engine.submit(large('b', 400))];
    await expect(engine.submit(large('c', 200))).rejects.toMatchObject({ code: 'LIMIT_EXCEEDED' });
    two.push(engine.submit(large('d', 1)));
    await expect(engine.submit(large('e', 1))).rejects.toMatchObject({ code: 'LIMIT_EXCEEDED' });
    expect(engine.status()).toMatchObject({ waiting: 3, waiting_bytes: 901 });
    release();
    await Promise.all(two);
    expect(engine.status()).toMatchObject({ waiting: 0, waiting_bytes: 0 });
    await engine.submit(large('f', 600));
  });

  it('carries the largest batch unchanged, beside small ones', async () => {
    const all = await startAll();
    const bytes = new Uint8Array(8_190 * 128 + 64);
    for (let at = 0; at < bytes.length; at++) bytes[at] = (at * 31 + (at >> 8)) & 0xff;
    await Promise.all([
      all[0]!.engine.submit(batch('small')),
      all[0]!.engine.submit({ key: 'large', bytes }),
      ...batches(0, 5).map((each) => all.at(-1)!.engine.submit(each)),
    ]);
    await agree(all, 7);
    for (const { applier } of all) {
      const came = applier.brought.find(({ key }) => key === 'large');
      expect(Buffer.compare(came?.bytes ?? new Uint8Array(), bytes)).toBe(0);
    }
  });

  it('answers nobody after it is closed', async () => {
    const node = await start(0);
    await node.engine.submit(batch('one'));
    await stop(node);
    await expect(node.engine.submit(batch('two'))).rejects.toMatchObject({
      code: 'SERVICE_UNAVAILABLE',
    });
    expect(node.engine.status().state).toBe('closed');
  });

  it('gives equal books to all nodes under any interleaving', async () => {
    const all = await startAll();
    let run = 0;
    let total = 0;
    const step = fc.record({
      node: fc.nat({ max: nodes - 1 }),
      key: fc.nat({ max: 9 }),
      size: fc.constantFrom(0, 1, 300, 70_000),
      waits: fc.boolean(),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 25 }), async (steps) => {
        const prefix = `r${run++}-`;
        const answers = new Map<string, Set<string>>();
        const under: Promise<void>[] = [];
        for (const { node, key, size, waits } of steps) {
          const name = `${prefix}${key}`;
          // The bytes of a key are always the same: it is one batch, whoever hands it in.
          const bytes = new Uint8Array(
            key % 2 === 0 ? size % 2 : 70_000 * (key % 3 === 0 ? 1 : 0),
          ).fill(key);
          const told = answerTo(all[node]!, { key: name, bytes }, answers);
          under.push(told);
          if (waits) await told;
        }
        await Promise.all(under);
        total += answers.size;
        await agree(all, total);
        for (const told of answers.values()) expect(told.size).toBe(1);
      }),
      { numRuns: propertyRuns },
    );
  });
}

/** Notes what a batch was answered; nothing where its key is under way with other bytes at this node. */
async function answerTo(
  { engine }: Node,
  handedIn: Batch,
  answers: Map<string, Set<string>>,
): Promise<void> {
  try {
    const { answer } = await engine.submit(handedIn);
    const known = answers.get(handedIn.key) ?? new Set();
    answers.set(handedIn.key, known.add(Buffer.from(answer).toString()));
  } catch (error) {
    expect(error).toMatchObject({ code: 'VERSION_CONFLICT' });
  }
}
