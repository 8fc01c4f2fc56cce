/**
 * Where the books read what they no longer hold in memory. Both are synchronous, and answer with what
 * was written under the same name before: the books stay deterministic.
 */
export interface PageReader {
  /** A page of the log, 4,096 bytes. The bytes are read at once and not kept. */
  read(page: number): Uint8Array;
}

/** Immutable files that the books write once and read in pieces. */
export interface RunStore {
  /** Keeps bytes under a name. The same name is only ever written with the same bytes. */
  write(name: string, bytes: Uint8Array): void;
  /** A piece of what was kept. @throws where it is not there */
  read(name: string, offset: number, length: number): Uint8Array;
}

/**
 * An index in a file is not what was written. It follows from the log: without the ledger's snapshots and
 * indexes, the next start makes them anew.
 */
export class RunDamaged extends Error {
  override readonly name = 'RunDamaged';
  /** The name of the file. */
  readonly run: string;

  constructor(run: string) {
    super(
      `the index ${run} of the ledger is damaged: without the ledger's snapshots and indexes, the next start makes them anew from the log`,
    );
    this.run = run;
  }
}
