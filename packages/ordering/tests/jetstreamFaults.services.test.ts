import { cp, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { jetstream } from '@nats-io/jetstream';
import { connect } from '@nats-io/transport-node';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  openJetStreamOrdering,
  type JetStreamOrderingOptions,
  type OrderingEngine,
} from '../src/index.ts';
import { sealBatch } from '../src/jetstream/envelope.ts';
import { batches } from './conformance.ts';
import { FileApplier } from './fileApplier.ts';
import { canReach, testKey, withManager } from './natsOrders.ts';
import { canStartNats, NatsServer } from './natsServer.ts';

const SPACE = 'faults';
const STREAM = `q_order_${SPACE}`;

describe.skipIf(!canStartNats || !(await canReach()))(
  'an order by a stream whose broker fails',
  () => {
    let folder: string;
    let server: NatsServer;
    const undo: (() => Promise<unknown>)[] = [];

    beforeEach(async () => {
      folder = await mkdtemp(join(tmpdir(), 'ordering-'));
      server = await NatsServer.start();
    });
    afterEach(async () => {
      for (const step of undo.splice(0).toReversed()) await step();
      await server.remove();
      await rm(folder, { recursive: true, force: true });
    });

    interface Node {
      readonly applier: FileApplier;
      readonly engine: OrderingEngine;
      close(): Promise<void>;
    }

    async function start(
      name: string,
      options: Partial<JetStreamOrderingOptions> = {},
    ): Promise<Node> {
      const applier = await FileApplier.open(join(folder, name));
      const engine = await openJetStreamOrdering({
        url: server.url,
        space: SPACE,
        key32: testKey,
        applier,
        onError: () => undefined,
        ...options,
      }).catch(async (error: unknown) => {
        await applier.close();
        throw error;
      });
      let closing: Promise<void> | undefined;
      const close = (): Promise<void> =>
        (closing ??= (async () => {
          await engine.close();
          await applier.close();
        })());
      undo.push(close);
      return { applier, engine, close };
    }

    const submitAll = (node: Node, from: number, to: number, prefix?: string): Promise<unknown> =>
      Promise.all(batches(from, to, prefix).map((each) => node.engine.submit(each)));

    it('answers everything, once, while the broker is killed over and over', async () => {
      const all = [await start('a'), await start('b')];
      for (let round = 0; round < 4; round++) {
        const under = all.map((node, number) =>
          submitAll(node, round * 150, round * 150 + 150, `n${number}-`),
        );
        // Somewhere in the middle: some are acknowledged, some are on their way.
        await all[0]!.engine.submit({ key: `first${round}`, bytes: new Uint8Array(1) });
        await server.kill();
        await server.start();
        await Promise.all(under);
      }
      const count = 4 * 301;
      for (const { applier } of all) await expect.poll(() => applier.keys.length).toBe(count);
      expect(new Set(all[0]!.applier.keys).size).toBe(count);
      expect(all[1]!.applier.stateHash).toBe(all[0]!.applier.stateHash);
      await expect.poll(() => all[0]!.engine.status().state).toBe('ready');
      expect(all[0]!.engine.status().waiting).toBe(0);
      expect(all[0]!.engine.status().counts.reconnected).toBeGreaterThan(0);
    });

    it('tells of the broker that is away, keeps what was handed in, and goes on by itself', async () => {
      const node = await start('a');
      await submitAll(node, 0, 3);
      await server.kill();
      await expect.poll(() => node.engine.status().state).toBe('disconnected');
      const under = submitAll(node, 3, 6);
      expect(node.engine.status().waiting).toBe(3);
      await server.start();
      await under;
      expect(node.applier.keys).toHaveLength(6);
    });

    it('says that an answer did not come in time, and that the batch may still act', async () => {
      const node = await start('a', { limits: { answer_ms_max: 300 } });
      await server.kill();
      await expect(submitAll(node, 0, 1)).rejects.toMatchObject({
        code: 'TIMEOUT_ERROR',
        message: expect.stringMatching(/may still act/),
      });
    });

    it('refuses to open where no broker answers', async () => {
      await server.kill();
      await expect(start('a')).rejects.toMatchObject({ code: 'SERVICE_UNAVAILABLE' });
    });

    it('stops where the broker lost the end of what it had acknowledged', async () => {
      const [a, b] = [await start('a'), await start('b')];
      await submitAll(a, 0, 5);
      await expect.poll(() => b.applier.keys.length).toBe(5);
      await server.kill();
      // What a loss of power leaves of a stream that is not synced.
      const kept = join(folder, 'kept');
      await cp(server.folder, kept, { recursive: true });
      await server.start();
      await submitAll(a, 5, 9);
      await b.close();
      await server.kill();
      await rm(server.folder, { recursive: true });
      await cp(kept, server.folder, { recursive: true });
      await server.start();
      await expect.poll(() => a.engine.status().state).toBe('failed');
      expect(a.engine.status().why).toMatch(/lost what it had acknowledged/);
      await a.close();
      await expect(start('a')).rejects.toMatchObject({ code: 'STATE_CONFLICT' });
      const left = await FileApplier.open(join(folder, 'a'));
      await left.close();
      expect(left.keys).toHaveLength(9);
    });

    it('stops where the order went on without what was read here', async () => {
      const a = await start('a');
      await submitAll(a, 0, 5);
      await a.close();
      await withManager((manager) => manager.streams.delete(STREAM), server.url);
      const other = await start('other');
      await submitAll(other, 0, 9, 'other');
      await expect(start('a')).rejects.toMatchObject({
        code: 'STATE_CONFLICT',
        message: expect.stringMatching(/another batch at 5/),
      });
    });

    it('begins anew from the books that came furthest, and only where it is told to', async () => {
      const [a, b] = [await start('a'), await start('b')];
      await submitAll(a, 0, 5);
      await expect.poll(() => b.applier.keys.length).toBe(5);
      await b.close();
      await submitAll(a, 5, 7);
      await a.close();
      await withManager((manager) => manager.streams.delete(STREAM), server.url);
      await expect(start('a')).rejects.toMatchObject({
        code: 'STATE_CONFLICT',
        message: expect.stringMatching(/is gone/),
      });
      const again = await start('a', { beginsAnew: true });
      const { sequence } = await again.engine.submit(batches(7, 8)[0]!);
      expect(sequence).toBe(8n);
      // What acted before the stream that is now is known all the same.
      await submitAll(again, 0, 8);
      expect(again.applier.keys).toHaveLength(8);
      // The books of b lack what was answered in between.
      await expect(start('b')).rejects.toMatchObject({
        code: 'STATE_CONFLICT',
        message: expect.stringMatching(/Copy the folder/),
      });
      await again.close();
      await cp(join(folder, 'a'), join(folder, 'b'));
      const copied = await start('b');
      await submitAll(copied, 8, 9);
      expect(copied.applier.keys).toHaveLength(9);
    });

    it('knows a key for ever, also where the broker has forgotten it', async () => {
      const node = await start('a');
      await submitAll(node, 0, 3);
      const connection = await connect({ servers: server.url });
      const [first] = batches(0, 1);
      const subject = `q.order.${SPACE}`;
      const sealed = sealBatch(testKey, subject, first!.key, first!.bytes);
      // As behind the window of duplicates: the same batch under another number of the broker's.
      await jetstream(connection).publish(subject, sealed, { msgID: 'another' });
      await connection.close();
      await submitAll(node, 3, 4);
      expect(node.applier.keys).toHaveLength(4);
      expect(node.applier.brought).toHaveLength(5);
    });

    it('passes over what nobody of the ledger sealed, alike everywhere', async () => {
      const [a, b] = [await start('a'), await start('b')];
      await submitAll(a, 0, 2);
      const connection = await connect({ servers: server.url });
      const subject = `q.order.${SPACE}`;
      const forged = sealBatch(new Uint8Array(32).fill(9), subject, 'forged', new Uint8Array(4));
      await jetstream(connection).publish(subject, forged);
      await jetstream(connection).publish(subject, new Uint8Array(0));
      await connection.close();
      await submitAll(b, 2, 4);
      for (const { applier } of [a, b]) await expect.poll(() => applier.keys.length).toBe(4);
      expect(a.engine.status().counts.foreign).toBe(2);
      await a.close();
      const again = await start('a');
      await submitAll(again, 4, 5);
      await expect.poll(() => b.applier.stateHash).toBe(again.applier.stateHash);
    });

    it('refuses to go on over a gap that the limits of the stream made', async () => {
      const [a, away] = [await start('a'), await start('away')];
      await submitAll(a, 0, 2);
      await expect.poll(() => away.applier.keys.length).toBe(2);
      await away.close();
      await submitAll(a, 2, 8);
      await withManager((manager) => manager.streams.purge(STREAM, { seq: 6 }), server.url);
      await expect(start('away')).rejects.toMatchObject({
        code: 'STATE_CONFLICT',
        message: expect.stringMatching(/what lies between is gone/),
      });
      await submitAll(a, 8, 9);
      expect(a.applier.keys).toHaveLength(9);
    });
  },
);
