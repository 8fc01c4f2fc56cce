import { randomUUID } from 'node:crypto';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { openStore } from '@anarq/store';
import { fastify } from 'fastify';
import { Compile } from 'typebox/compile';
import { answerOrders, argumentOf } from '../measuring/child.ts';
import { itemIdOf, itemMigrations, items, NOTE, TITLE } from './items.ts';

/**
 * What the kernel is measured beside: a Fastify handler with the schema of the same operation, and
 * the same statement through the same store. It asks nobody who they are.
 */
const { folder, rows } = argumentOf<{ folder: string; rows: number }>();
const store = await openStore({ file: join(folder, 'bare.sqlite'), readers: 2 });
await store.migrate('bench', itemMigrations);

const insert = (id: string, title: string, note: string) => ({
  sql: `INSERT INTO bench_item (tenant, id, owner, version, created_ms, updated_ms, title, note)
        VALUES (:tenant, :id, :owner, 1, :now_ms, :now_ms, :title, :note)`,
  params: { tenant: 'home', id, owner: 'did:squid:owner', now_ms: Date.now(), title, note },
});

await store.commit(Array.from({ length: rows }, (_, n) => insert(itemIdOf(n), TITLE, NOTE)));

const app = fastify({ logger: false });
const isRead = Compile(items.read.input);
const isAdd = Compile(items.add.input);

app.get<{ Params: { itemId: string } }>('/bench/items/:itemId', async (request, reply) => {
  const input: unknown = { ...request.params };
  if (!isRead.Check(input)) return reply.code(400).send({ message: 'not of the schema' });
  const [row] = await store.read('SELECT * FROM bench_item WHERE tenant = :tenant AND id = :id', {
    tenant: 'home',
    id: input.itemId,
  });
  if (row === undefined) return reply.code(404).send({ message: 'there is none' });
  return { itemId: row['id'], title: row['title'], note: row['note'] };
});

app.post('/bench/items', async (request, reply) => {
  const input = request.body;
  if (!isAdd.Check(input)) return reply.code(400).send({ message: 'not of the schema' });
  const itemId = `item_${randomUUID().replaceAll('-', '')}`;
  await store.commit([insert(itemId, input.title, input.note)]);
  return { itemId, ...input };
});

const url = await app.listen({ host: '127.0.0.1', port: 0 });

answerOrders(
  async () => ({ url, callers: [] }),
  async () => {
    await app.close();
    await store.close();
    await rm(join(folder, 'bare.sqlite'), { force: true });
  },
);
