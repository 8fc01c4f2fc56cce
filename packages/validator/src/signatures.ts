import { sign, verify, type KeyObject } from 'node:crypto';
import { importPrivateKey, importPublicKey, rawPublicKey } from '@anarq/crypto';
import { Turns } from './turns.ts';

/** Public keys that were read, by their bytes, as long as these are there; undefined where they are no key. */
const keys = new WeakMap<Uint8Array, { readonly key: KeyObject | undefined }>();

function keyOf(publicKey: Uint8Array): KeyObject | undefined {
  let known = keys.get(publicKey);
  if (known === undefined) keys.set(publicKey, (known = { key: readKey(publicKey) }));
  return known.key;
}

function readKey(publicKey: Uint8Array): KeyObject | undefined {
  try {
    return importPublicKey('mldsa65', publicKey);
  } catch {
    return undefined;
  }
}

/** Signs with one ML-DSA-65 key, beside the event loop. */
export class Signer {
  readonly publicKey: Uint8Array;
  readonly #key: KeyObject;

  /** @param seed 32 bytes */
  constructor(seed: Uint8Array) {
    this.#key = importPrivateKey('mldsa65', seed);
    this.publicKey = rawPublicKey(this.#key);
  }

  sign(message: Uint8Array): Promise<Uint8Array> {
    return new Promise((resolve, reject) => {
      sign(null, message, this.#key, (error, signature) => {
        if (error === null) resolve(signature);
        else reject(error);
      });
    });
  }
}

/** A signature to check. */
export interface Signed {
  readonly publicKey: Uint8Array;
  readonly message: Uint8Array;
  readonly signature: Uint8Array;
}

interface Job {
  readonly signed: Signed;
  readonly token: string | undefined;
  readonly done: (holds: boolean) => void;
}

/** Signatures that were found to hold and are likely to be asked for again. */
const MEMO_MAX = 50_000;

/** How one signature is checked: beside the event loop, and it never throws. */
export type CheckSignature = (signed: Signed) => Promise<boolean>;

/** ML-DSA-65, in the thread pool. */
export const checkInPool: CheckSignature = ({ publicKey, message, signature }) => {
  const key = keyOf(publicKey);
  if (key === undefined) return Promise.resolve(false);
  return new Promise((resolve) => {
    verify(null, message, key, signature, (error, holds) => resolve(error === null && holds));
  });
};

/**
 * Checks ML-DSA-65 signatures in the thread pool that the disk uses too. So only some are under way at a time:
 * a sync waits behind a few checks, and not behind all that a block brings. What validators say goes first.
 */
export class SignatureChecks {
  readonly #checks_max: number;
  readonly #checkOne: CheckSignature;
  readonly #first = new Turns<Job>();
  readonly #then: Job[] = [];
  readonly #last: Job[] = [];
  readonly #held = new Set<string>();
  #running = 0;
  #ordered = 0;

  constructor(checks_max: number, checkOne: CheckSignature = checkInPool) {
    this.#checks_max = checks_max;
    this.#checkOne = checkOne;
  }

  /** How many signatures of entries that are in blocks are not checked yet. */
  get ordered(): number {
    return this.#ordered;
  }

  /** What validators say: before all else. @param from the peer in whose turn it is checked */
  check(signed: Signed, from: string): Promise<boolean> {
    return new Promise((done) => {
      this.#first.add(from, { signed, token: undefined, done });
      this.#next();
    });
  }

  /**
   * The signature of an entry.
   * @param token names it: where it was found good before, it is not checked again
   * @param isOrdered of a block; those that are handed in come behind all others
   */
  checkEntry(signed: Signed, token: string, isOrdered: boolean): Promise<boolean> {
    if (this.#held.has(token)) return Promise.resolve(true);
    return new Promise((done) => {
      if (isOrdered) this.#ordered += 1;
      const queue = isOrdered ? this.#then : this.#last;
      const ended = (holds: boolean): void => {
        if (isOrdered) this.#ordered -= 1;
        done(holds);
      };
      queue.push({ signed, token, done: ended });
      this.#next();
    });
  }

  #next(): void {
    while (this.#running < this.#checks_max) {
      const job = this.#first.next() ?? this.#then.shift() ?? this.#last.shift();
      if (job === undefined) return;
      void this.#run(job);
    }
  }

  async #run({ signed, token, done }: Job): Promise<void> {
    this.#running += 1;
    const holds = await this.#checkOne(signed);
    this.#running -= 1;
    if (holds && token !== undefined) this.#remember(token);
    done(holds);
    this.#next();
  }

  #remember(token: string): void {
    if (this.#held.size >= MEMO_MAX) {
      const [oldest] = this.#held;
      if (oldest !== undefined) this.#held.delete(oldest);
    }
    this.#held.add(token);
  }
}
