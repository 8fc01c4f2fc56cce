import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createClient, http, keys, type Client } from '@anarq/common-clients';
import type { InputOf, OutputOf } from '@anarq/common-schemas';
import {
  fromBase64url,
  importPrivateKey,
  importPublicKey,
  rawPublicKey,
  signSingle,
  toBase64url,
  verifySingle,
} from '@anarq/crypto';
import {
  accountOf,
  bytesOfHex,
  checkProof,
  decodeEntry,
  decodeProof,
  encodeEntry,
  type Shown,
} from '@anarq/dag';
import { startHttpSurface } from '@anarq/surfaces';
import { startTestNode, type Actor, type TestNode } from '@anarq/testing';
import type { ValidatorSettings } from '@anarq/validator';
import { ChainNode } from '../src/chain/chainNode.ts';
import { chainLog, type ChainOptions } from '../src/chain/openChain.ts';
import { chain } from '../src/contract.ts';
import chainModule from '../src/module.ts';

/** Certificates soon, so that no test waits for one. */
export const SETTINGS: Partial<ValidatorSettings> = { checkpoint_ms: 200 };

/** Somebody with an ML-DSA-65 key of their own, which no node knows. */
export class Holder {
  readonly publicKey: Uint8Array;
  readonly accountId: string;
  readonly #key: ReturnType<typeof importPrivateKey>;

  constructor(seed: Uint8Array) {
    this.#key = importPrivateKey('mldsa65', seed);
    this.publicKey = rawPublicKey(this.#key);
    this.accountId = accountOf(this.publicKey);
  }

  /** Signs what `prepare` gave. */
  sign({ toSign }: { readonly toSign: string }): string {
    return toBase64url(signSingle(this.#key, fromBase64url(toSign)));
  }
}

let holders = 0;
/** Somebody new. */
export const newHolder = (): Holder =>
  new Holder(new Uint8Array(32).fill(9).map((byte, at) => (at === 0 ? (holders += 1) : byte)));

/** A node that keeps a chain, behind HTTP. */
export interface ChainWorld {
  readonly node: TestNode;
  readonly folder: string;
  readonly url: () => string;
  /** Who has the money of a new chain. */
  readonly authority: Holder;
  client(who: Actor): Client;
  restart(): Promise<void>;
  close(): Promise<void>;
}

export async function startChainWorld(options: Partial<ChainOptions> = {}): Promise<ChainWorld> {
  const root = await mkdtemp(join(tmpdir(), 'q-chain-'));
  const folder = options.folder ?? join(root, 'chain');
  const ownLog = chainLog({ settings: SETTINGS, ...options, folder });
  const node = await startTestNode({
    modules: ['node', 'squid', 'qonsent'],
    extra: [{ ...chainModule, ownLog }],
  });
  let surface = await startHttpSurface(node.kernel, { port: 0, closeDeadline_ms: 500 });
  const seed = await readFile(join(folder, 'authority.key'), 'utf8');
  return {
    node,
    folder,
    url: () => surface.url,
    authority: new Holder(bytesOfHex(seed.trim())),
    client: ({ did, seed: own }) =>
      createClient({
        contracts: [chain],
        transport: http({
          url: surface.url,
          credentials: keys({ did, seed: own, nodeDid: node.kernel.node.did }),
        }),
      }),
    restart: async () => {
      await surface.close();
      await node.restart();
      surface = await startHttpSurface(node.kernel, { port: 0, closeDeadline_ms: 500 });
    },
    close: async () => {
      await surface.close();
      await node.close();
      await rm(root, { recursive: true, force: true });
    },
  };
}

type Actions = InputOf<typeof chain.prepare>['actions'];
type Ended = OutputOf<typeof chain.waitFor>;

/** Prepares, signs and hands in. @returns the ids */
export async function handIn(
  client: Client,
  who: Holder,
  actions: Actions,
  more: Partial<InputOf<typeof chain.prepare>> = {},
): Promise<readonly string[]> {
  const { accountId } = who;
  const made = await client.call(chain.prepare, { accountId, actions, ...more });
  const handed = await client.call(chain.submit, {
    entry: made.unsigned,
    signature: who.sign(made),
  });
  return handed.transactionIds;
}

/** The same, and waits for the end of the first. */
export async function carriedOut(
  client: Client,
  who: Holder,
  actions: Actions,
  more: Partial<InputOf<typeof chain.prepare>> = {},
): Promise<Ended> {
  const [transactionId = ''] = await handIn(client, who, actions, more);
  return client.call(chain.waitFor, { transactionId });
}

/** Hands in the transaction that makes a key known. @returns its id */
export async function begun(client: Client, who: Holder): Promise<string> {
  const publicKey = toBase64url(who.publicKey);
  const made = await client.call(chain.createAccount, { publicKey });
  const entry = { entry: made.unsigned, signature: who.sign(made) };
  const { transactionIds } = await client.call(chain.submit, entry);
  return transactionIds[0] ?? '';
}

export const pay = (to: Holder, amount: string): Actions => [
  { kind: 'transfer', to: to.accountId, amount },
];

/** Holds a proof to the first validators of a chain, with nothing of the node. */
export function shownBy(
  proof: string,
  order: { readonly chainId: string; readonly validators: readonly string[] },
): Shown {
  return checkProof(
    decodeProof(fromBase64url(proof)),
    bytesOfHex(order.chainId),
    order.validators.map(bytesOfHex),
    (publicKey, message, signature) =>
      verifySingle(importPublicKey('mldsa65', publicKey), message, signature),
  );
}

/** The chain of a node, as its module has it. */
export function chainOf({ node }: ChainWorld): ChainNode {
  const log = node.kernel.ownLog('chain');
  if (!(log instanceof ChainNode)) throw new Error('the node keeps a chain');
  return log;
}

/** What `prepare` gave, with its signature, as it travels. */
export const signedEntry = (unsigned: string, signature: string, world: ChainWorld): Uint8Array =>
  encodeEntry(
    decodeEntry(chainOf(world).chainId, fromBase64url(unsigned)).transactions,
    fromBase64url(signature),
  );
