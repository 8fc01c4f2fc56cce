import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { importPrivateKey, importPublicKey, signSingle, verifySingle } from '@anarq/crypto';
import {
  checkProof,
  chainIdOf,
  decodeMessage,
  decodeProof,
  digestOfBlock,
  hexOf,
  sealedBlock,
  type Block,
  type Genesis,
  type Shown,
  type UnsealedBlock,
} from '@anarq/dag';
import {
  openValidator,
  type ChainEvent,
  type Validator,
  type ValidatorOptions,
} from '../src/index.ts';
import { FaultyDisk, MemoryHub, Person, type MemoryNetwork } from '../src/testing/index.ts';

export const seedOf = (kind: number, at: number): Uint8Array =>
  new Uint8Array(32).map((_, index) => (index === 0 ? kind : index === 1 ? at : 7));

export const FUNDS = 1_000_000n;

/** A validator that is up, with what is around it. */
export interface Up {
  readonly validator: Validator;
  readonly network: MemoryNetwork;
  readonly disk: FaultyDisk;
  readonly events: ChainEvent[];
}

/** A chain in one process: real keys, real files, a network in memory. */
export class TestChain {
  readonly hub = new MemoryHub();
  readonly folder = mkdtempSync(join(tmpdir(), 'q-validator-'));
  readonly keys: readonly Person[];
  readonly authority = new Person(seedOf(1, 0));
  readonly treasury = new Person(seedOf(1, 1));
  readonly people: readonly Person[];
  readonly genesis: Genesis;
  readonly up: (Up | undefined)[] = [];
  readonly #settings: NonNullable<ValidatorOptions['settings']>;

  constructor(
    validators: number,
    people: number,
    settings: NonNullable<ValidatorOptions['settings']> = {},
  ) {
    this.#settings = { checkpoint_ms: 200, listenFirst_ms: 0, ...settings };
    this.keys = Array.from({ length: validators }, (_, at) => new Person(seedOf(2, at)));
    this.people = Array.from({ length: people }, (_, at) => new Person(seedOf(3, at)));
    this.genesis = {
      name: 'test',
      time_ms: Date.now() - 1_000,
      validators: this.keys.map(({ publicKey }) => publicKey),
      authority: this.authority.account,
      treasury: this.treasury.account,
      fee_min: 1n,
      accounts: [this.authority, ...this.people].map(({ account: id, publicKey }) => ({
        id,
        publicKey,
        balance: FUNDS,
      })),
    };
  }

  get chainId(): string {
    return hexOf(chainIdOf(this.genesis));
  }

  async start(): Promise<void> {
    for (const at of this.keys.keys()) await this.open(at);
  }

  /** Opens a validator by its number. */
  open(at: number, options: Partial<ValidatorOptions> = {}): Promise<Up> {
    return this.openAs(at, seedOf(2, at), options);
  }

  /** Opens a node that is no validator of the beginning. @param seed absent for one that follows only */
  async openAs(
    at: number,
    seed: Uint8Array | undefined,
    options: Partial<ValidatorOptions> = {},
  ): Promise<Up> {
    const key = new Person(seed ?? seedOf(4, at));
    const network = this.hub.join(key.publicKeyHex);
    const disk = new FaultyDisk();
    const validator = await openValidator({
      folder: join(this.folder, String(at)),
      genesis: this.genesis,
      ...(seed === undefined ? {} : { seed }),
      network,
      disk,
      settings: this.#settings,
      ...options,
    });
    const events: ChainEvent[] = [];
    validator.on((event) => void events.push(event));
    const up = { validator, network, disk, events };
    this.up[at] = up;
    return up;
  }

  at(at: number): Up {
    const up = this.up[at];
    if (up === undefined) throw new RangeError(`validator ${at} is not up`);
    return up;
  }

  /** Ends one as a kill and a loss of power do: nothing more is written, and what was not synced is lost. */
  async kill(at: number, kept = 0): Promise<void> {
    const { validator, network, disk } = this.at(at);
    this.up[at] = undefined;
    disk.failWith(new Error('the power is gone'));
    await network.close();
    await validator.close();
    disk.losePower(kept);
  }

  async close(): Promise<void> {
    for (const up of this.up) await up?.validator.close();
    rmSync(this.folder, { recursive: true, force: true });
  }

  /** What a proof shows to somebody who knows nothing but the beginning. */
  check(proof: Uint8Array | undefined): Shown {
    if (proof === undefined) return { holds: false, why: 'there is none' };
    return checkProof(
      decodeProof(proof),
      chainIdOf(this.genesis),
      this.genesis.validators,
      (publicKey, message, signature) =>
        verifySingle(importPublicKey('mldsa65', publicKey), message, signature),
    );
  }
}

/** The key of a validator of the beginning. */
export const keyOf = (at: number) => importPrivateKey('mldsa65', seedOf(2, at));

/** A block of round 1 as a validator makes it, on the blocks of round 0, which nobody signs. */
export function firstBlockOf(
  { genesis, keys }: TestChain,
  author: number,
  more: Partial<UnsealedBlock>,
  chainId = chainIdOf(genesis),
): Block {
  const empty = { epoch: 0, parents: [], weakParents: [], entries: [], evidence: [] };
  const parents = keys.map((_, at) => {
    const zero = { ...empty, round: 0, author: at, time_ms: genesis.time_ms };
    return sealedBlock(chainId, zero, new Uint8Array()).ref;
  });
  const unsealed = { ...empty, round: 1, author, parents, time_ms: genesis.time_ms + 1, ...more };
  return sealedBlock(
    chainId,
    unsealed,
    signSingle(keyOf(author), digestOfBlock(chainId, unsealed)),
  );
}

/** Waits until something is so. */
export async function until<T>(what: string, found: () => T | undefined | false): Promise<T> {
  const end_ms = Date.now() + 50_000;
  for (;;) {
    const value = found();
    if (value !== undefined && value !== false) return value;
    if (Date.now() > end_ms) throw new Error(`waited in vain: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

/** Watches what is said: blocks of one author, epoch and round that differ. */
export function watchEquivocation(chain: TestChain): readonly string[] {
  const said = new Map<string, string>();
  const twice: string[] = [];
  const chainId = chainIdOf(chain.genesis);
  chain.hub.onFrame = (_, frame) => {
    if (frame[0] !== 1 || frame[1] !== 1) return;
    const message = decodeMessage(chainId, frame);
    if (message.kind !== 'block') return;
    const { epoch, round, author, ref } = message.block;
    const key = `${epoch}.${round}.${author}`;
    const before = said.get(key) ?? ref.digest;
    if (before !== ref.digest) twice.push(key);
    said.set(key, before);
  };
  return twice;
}
