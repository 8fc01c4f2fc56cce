import { join } from 'node:path';
import { deriveKeys } from '@anarq/crypto';
import { RECORD_BYTES, TransferFlag } from '@anarq/ledger-engine';
import { plainTransfer, transfersBatch, type ModelTransfer } from '@anarq/ledger-engine/testing';
import { startTestNode, type Actor, type TestNode, type TestNodeOptions } from '@anarq/testing';
import { ledger } from '../../src/contract.ts';
import { serveBooks } from '../../src/served/serveBooks.ts';
import {
  accountKey,
  LedgerClient,
  ledgerOf,
  openingWith,
  socketTransferId,
  transferKey,
  type LedgerServer,
} from '../../src/socket/index.ts';

export interface Budget {
  readonly unit: string;
  readonly total: string;
}

/** An agent with a token, and the grant behind it. */
export interface Agent {
  readonly did: string;
  readonly token: string;
  readonly grant: string;
}

/** A node that serves its books on a socket. */
export interface ServedNode {
  readonly node: TestNode;
  readonly path: string;
  /** A connection of somebody with keys of its own. */
  connect(who: Actor, more?: { subject?: string; grant?: string }): Promise<LedgerClient>;
  /** One that opens with what is given. */
  connectWith(credentials: object): Promise<LedgerClient>;
  agentOf(owner: Actor, order?: { budget?: Budget; command?: string }): Promise<Agent>;
  grantTo(owner: Actor, audience: string, order?: Grant): Promise<string>;
  revoke(grant: string): Promise<void>;
  /** Stops the node, and starts it and its socket again. */
  restart(): Promise<void>;
  close(): Promise<void>;
}

interface Grant {
  readonly command?: string;
  readonly budget?: Budget;
  readonly policy?: readonly unknown[];
}

const MODULES = ['squid', 'ledger'] as const;

export async function serveNode(options: TestNodeOptions = {}): Promise<ServedNode> {
  const node = await startTestNode({ modules: MODULES, ...options });
  const path = join(node.folder, 'ledger.sock');
  const open = (): Promise<LedgerServer> => serveBooks(node.kernel, { path });
  let server = await open();
  let clients: LedgerClient[] = [];
  const connectWith = async (credentials: object): Promise<LedgerClient> => {
    const client = await LedgerClient.connect({ path }, credentials);
    clients.push(client);
    return client;
  };
  const end = async (): Promise<void> => {
    await Promise.all(clients.map((client) => client.close()));
    clients = [];
    await server.close();
  };
  return {
    node,
    path,
    connectWith,
    connect: (who, more = {}) =>
      connectWith(
        openingWith({ node: node.kernel.node.did, identity: who.did, seed: who.seed, ...more }),
      ),
    grantTo: (owner, audience, order) => grantTo(node, owner, audience, order),
    agentOf: (owner, order) => agentOf(node, owner, order),
    revoke: async (grant) => {
      const revoked = node.kernel.services.grants.prepareRevoke(grant, Date.now());
      await node.store.commit(revoked.statements);
      revoked.activate();
    },
    restart: async () => {
      await end();
      await node.restart();
      server = await open();
    },
    close: async () => {
      await end();
      await node.close();
    },
  };
}

async function grantTo(
  node: TestNode,
  owner: Actor,
  audience: string,
  { command = '/ledger', budget, policy = [] }: Grant = {},
): Promise<string> {
  const { grants } = node.kernel.services;
  const token = grants.sign(
    {
      issuer: owner.did,
      audience,
      subject: owner.did,
      command,
      policy: policy as never,
      ...(budget === undefined ? {} : { budget }),
    },
    deriveKeys(owner.seed, { index: 0 }),
  );
  const facts = { token, tenant: node.kernel.node.tenant, purpose: 'a test', now_ms: Date.now() };
  const made = await grants.prepareRegister(facts);
  await node.store.commit(made.statements);
  made.activate();
  return made.grant.leaf;
}

async function agentOf(
  node: TestNode,
  owner: Actor,
  order: { budget?: Budget; command?: string } = {},
): Promise<Agent> {
  const { identities, sessions } = node.kernel.services;
  const { tenant } = node.kernel.node;
  const now_ms = Date.now();
  const facts = { tenant, kind: 'agent', name: `agent ${now_ms}`, now_ms } as const;
  const agent = identities.prepareCreate({ ...facts, controller: owner.did });
  await node.store.commit(agent.statements);
  const grant = await grantTo(node, owner, agent.did, order);
  const expires_ms = now_ms + 3_600_000;
  const { token, statements } = sessions.prepareToken({
    tenant,
    agent: agent.did,
    grant,
    expires_ms,
    now_ms,
  });
  await node.store.commit(statements);
  return { did: agent.did, token, grant };
}

/** Opens accounts in a unit; those that are limited cannot be overdrawn. */
export async function openAccounts(
  who: Actor,
  ids: readonly string[],
  { unit = 'EUR', isLimited = false }: { unit?: string; isLimited?: boolean } = {},
): Promise<void> {
  await who.call(ledger.createAccounts, {
    accounts: ids.map((id) => ({
      id,
      unit,
      code: 1,
      flags: isLimited ? ['debits_must_not_exceed_credits' as const] : [],
    })),
  });
}

/** Transfers of one tenant, by the names of the accounts; amounts are in minor units of EUR. */
export class Payments {
  readonly tenant: string;

  constructor(tenant: string) {
    this.tenant = tenant;
  }

  id = (number: number): bigint => socketTransferId(this.tenant, BigInt(number));
  /** As the contract has it. */
  name = (number: number): string => `0x${this.id(number).toString(16).padStart(32, '0')}`;
  account = (name: string): bigint => accountKey(this.tenant, name);

  pay = (
    number: number,
    from: string,
    to: string,
    amount: number,
    more: Partial<ModelTransfer> = {},
  ): ModelTransfer =>
    plainTransfer(this.id(number), {
      debit: this.account(from),
      credit: this.account(to),
      amount: BigInt(amount),
      ledger: ledgerOf('EUR'),
      ...more,
    });

  /** Posts, or voids, a pending transfer: one of the socket by its number, any other by its name. */
  resolve = (number: number, pending: number | string, flags: number): ModelTransfer =>
    plainTransfer(this.id(number), {
      debit: 0n,
      credit: 0n,
      amount: flags === TransferFlag.POST_PENDING ? 2n ** 128n - 1n : 0n,
      ledger: 0,
      code: 0,
      pendingId: typeof pending === 'number' ? this.id(pending) : transferKey(this.tenant, pending),
      flags,
    });
}

export const batch = (...transfers: ModelTransfer[]): Uint8Array => transfersBatch(transfers);

/** 16 bytes for each id. */
export function idBytes(...ids: readonly bigint[]): Uint8Array {
  const bytes = Buffer.alloc(ids.length * 16);
  ids.forEach((id, index) => {
    bytes.writeBigUInt64LE(id & 0xffffffffffffffffn, index * 16);
    bytes.writeBigUInt64LE(id >> 64n, index * 16 + 8);
  });
  return bytes;
}

/** The ids of records. */
export const idsOf = (records: readonly Uint8Array[]): bigint[] =>
  records.map((record) => {
    if (record.byteLength !== RECORD_BYTES) throw new Error('a record has 128 bytes');
    const bytes = Buffer.from(record.buffer, record.byteOffset, 16);
    return bytes.readBigUInt64LE(0) | (bytes.readBigUInt64LE(8) << 64n);
  });
