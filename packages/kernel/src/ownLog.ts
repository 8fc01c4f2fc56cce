import { join } from 'node:path';
import { deriveSecret, type RootKey } from '@anarq/crypto';
import type { Row, Sql, SqlValue, Statement, Store } from '@anarq/store';

/** Where a module opens its own log, and what it may take over from its tables. */
export interface OwnLogPlace {
  /** Its own; it may not be there yet. */
  readonly folder: string;
  readonly now_ms: () => number;
  /** Reads of all tenants, before the first call: for what an earlier version kept in tables. */
  readonly read: (sql: Sql, params?: Readonly<Record<string, SqlValue>>) => Promise<readonly Row[]>;
  readonly commit: (statements: readonly Statement[]) => Promise<void>;
  /** Name of the node's own log: of this process, and of this restored copy. */
  readonly origin: string;
  /**
   * 32 secret bytes of the module for each label, by the node's root key; and after them those of each
   * earlier root key that is still there.
   */
  readonly secrets: (label: string) => readonly Uint8Array[];
  /** Something went wrong beside any call. */
  readonly onError: (error: unknown) => void;
}

/** A log of a module's own, open. */
export interface OwnLog {
  /** After the last call has ended. */
  close(): Promise<void>;
}

/** How the log of a module is opened, and how it is copied. */
export interface OwnLogKind {
  open(place: OwnLogPlace): Promise<OwnLog>;
  /**
   * Copies the log of one folder into another, as far as a copy of the store knows of it. The node may
   * be running meanwhile.
   * @returns names of the files
   */
  copy(order: {
    readonly from: string;
    readonly to: string;
    /** Reads the copy of the store. */
    readonly read: (sql: string) => Promise<readonly Row[]>;
  }): Promise<readonly string[]>;
  /**
   * Reads all of a log that nobody has open, and holds it to what the store knows.
   * @returns how much there is of it; and what is wrong with it, where something is
   */
  check(order: {
    readonly folder: string;
    readonly read: (sql: string) => Promise<readonly Row[]>;
  }): Promise<{ readonly found: string; readonly problem?: string }>;
}

/** A module as far as its log goes. */
interface Keeper {
  readonly contract: { readonly name: string };
  readonly ownLog?: OwnLogKind;
}

/** The logs of those modules that keep one, by module. */
export class OwnLogs {
  readonly #logs = new Map<string, OwnLog>();

  /**
   * Opens them, one after another; where one cannot be opened, those before it are closed again.
   * @param folder where each has a folder of its name
   */
  static async open(
    modules: readonly Keeper[],
    place: {
      readonly folder: string | undefined;
      readonly store: Store;
      readonly now_ms: () => number;
      readonly origin: string;
      readonly rootKey: RootKey;
      readonly onError: (error: unknown, where: string) => void;
    },
  ): Promise<OwnLogs> {
    const { store, now_ms, origin, rootKey } = place;
    const logs = new OwnLogs();
    try {
      for (const { contract, ownLog } of modules) {
        if (ownLog === undefined) continue;
        if (place.folder === undefined)
          throw new Error(`${contract.name} keeps a log of its own, and there is no folder for it`);
        const opened = await ownLog.open({
          folder: join(place.folder, contract.name),
          now_ms,
          origin,
          secrets: secretsOf(rootKey, contract.name),
          read: (sql, params) => store.read(sql, params),
          commit: async (statements) => void (await store.commit([...statements])),
          onError: (error) => place.onError(error, contract.name),
        });
        logs.#logs.set(contract.name, opened);
      }
    } catch (error) {
      await logs.close();
      throw error;
    }
    return logs;
  }

  of(module: string): OwnLog | undefined {
    return this.#logs.get(module);
  }

  async close(): Promise<void> {
    for (const log of [...this.#logs.values()].toReversed()) await log.close();
    this.#logs.clear();
  }
}

/** What a module may sign with: no other module's, and nothing that the node itself uses. */
const secretsOf =
  ({ seed, earlier = [] }: RootKey, module: string) =>
  (label: string): Uint8Array[] =>
    [seed, ...earlier.map(({ seed: before }) => before)].flatMap((known) =>
      known === undefined ? [] : [deriveSecret(known, `module/${module}/${label}`)],
    );
