import { BATCH_EVENTS_MAX } from '@anarq/ledger-engine';
import { Child } from '../measuring/child.ts';
import type { BareDisk } from './disk.ts';
import { PostgresPeer, type Sending } from './postgres.ts';
import { BOOKS } from './sides.ts';

const ACCOUNTS = BOOKS.main.accounts;
const CONNECTIONS = 64;

export const PEERS = [
  'postgres.1x1',
  'postgres.1x8',
  'postgres.1x64',
  'postgres.8190',
  'postgres.8190x2',
  'postgres.books.8190',
  'postgres.books.8190x2',
  'sqlite.1',
  'sqlite.8190',
  'disk.8190',
  'disk.8190x4',
] as const;
export type Peer = (typeof PEERS)[number];

/** What the ledger is measured beside. */
export class Peers {
  readonly #postgres: PostgresPeer | undefined;
  readonly #sqlite: Child;

  private constructor(folder: string, postgres: PostgresPeer | undefined) {
    this.#postgres = postgres;
    this.#sqlite = new Child(new URL('./sqlite.ts', import.meta.url), {
      folder,
      accounts: ACCOUNTS,
    });
  }

  static open = async (folder: string): Promise<Peers> =>
    new Peers(folder, await PostgresPeer.open(ACCOUNTS, CONNECTIONS));

  /** Undefined where no server listens. */
  get postgresVersion(): string | undefined {
    return this.#postgres?.version;
  }

  /** Transfers a second; undefined where the peer is not there. @param share of a whole round */
  async run(peer: Peer, disk: BareDisk, share: number): Promise<number | undefined> {
    const times = (count: number): number => Math.ceil(count * share);
    const sqlite = (batch: number, transactions: number): Promise<number> =>
      this.#sqlite.ask<number>({ kind: 'load', batch, transactions });
    switch (peer) {
      case 'postgres.1x1':
        return this.#postgres?.single(1, times(1_000));
      case 'postgres.1x8':
        return this.#postgres?.single(8, times(4_000));
      case 'postgres.1x64':
        return this.#postgres?.single(CONNECTIONS, times(6_000));
      case 'postgres.8190':
        return this.#batched('plain', { connections: 1, transactions: times(16) });
      case 'postgres.8190x2':
        return this.#batched('plain', { connections: 2, transactions: times(16) });
      case 'postgres.books.8190':
        return this.#batched('books', { connections: 1, transactions: times(8) });
      case 'postgres.books.8190x2':
        return this.#batched('books', { connections: 2, transactions: times(8) });
      case 'sqlite.1':
        return sqlite(1, times(400));
      case 'sqlite.8190':
        return sqlite(BATCH_EVENTS_MAX, times(20));
      case 'disk.8190':
        return disk.write(BATCH_EVENTS_MAX, 1, times(200));
      case 'disk.8190x4':
        return disk.write(BATCH_EVENTS_MAX, 4, times(60));
    }
  }

  #batched(how: 'plain' | 'books', sending: Sending): Promise<number> | undefined {
    return this.#postgres?.batched(how, BATCH_EVENTS_MAX, sending);
  }

  async close(): Promise<void> {
    await this.#sqlite.stop();
    await this.#postgres?.close();
  }
}
