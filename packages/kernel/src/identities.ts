import { fail } from '@anarq/common-schemas';
import {
  createGenesis,
  deriveKeys,
  fromBase64url,
  generateSeed,
  importPublicKeys,
  nextKeyHashOf,
  publicKeysOf,
  toBase64url,
  verifyGenesis,
  type GenesisDocument,
  type IdentityKeys,
  type PublicKeyObjects,
  type Sealer,
} from '@anarq/crypto';
import type { Row, Statement, Store } from '@anarq/store';
import { fed } from './apart/feedTables.ts';
import type { IdentityKind } from './call.ts';
import { prepared } from './prepared.ts';
import type { Endings } from './endings.ts';

/** An identity as the node keeps it. */
export interface IdentityRecord {
  readonly did: string;
  readonly tenant: string;
  readonly kind: IdentityKind;
  /** The identity that this one is a sub-identity of. */
  readonly parent: string | undefined;
  /** Who administers it: itself, or the person or organisation that made it. */
  readonly controller: string;
  readonly custody: 'self' | 'node';
  readonly name: string;
  readonly status: 'active' | 'suspended';
  readonly document: GenesisDocument;
  readonly keys: PublicKeyObjects;
  readonly created_ms: number;
}

/** An identity as its row is: bytes as base64url, so that it travels between processes. */
export interface IdentityRow {
  readonly did: string;
  readonly tenant: string;
  readonly kind: string;
  readonly parent: string | null;
  readonly controller: string;
  readonly custody: string;
  readonly document: string;
  readonly sealedSeed: string | null;
  readonly nameSealed: string;
  readonly nameKey: string | null;
  readonly status: string;
  readonly created_ms: number;
}

export interface NewIdentity {
  readonly tenant: string;
  readonly kind: IdentityKind;
  readonly name: string;
  readonly controller?: string;
  readonly parent?: string;
  /** Keep the name unique within the tenant, so that commands may use it. */
  readonly uniqueName?: boolean;
  /** Custody of the person: the document that proves its keys. Absent: the node makes the keys. */
  readonly document?: unknown;
  readonly now_ms: number;
}

const CACHE_MAX = 10_000;
const utf8 = (text: string) => new TextEncoder().encode(text);

/** Who exists on this node, and with which keys. Administered by sQuid. */
export class Identities {
  readonly #store: Store;
  readonly #sealer: Sealer;
  readonly #endings: Endings;
  readonly #known = new Map<string, IdentityRecord>();
  /** Counts changes of status, so that a read that was under way meanwhile is not remembered. */
  #changes = 0;
  /** Few, and asked for at every link of every grant. */
  readonly #suspended = new Set<string>();

  constructor(store: Store, sealer: Sealer, endings: Endings) {
    this.#endings = endings;
    this.#store = store;
    this.#sealer = sealer;
  }

  /**
   * Makes an identity: with the keys that `document` proves, or with new keys kept sealed here.
   * @returns the id, its document, and the statements that a commit must carry
   * @throws SQUID_IDENTITY_INVALID when the document does not prove its keys
   */
  prepareCreate(order: NewIdentity): {
    did: string;
    document: GenesisDocument;
    /** The new keys, where the node made and keeps them. */
    keys: IdentityKeys | undefined;
    row: IdentityRow;
    statements: Statement[];
  } {
    const made = order.document === undefined ? this.#makeKeys(order) : this.#takeDocument(order);
    const controller = order.controller ?? order.parent ?? made.did;
    const row: IdentityRow = {
      did: made.did,
      tenant: order.tenant,
      kind: order.kind,
      parent: order.parent ?? null,
      controller,
      custody: made.sealedSeed === null ? 'self' : 'node',
      document: JSON.stringify(made.document),
      sealedSeed: textOf(made.sealedSeed),
      nameSealed: toBase64url(this.#sealer.seal('identity-name', made.did, utf8(order.name))),
      nameKey:
        order.uniqueName === true ? toBase64url(this.#nameKey(order.tenant, order.name)) : null,
      status: 'active',
      created_ms: order.now_ms,
    };
    return {
      did: made.did,
      document: made.document,
      keys: made.keys,
      row,
      statements: prepared([
        identityStatement(row),
        ownResource(order.tenant, `squid/identity/${made.did}`, controller),
        ...fed('identity', made.did),
      ]),
    };
  }

  /** The identity, or undefined where this node does not know it. */
  async get(did: string): Promise<IdentityRecord | undefined> {
    const known = this.#known.get(did);
    if (known !== undefined) return known;
    const changes = this.#changes;
    const [row] = await this.#store.read('SELECT * FROM kernel_identity WHERE did = :did', { did });
    if (row === undefined) return undefined;
    return this.#remember(row, changes);
  }

  async require(did: string): Promise<IdentityRecord> {
    return (
      (await this.get(did)) ??
      fail('SQUID_IDENTITY_INVALID', `${did} is not an identity of this node.`, { identity: did })
    );
  }

  /** By the name it was given, where names are unique (organisations, agents). */
  async findByName(tenant: string, name: string): Promise<IdentityRecord | undefined> {
    const changes = this.#changes;
    const [row] = await this.#store.read(
      'SELECT * FROM kernel_identity WHERE tenant = :tenant AND name_key = :key',
      { tenant, key: this.#nameKey(tenant, name) },
    );
    return row === undefined ? undefined : this.#remember(row, changes);
  }

  /** Those that a controller made, oldest first, after a DID. */
  async controlledBy(
    tenant: string,
    controller: string,
    page: { readonly limit: number; readonly after?: string | undefined },
  ): Promise<IdentityRecord[]> {
    const changes = this.#changes;
    const rows = await this.#store.read(
      `SELECT * FROM kernel_identity WHERE tenant = :tenant AND controller = :controller AND did > :after
       ORDER BY did LIMIT :limit`,
      { tenant, controller, after: page.after ?? '', limit: page.limit },
    );
    return rows.map((row) => this.#remember(row, changes));
  }

  /** Prepares to suspend an identity or to let it act again; holds from the next call on. */
  prepareStatus(
    did: string,
    status: IdentityRecord['status'],
  ): { statements: Statement[]; activate: () => void } {
    return {
      statements: prepared([
        {
          name: `status of ${did}`,
          sql: 'UPDATE kernel_identity SET status = :status WHERE did = :did',
          params: { did, status },
          expect: { changes: 1 },
        },
        ...fed('identity', did),
      ]),
      activate: () => this.follow(did, status),
    };
  }

  /** An identity has this status now; the next question for it reads it anew. */
  follow(did: string, status: string): void {
    this.#changes += 1;
    this.#known.delete(did);
    if (status === 'suspended') this.#suspended.add(did);
    else this.#suspended.delete(did);
    this.#endings.tell();
  }

  /** The row of an identity, as another process of this node takes it over. */
  async row(did: string): Promise<IdentityRow | undefined> {
    const [row] = await this.#store.read('SELECT * FROM kernel_identity WHERE did = :did', { did });
    return row === undefined ? undefined : rowOf(row);
  }

  /** Reads who is suspended. Called once, before the first call. */
  async load(): Promise<void> {
    const rows = await this.#store.read(
      "SELECT did FROM kernel_identity WHERE status = 'suspended'",
    );
    for (const row of rows) this.#suspended.add(row['did'] as string);
  }

  /** The first of some identities that is suspended; what such a one gave admits nobody meanwhile. */
  firstSuspended(dids: Iterable<string>): string | undefined {
    if (this.#suspended.size === 0) return undefined;
    for (const did of dids) if (this.#suspended.has(did)) return did;
    return undefined;
  }

  /** The guard that identities were in force when the commit happened. */
  stillActive(dids: readonly string[]): Statement[] {
    const named = [...new Set(dids)];
    return prepared([
      {
        name: 'identities in force',
        sql: `SELECT did FROM kernel_identity
              WHERE status = 'active' AND did IN (${named.map((_, i) => `:d${i}`).join(', ')})`,
        params: Object.fromEntries(named.map((did, i) => [`d${i}`, did])),
        expect: { rows: named.length },
      },
    ]);
  }

  /** Public keys of an identity that was loaded before; for verification that cannot wait. */
  loadedKeys(did: string): PublicKeyObjects | undefined {
    return this.#known.get(did)?.keys;
  }

  /**
   * The private keys of an identity in the node's custody.
   * @throws CUSTODY_REFUSED when its owner holds the keys
   */
  async custodyKeys(did: string): Promise<IdentityKeys> {
    const [row] = await this.#store.read(
      'SELECT sealed_seed FROM kernel_identity WHERE did = :did',
      { did },
    );
    const sealedSeed = row?.['sealed_seed'];
    if (!(sealedSeed instanceof Uint8Array))
      return fail('CUSTODY_REFUSED', undefined, { identity: did });
    return deriveKeys(this.#sealer.open('identity-seed', did, sealedSeed), { index: 0 });
  }

  #makeKeys(order: NewIdentity) {
    const seed = generateSeed();
    const genesis = genesisFrom(seed, {
      kind: order.kind,
      controller: order.controller ?? order.parent,
      now_ms: order.now_ms,
    });
    return {
      ...genesis,
      sealedSeed: this.#sealer.seal('identity-seed', genesis.did, seed),
    };
  }

  #takeDocument(order: NewIdentity) {
    const document = order.document as GenesisDocument;
    const proved = (() => {
      try {
        return verifyGenesis(document);
      } catch (cause) {
        return fail('SQUID_IDENTITY_INVALID', 'The document does not prove its keys.', {
          problem: cause instanceof Error ? cause.message : 'unreadable',
        });
      }
    })();
    const controller = order.controller ?? order.parent;
    if (proved.kind !== order.kind || proved.controller !== controller)
      return fail('SQUID_IDENTITY_INVALID', 'The document says another kind or controller.', {
        document: { kind: proved.kind, controller: proved.controller ?? null },
        call: { kind: order.kind, controller: controller ?? null },
      });
    return { did: proved.did, document, keys: undefined, sealedSeed: null };
  }

  #nameKey(tenant: string, name: string): Uint8Array {
    return this.#sealer.nameMac('identity-name', utf8(`${tenant}\n${name.normalize('NFC')}`));
  }

  #remember(row: Row, changes: number): IdentityRecord {
    const did = row['did'] as string;
    const document = JSON.parse(row['document'] as string) as GenesisDocument;
    const record: IdentityRecord = {
      did,
      tenant: row['tenant'] as string,
      kind: row['kind'] as IdentityKind,
      parent: (row['parent'] as string | null) ?? undefined,
      controller: row['controller'] as string,
      custody: row['custody'] as 'self' | 'node',
      name: new TextDecoder().decode(
        this.#sealer.open('identity-name', did, row['name_sealed'] as Uint8Array),
      ),
      status: row['status'] as IdentityRecord['status'],
      document,
      // A document in the store was verified when it came; its keys are read again, not its proof.
      keys: this.#known.get(did)?.keys ?? importPublicKeys(verifyGenesis(document).keys),
      created_ms: row['created_ms'] as number,
    };
    if (changes !== this.#changes) return record;
    if (this.#known.size >= CACHE_MAX) {
      const oldest = this.#known.keys().next();
      if (oldest.done !== true) this.#known.delete(oldest.value);
    }
    this.#known.set(did, record);
    return record;
  }
}

const textOf = (bytes: unknown): string | null =>
  bytes instanceof Uint8Array ? toBase64url(bytes) : null;

const bytesOf = (text: string | null): Uint8Array | null =>
  text === null ? null : fromBase64url(text);

const rowOf = (row: Row): IdentityRow => ({
  did: row['did'] as string,
  tenant: row['tenant'] as string,
  kind: row['kind'] as string,
  parent: row['parent'] as string | null,
  controller: row['controller'] as string,
  custody: row['custody'] as string,
  document: row['document'] as string,
  sealedSeed: textOf(row['sealed_seed']),
  nameSealed: textOf(row['name_sealed']) ?? '',
  nameKey: textOf(row['name_key']),
  status: row['status'] as string,
  created_ms: row['created_ms'] as number,
});

/** The statement that keeps an identity. `again`: one that is here already takes the new status. */
export const identityStatement = (row: IdentityRow, again = false): Statement => ({
  name: `identity ${row.did}`,
  sql: `INSERT INTO kernel_identity (did, tenant, kind, parent, controller, custody, document, sealed_seed, name_sealed, name_key, status, created_ms)
        VALUES (:did, :tenant, :kind, :parent, :controller, :custody, :document, :sealedSeed, :nameSealed, :nameKey, :status, :created_ms)
        ${again ? 'ON CONFLICT (did) DO UPDATE SET status = excluded.status' : ''}`,
  params: {
    ...row,
    sealedSeed: bytesOf(row.sealedSeed),
    nameSealed: fromBase64url(row.nameSealed),
    nameKey: bytesOf(row.nameKey),
  },
});

/** Keys and document of a new identity from its seed; index 0 is in use, index 1 comes after it. */
export function genesisFrom(
  seed: Uint8Array,
  facts: {
    readonly kind: IdentityKind;
    readonly controller?: string | undefined;
    readonly now_ms: number;
    readonly index?: number;
  },
): { did: string; document: GenesisDocument; keys: IdentityKeys } {
  const index = facts.index ?? 0;
  const privateKeys = deriveKeys(seed, { index });
  const genesis = createGenesis({
    keys: publicKeysOf(privateKeys),
    privateKeys,
    nextKeyHash: nextKeyHashOf(publicKeysOf(deriveKeys(seed, { purpose: 1, index }))),
    kind: facts.kind,
    controller: facts.controller,
    createdAt: new Date(facts.now_ms).toISOString(),
  });
  return { ...genesis, keys: privateKeys };
}

/** The statement that says whose a resource is. */
export const ownResource = (tenant: string, resource: string, owner: string): Statement => ({
  name: `resource ${resource}`,
  sql: 'INSERT INTO kernel_resource (tenant, resource, owner) VALUES (:tenant, :resource, :owner)',
  params: { tenant, resource, owner },
});
