import { link, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fail, QError } from '@anarq/common-schemas';
import { accountOf, bytesOfHex, hexOf, VALIDATORS_MAX, type Genesis } from '@anarq/dag';
import { randomBytes } from '@anarq/crypto';
import { makeFolders } from '@anarq/store/folder';
import { publicKeyOf } from './wallet.ts';

/** One process of a cluster. Its key lies in its own folder. */
export interface MemberPlan {
  /** n1, n2 … in the order in which they came. */
  readonly name: string;
  /** ML-DSA-65, in hex. */
  readonly publicKey: string;
  /** On which it listens for peers; free on loopback when it was made. */
  readonly port: number;
  /** Taken out for good: it is not started again. */
  readonly isRemoved?: boolean;
}

/** What a cluster is made of, as its folder keeps it. */
export interface ClusterPlan {
  readonly chain: ChainPlan;
  readonly members: readonly MemberPlan[];
}

/** A chain's beginning in JSON: keys and ids in hex, amounts as decimal strings. */
interface ChainPlan {
  readonly name: string;
  readonly time_ms: number;
  readonly epoch_ms: number;
  readonly validators: readonly string[];
  readonly authority: string;
  readonly treasury: string;
  readonly fee_min: string;
  readonly accounts: readonly {
    readonly id: string;
    readonly balance: string;
    readonly publicKey: string;
  }[];
}

/** Of an ML-DSA-65 key, FIPS 204. */
const SEED_BYTES = 32;
/** Accounts that have money from the beginning, beside the authority, whose own pays its fees. */
const ACCOUNTS = 8;
const BALANCE = 1_000_000_000n;

const planPath = (folder: string): string => join(folder, 'cluster.json');
export const supervisorSocket = (folder: string): string => join(folder, 'supervisor.sock');
export const supervisorLog = (folder: string): string => join(folder, 'supervisor.log');
export const memberFolder = (folder: string, name: string): string => join(folder, name);
export const memberSocket = (folder: string, name: string): string =>
  join(memberFolder(folder, name), 'rpc.sock');
export const memberLog = (folder: string, name: string): string =>
  join(memberFolder(folder, name), 'log.jsonl');
const seedPath = (folder: string, name: string): string => join(memberFolder(folder, name), 'seed');

/**
 * Makes the keys and the beginning of a new chain. Written last, so that a folder has a plan only
 * where it has everything that the plan names; one that was stopped before goes on with its keys.
 * @throws FOLDER_UNUSABLE
 */
export async function foundCluster(
  folder: string,
  { nodes, epoch_ms, now_ms, ports }: FoundingOrder,
): Promise<ClusterPlan> {
  if (nodes < 1 || nodes > VALIDATORS_MAX)
    fail('INPUT_INVALID', `A cluster begins with 1 to ${VALIDATORS_MAX} nodes, not ${nodes}.`);
  const members: MemberPlan[] = [];
  for (const [at, port] of ports.slice(0, nodes).entries())
    members.push(await makeMember(folder, `n${at + 1}`, port));
  const keys = await Promise.all(
    ['authority', ...Array.from({ length: ACCOUNTS }, (_, at) => `account-${at + 1}`)].map((name) =>
      makeKey(folder, name),
    ),
  );
  const accounts = keys.map((publicKey) => ({
    id: accountOf(bytesOfHex(publicKey)),
    balance: String(BALANCE),
    publicKey,
  }));
  const [authority] = accounts;
  if (authority === undefined) throw new Error('there is no authority');
  const plan: ClusterPlan = {
    chain: {
      name: 'cluster',
      time_ms: now_ms,
      epoch_ms,
      validators: members.map(({ publicKey }) => publicKey),
      authority: authority.id,
      treasury: authority.id,
      fee_min: '1',
      accounts,
    },
    members,
  };
  await writePlan(folder, plan);
  return plan;
}

interface FoundingOrder {
  readonly nodes: number;
  readonly epoch_ms: number;
  readonly now_ms: number;
  /** A free port for each node. */
  readonly ports: readonly number[];
}

/** Makes the key and the folder of one more process. */
export async function makeMember(folder: string, name: string, port: number): Promise<MemberPlan> {
  return { name, publicKey: await makeKey(folder, name), port };
}

async function makeKey(folder: string, name: string): Promise<string> {
  const path = seedPath(folder, name);
  try {
    await makeFolders(memberFolder(folder, name));
    // Whole or not there at all.
    await writeFile(`${path}.new`, hexOf(randomBytes(SEED_BYTES)), { mode: 0o600 });
    await link(`${path}.new`, path).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'EEXIST') throw error;
    });
    await rm(`${path}.new`);
  } catch (error) {
    // What node:fs throws.
    unusable(folder)(error as NodeJS.ErrnoException);
  }
  return hexOf(publicKeyOf(await seedOf(folder, name)));
}

/** A longer name of a Unix socket is refused by the operating system (104 bytes with macOS). */
const SOCKET_BYTES_MAX = 103;

/** @throws FOLDER_UNUSABLE */
export async function makeClusterFolder(folder: string): Promise<void> {
  const bytes = Buffer.byteLength(memberSocket(folder, 'n100'));
  if (bytes > SOCKET_BYTES_MAX)
    fail(
      'FOLDER_UNUSABLE',
      `${folder} is ${bytes - SOCKET_BYTES_MAX} bytes too long for the sockets in it.`,
    );
  await makeFolders(folder).catch(unusable(folder));
}

const unusable =
  (folder: string) =>
  (error: NodeJS.ErrnoException): never =>
    fail('FOLDER_UNUSABLE', `${folder} cannot be used: ${error.code ?? error.message}.`);

/** The seed of a member or of an account of this cluster. */
export async function seedOf(folder: string, name: string): Promise<Uint8Array> {
  return bytesOfHex((await readFile(seedPath(folder, name), 'utf8')).trim());
}

/** @throws FOLDER_UNUSABLE where it cannot be read, or somebody else wrote it */
export async function readPlan(folder: string): Promise<ClusterPlan | undefined> {
  const text = await readFile(planPath(folder), 'utf8').catch((error: NodeJS.ErrnoException) =>
    error.code === 'ENOENT' ? undefined : unusable(folder)(error),
  );
  if (text === undefined) return undefined;
  try {
    // Only this file's functions write it.
    const plan = JSON.parse(text) as ClusterPlan;
    genesisOf(plan);
    if (plan.members.length > 0) return plan;
  } catch (error) {
    throw new QError(
      'FOLDER_UNUSABLE',
      `${planPath(folder)} is damaged.`,
      { folder },
      { cause: error },
    );
  }
  return fail('FOLDER_UNUSABLE', `${planPath(folder)} names no node.`, { folder });
}

export async function writePlan(folder: string, plan: ClusterPlan): Promise<void> {
  const path = planPath(folder);
  await writeFile(`${path}.new`, `${JSON.stringify(plan, null, 2)}\n`);
  await rename(`${path}.new`, path);
}

/** A plan as the engine takes it. */
export const genesisOf = ({ chain }: ClusterPlan): Genesis => ({
  name: chain.name,
  time_ms: chain.time_ms,
  validators: chain.validators.map(bytesOfHex),
  authority: chain.authority,
  treasury: chain.treasury,
  fee_min: BigInt(chain.fee_min),
  accounts: chain.accounts.map(({ id, balance, publicKey }) => ({
    id,
    balance: BigInt(balance),
    publicKey: bytesOfHex(publicKey),
  })),
});
