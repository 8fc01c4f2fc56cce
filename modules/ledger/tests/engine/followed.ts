import { generateKeyPairSync } from 'node:crypto';
import { cp, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SIGNATURE_TYPE, vkeyOf } from '@anarq/tlog';
import { LedgerFollower, type FollowerOptions } from '../../src/engine/follower.ts';
import { LedgerWriter } from '../../src/engine/writer.ts';

const SMALL = { segmentPages: 1_024, sealEvents: 512 };

/** A key that signs checkpoints, and what verifies them. */
export function keyOf(keyName: string) {
  const { privateKey } = generateKeyPairSync('ml-dsa-44');
  const keyDer = privateKey.export({ format: 'der', type: 'pkcs8' });
  return { keyName, keyDer, vkey: vkeyOf(keyName, SIGNATURE_TYPE.mldsa44Cosignature, privateKey) };
}
export const key = keyOf('ledger.example/books');

/** A ledger in a folder of its own, and those who follow it. */
export class Followed {
  readonly folder: string;
  readonly #followers: LedgerFollower[] = [];
  readonly #copies: Followed[] = [];
  /** Pages that are safe. */
  pages: number;

  constructor(folder: string, pages = 0) {
    this.folder = folder;
    this.pages = pages;
  }

  static async make(): Promise<Followed> {
    return new Followed(await mkdtemp(join(tmpdir(), 'ledger-')));
  }

  /** Another ledger that has all that this one has now. */
  async copy(): Promise<Followed> {
    const copy = new Followed(await mkdtemp(join(tmpdir(), 'ledger-copy-')), this.pages);
    this.#copies.push(copy);
    await cp(this.folder, copy.folder, { recursive: true });
    return copy;
  }

  /** Lets its writer do something, and ends it. */
  async write(work: (writer: LedgerWriter) => Promise<unknown>): Promise<void> {
    const writer = await LedgerWriter.open(this.folder, SMALL);
    try {
      await work(writer);
    } finally {
      this.pages = writer.pages;
      await writer.close();
    }
  }

  follow(more: Partial<FollowerOptions> = {}): LedgerFollower {
    const follower = new LedgerFollower(this.folder, { ...SMALL, ...key, ...more });
    this.#followers.push(follower);
    return follower;
  }

  /** One that has read what is safe. */
  read(follower: LedgerFollower): LedgerFollower {
    while (!follower.advance(this.pages));
    return follower;
  }

  followed(more: Partial<FollowerOptions> = {}): LedgerFollower {
    return this.read(this.follow(more));
  }

  /** Ends those who follow. */
  async end(): Promise<void> {
    for (const follower of this.#followers.splice(0)) await follower.close();
  }

  /** What followers kept for the next one. */
  get books(): string {
    return join(this.folder, 'follower');
  }

  forgetBooks(): Promise<void> {
    return rm(this.books, { recursive: true });
  }

  async remove(): Promise<void> {
    await this.end();
    await rm(this.folder, { recursive: true, force: true });
    for (const copy of this.#copies.splice(0)) await copy.remove();
  }
}
