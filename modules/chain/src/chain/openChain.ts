import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fail } from '@anarq/common-schemas';
import { ChainArchive, SegmentDamaged, type ArchiveSettings } from '@anarq/chain-store';
import { createPrivateFile, importPrivateKey, rawPublicKey } from '@anarq/crypto';
import { accountOf, bytesOfHex, chainIdOf, hexOf, type Genesis } from '@anarq/dag';
import type { OwnLogKind } from '@anarq/kernel';
import { makeFolders } from '@anarq/store/folder';
import { openValidator, type PeerNetwork, type ValidatorSettings } from '@anarq/validator';
import { ChainNode } from './chainNode.ts';
import { RESTORED_FILE } from './copyChain.ts';
import { genesisText, readGenesis } from './genesisFile.ts';
import { loneNetwork } from './loneNetwork.ts';
import { readNetworkFile } from './networkFile.ts';

export interface ChainOptions {
  /**
   * Folder of the chain on this node: `genesis.json`, `network.json`, `validator.key`, and what the validator and
   * its history keep. A new one becomes a chain of this node alone.
   */
  readonly folder: string;
  readonly settings?: Partial<ValidatorSettings>;
  readonly history?: Partial<ArchiveSettings>;
  /** How the others are reached; default: as `network.json` says. */
  readonly network?: (order: NetworkOrder) => Promise<PeerNetwork>;
}

/** Who this node is on which chain. */
export interface NetworkOrder {
  readonly seed: Uint8Array;
  readonly publicKey: string;
  readonly chainId: string;
}

/** What a chain begins with that nobody made a genesis for: one validator, and an authority that has all the money. */
const LONE_SUPPLY = 1_000_000_000n;
const LONE_FEE = 1n;
const SEED_HEX = /^[0-9a-f]{64}\s*$/;

/** How a node opens its chain: as a log of the chain module's own, in a folder that is named to it. */
export const chainLog = (options: ChainOptions): OwnLogKind => ({
  open: ({ secrets, now_ms, onError }) =>
    openChain(options, {
      seed: () => secrets('validator')[0] ?? fail('INTERNAL', 'a node has a root key'),
      now_ms,
      onError,
    }),
  // Its folder is beside the data folder: whoever makes a backup names it.
  copy: () => Promise.resolve([]),
  check: () => Promise.resolve({ found: 'a chain has a folder of its own' }),
});

/**
 * Opens the chain in a folder, or begins one there.
 * @throws QError INPUT_INVALID, FOLDER_UNUSABLE
 */
export async function openChain(
  options: ChainOptions,
  place: {
    /** Of this node's key, where the folder has none. */
    readonly seed: () => Uint8Array;
    readonly now_ms: () => number;
    readonly onError: (error: unknown) => void;
  },
): Promise<ChainNode> {
  const { folder } = options;
  await makeFolders(folder).catch((error: NodeJS.ErrnoException) =>
    fail('FOLDER_UNUSABLE', `${folder} cannot be used: ${error.code ?? error.message}.`),
  );
  const isCopy = existsSync(join(folder, RESTORED_FILE));
  const seed = isCopy
    ? await followerSeed(folder)
    : ((await seedIn(join(folder, 'validator.key'))) ?? place.seed());
  const publicKey = rawPublicKey(importPrivateKey('mldsa65', seed));
  const genesis = await genesisIn(folder, publicKey, place.now_ms);
  const chainId = chainIdOf(genesis);
  const order = { seed, publicKey: hexOf(publicKey), chainId: hexOf(chainId) };
  const archive = await ChainArchive.open(join(folder, 'history'), {
    chainId,
    validators: genesis.validators,
    onError: place.onError,
    ...(options.history === undefined ? {} : { settings: options.history }),
  }).catch(asUnusable);
  try {
    const network = await (options.network ?? networkIn(folder))(order);
    try {
      const validator = await openValidator({
        folder: join(folder, 'validator'),
        genesis,
        ...(isCopy ? {} : { seed }),
        network,
        archive,
        now_ms: place.now_ms,
        ...(options.settings === undefined ? {} : { settings: options.settings }),
      });
      return new ChainNode({ validator, archive, network });
    } catch (error) {
      await network.close();
      throw error;
    }
  } catch (error) {
    await archive.close();
    throw error;
  }
}

/** @throws QError INPUT_INVALID */
async function genesisIn(
  folder: string,
  publicKey: Uint8Array,
  now_ms: () => number,
): Promise<Genesis> {
  const path = join(folder, 'genesis.json');
  const known = await readGenesis(path);
  if (known !== undefined) return known;
  const authoritySeed = randomBytes(32);
  await createPrivateFile(join(folder, 'authority.key'), `${hexOf(authoritySeed)}\n`);
  const seed = (await seedIn(join(folder, 'authority.key'))) ?? authoritySeed;
  const authorityKey = rawPublicKey(importPrivateKey('mldsa65', seed));
  const authority = accountOf(authorityKey);
  const genesis: Genesis = {
    name: 'lone',
    time_ms: now_ms(),
    validators: [publicKey],
    authority,
    treasury: authority,
    fee_min: LONE_FEE,
    accounts: [{ id: authority, balance: LONE_SUPPLY, publicKey: authorityKey }],
  };
  await createPrivateFile(path, genesisText(genesis));
  return (await readGenesis(path)) ?? genesis;
}

/** A key under which a copy follows; no validator has it. */
async function followerSeed(folder: string): Promise<Uint8Array> {
  const path = join(folder, 'follower.key');
  const known = await seedIn(path);
  if (known !== undefined) return known;
  const seed = randomBytes(32);
  await createPrivateFile(path, `${hexOf(seed)}\n`);
  return seed;
}

/** A seed of 32 bytes in hex. @throws QError INPUT_INVALID */
async function seedIn(path: string): Promise<Uint8Array | undefined> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
  if (!SEED_HEX.test(text)) fail('INPUT_INVALID', `${path}: expected 64 hex digits.`);
  return bytesOfHex(text.trim());
}

const networkIn =
  (folder: string) =>
  async ({ seed, publicKey, chainId }: NetworkOrder): Promise<PeerNetwork> => {
    const network = await readNetworkFile(join(folder, 'network.json'));
    if (network === undefined) return loneNetwork(publicKey);
    const { startPeerNetwork } = await import('@anarq/p2p');
    return startPeerNetwork({ seed, chainId, ...network });
  };

function asUnusable(error: unknown): never {
  if (!(error instanceof SegmentDamaged)) throw error;
  return fail(
    'FOLDER_UNUSABLE',
    `${error.message}. Move the folder of the history away: the node begins another one, and says which commits it does not have.`,
    { file: error.file, offset: error.offset },
  );
}
