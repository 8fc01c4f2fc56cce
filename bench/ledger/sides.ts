import { randomBytes } from 'node:crypto';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { Child } from '../measuring/child.ts';
import type { Mix } from './batches.ts';
import type { BooksArgument } from './books.ts';
import type { Place } from './client.ts';
import type { ServerArgument } from './server.ts';
import type { Load } from './drive.ts';
import { HTTP_CALLERS, type HttpPlace } from './httpLoad.ts';
import type { NodeArgument, NodeCaller } from './nodeServer.ts';

/** Ledgers that the shapes use; one that has something in it to be measured against is its own. */
export const BOOKS = {
  main: { accounts: 10_000, hasCheckpoints: false },
  checkpoints: { accounts: 10_000, hasCheckpoints: true },
  random: { accounts: 10_000, hasCheckpoints: false },
  million: { accounts: 1_000_000, hasCheckpoints: false },
  node: { accounts: 10_000, hasCheckpoints: false },
} as const;

/** What is sent, and how. */
export interface Shape {
  readonly name: string;
  readonly transport: 'socket' | 'http' | 'in-process';
  readonly books: keyof typeof BOOKS;
  readonly batch: number;
  /** Requests under way on each connection. */
  readonly depth: number;
  readonly connections: number;
  /** Of a round. */
  readonly requests: number;
  readonly mix: Mix;
  readonly ids: 'rising' | 'random';
}

/** Every ledger that the shapes use, each in a process of its own, and one that sends. */
export class Sides {
  readonly #client = new Child(new URL('./client.ts', import.meta.url), null);
  readonly #servers = new Map<string, { readonly child: Child; readonly place: Place }>();
  #inProcess: Child | undefined;
  #http: HttpPlace | undefined;

  static async start(folder: string): Promise<Sides> {
    const sides = new Sides();
    try {
      await sides.#start(folder);
    } catch (error) {
      await sides.stop();
      throw error;
    }
    return sides;
  }

  /** One round of a shape. */
  run({ transport, books, connections, ...shape }: Shape): Promise<Load> {
    const { accounts } = BOOKS[books];
    const asked = { ...shape, accounts, connections };
    if (transport === 'in-process') return this.#books.ask<Load>({ kind: 'load', shape: asked });
    if (transport === 'http')
      return this.#client.ask<Load>({ kind: 'http', shape: asked, place: this.#http });
    return this.#client.ask<Load>({ kind: 'load', shape: asked, ...this.#serverOf(books).place });
  }

  async stop(): Promise<void> {
    await this.#client.stop();
    for (const { child } of this.#servers.values()) await child.stop();
    await this.#inProcess?.stop();
  }

  async #start(folder: string): Promise<void> {
    await this.#startNode(folder);
    for (const [name, { accounts, hasCheckpoints }] of Object.entries(BOOKS)) {
      if (name === 'node') continue;
      const place = {
        path: join(folder, `${name}.socket`),
        secret: randomBytes(32).toString('hex'),
      };
      const argument: ServerArgument = {
        ...place,
        folder: join(folder, name),
        options: {},
        hasCheckpoints,
      };
      await mkdir(argument.folder);
      const child = new Child(new URL('./server.ts', import.meta.url), argument);
      this.#servers.set(name, { child, place });
      await child.ask({ kind: 'events' });
      await this.#client.ask({ kind: 'accounts', count: accounts, ...place });
    }
    const argument: BooksArgument = { folder: join(folder, 'in-process'), options: {} };
    await mkdir(argument.folder);
    this.#inProcess = new Child(new URL('./books.ts', import.meta.url), argument);
    await this.#books.ask({ kind: 'open' });
    await this.#books.ask({ kind: 'accounts', count: BOOKS.main.accounts });
  }

  /** A whole node: each batch is a call of its kernel. */
  async #startNode(folder: string): Promise<void> {
    const argument: NodeArgument = {
      folder: join(folder, 'node'),
      path: join(folder, 'node.socket'),
    };
    const child = new Child(new URL('./nodeServer.ts', import.meta.url), argument);
    const caller = await child.ask<NodeCaller>({ kind: 'caller' });
    this.#servers.set('node', { child, place: { path: argument.path, secret: '', caller } });
    await child.ask({ kind: 'accounts', count: BOOKS.node.accounts });
    this.#http = await child.ask<HttpPlace>({ kind: 'http', callers: HTTP_CALLERS });
  }

  get #books(): Child {
    if (this.#inProcess === undefined) throw new Error('the ledger in process is not started');
    return this.#inProcess;
  }

  #serverOf(books: string): { readonly child: Child; readonly place: Place } {
    const server = this.#servers.get(books);
    if (server === undefined) throw new Error(`there is no ledger ${books}`);
    return server;
  }
}
