import {
  encapsulate,
  importKemPublicKeys,
  randomBytes,
  sha256Hex,
  toBase64url,
  utf8,
  type KemPublicKeys,
  type Sealer,
} from '@anarq/crypto';
import type { Row, Statement, Store } from '@anarq/store';
import { prepared } from './prepared.ts';
import { fed, forgetExpired } from './apart/feedTables.ts';

export interface Session {
  readonly id: string;
  readonly tenant: string;
  readonly identity: string;
  readonly subId: string | undefined;
  readonly key: Uint8Array;
  readonly expires_ms: number;
}

export interface AgentToken {
  readonly id: string;
  readonly tenant: string;
  readonly agent: string;
  readonly grant: string;
  readonly expires_ms: number;
  readonly revoked: boolean;
}

/** Names the use of the key that both sides derive. */
export const SESSION_CONTEXT = 'q.session.v1';
const SESSION_LIFE_MS = 3_600_000;
const SESSIONS_CACHED_MAX = 10_000;

/** Sessions opened by a full signature, and the tokens of agents whose keys the node keeps. */
export class Sessions {
  readonly #store: Store;
  readonly #sealer: Sealer;
  readonly #open = new Map<string, Session>();

  constructor(store: Store, sealer: Sealer) {
    this.#store = store;
    this.#sealer = sealer;
  }

  /**
   * Prepares a session: the key goes to the caller inside a hybrid key encapsulation (X25519 +
   * ML-KEM-768), so that it is secret even where the connection is not.
   */
  prepareOpen(order: {
    readonly tenant: string;
    readonly identity: string;
    readonly subId: string | undefined;
    readonly kem: KemPublicKeys;
    readonly now_ms: number;
  }): { session: Session; ciphertext: Uint8Array; statements: Statement[] } {
    const { ciphertext, sharedKey } = encapsulate(importKemPublicKeys(order.kem), SESSION_CONTEXT);
    const session: Session = {
      id: `ses_${toBase64url(randomBytes(16))}`,
      tenant: order.tenant,
      identity: order.identity,
      subId: order.subId,
      key: sharedKey,
      expires_ms: order.now_ms + SESSION_LIFE_MS,
    };
    const statements: Statement[] = [
      {
        sql: `INSERT INTO kernel_session (id, tenant, identity, sub_id, key_sealed, expires_ms)
              VALUES (:id, :tenant, :identity, :subId, :key, :expires_ms)`,
        params: {
          id: session.id,
          tenant: session.tenant,
          identity: session.identity,
          subId: session.subId ?? null,
          key: this.#sealer.seal('session-key', session.id, sharedKey),
          expires_ms: session.expires_ms,
        },
      },
      {
        sql: 'DELETE FROM kernel_session WHERE expires_ms < :now_ms',
        params: { now_ms: order.now_ms },
      },
      ...fed('session', session.id, session.expires_ms),
      forgetExpired(order.now_ms),
    ];
    return { session, ciphertext, statements: prepared(statements) };
  }

  async get(id: string): Promise<Session | undefined> {
    const known = this.#open.get(id);
    if (known !== undefined) return known;
    const [row] = await this.#store.read('SELECT * FROM kernel_session WHERE id = :id', { id });
    if (row === undefined) return undefined;
    const session: Session = {
      id,
      tenant: row['tenant'] as string,
      identity: row['identity'] as string,
      subId: (row['sub_id'] as string | null) ?? undefined,
      key: this.#sealer.open('session-key', id, row['key_sealed'] as Uint8Array),
      expires_ms: row['expires_ms'] as number,
    };
    if (this.#open.size >= SESSIONS_CACHED_MAX) this.#open.clear();
    this.#open.set(id, session);
    return session;
  }

  /** Prepares a bearer token bound to one agent and one grant. The text is shown once, never kept. */
  prepareToken(order: {
    readonly tenant: string;
    readonly agent: string;
    readonly grant: string;
    readonly expires_ms: number;
    readonly now_ms: number;
  }): { id: string; token: string; statements: Statement[] } {
    const token = `qat_${toBase64url(randomBytes(32))}`;
    const id = `tok_${toBase64url(randomBytes(12))}`;
    return {
      id,
      token,
      statements: prepared([
        {
          sql: `INSERT INTO kernel_token (digest, id, tenant, agent, grant_cid, expires_ms, created_ms)
                VALUES (:digest, :id, :tenant, :agent, :grant, :expires_ms, :now_ms)`,
          params: {
            digest: sha256Hex(utf8(token)),
            id,
            tenant: order.tenant,
            agent: order.agent,
            grant: order.grant,
            expires_ms: order.expires_ms,
            now_ms: order.now_ms,
          },
        },
        ...fed('token', id),
      ]),
    };
  }

  /** Prepares to revoke one token of an agent; the grant behind it stays. */
  prepareRevokeToken(order: {
    readonly tenant: string;
    readonly agent: string;
    readonly id: string;
    readonly now_ms: number;
  }): Statement[] {
    return prepared([
      {
        name: `token ${order.id}`,
        sql: `UPDATE kernel_token SET revoked_ms = coalesce(revoked_ms, :now_ms)
              WHERE tenant = :tenant AND agent = :agent AND id = :id`,
        params: { ...order },
        expect: { changes: 1 },
      },
      ...fed('token', order.id),
    ]);
  }

  /**
   * Prepares to end every session and token of some identities; the grants behind them stay. A
   * session ends by its time, so that other processes of the node, which follow it, end it too.
   */
  async prepareEndAll(
    dids: readonly string[],
    now_ms: number,
  ): Promise<{
    statements: Statement[];
    activate: () => void;
    sessions: number;
    tokens: number;
  }> {
    const names = dids.map((_, i) => `:d${i}`).join(', ');
    const who = Object.fromEntries(dids.map((did, i) => [`d${i}`, did]));
    const whose = `(identity IN (${names}) OR sub_id IN (${names}))`;
    const sessions = await this.#store.read(
      `SELECT id, expires_ms FROM kernel_session WHERE ${whose} AND expires_ms > :now_ms`,
      { ...who, now_ms },
    );
    const tokens = await this.#store.read(
      `SELECT id FROM kernel_token WHERE agent IN (${names}) AND revoked_ms IS NULL AND expires_ms > :now_ms`,
      { ...who, now_ms },
    );
    return {
      statements: prepared([
        {
          sql: `UPDATE kernel_session SET expires_ms = :now_ms WHERE ${whose} AND expires_ms > :now_ms`,
          params: { ...who, now_ms },
        },
        {
          sql: `UPDATE kernel_token SET revoked_ms = :now_ms WHERE agent IN (${names}) AND revoked_ms IS NULL`,
          params: { ...who, now_ms },
        },
        ...sessions.flatMap((row) =>
          fed('session', row['id'] as string, row['expires_ms'] as number),
        ),
        ...tokens.flatMap((row) => fed('token', row['id'] as string)),
      ]),
      // What is remembered is few and read again; nothing of a stopped one is left that way.
      activate: () => this.#open.clear(),
      sessions: sessions.length,
      tokens: tokens.length,
    };
  }

  /** Sessions have changed by other means; the next question for each reads it anew. */
  forgetRead(): void {
    this.#open.clear();
  }

  /** A session has changed elsewhere; the next question for it reads it anew. */
  follow(id: string): void {
    this.#open.delete(id);
  }

  /** Looks a token up by its digest; nothing about it is kept in memory, so a revocation holds at once. */
  async findToken(token: string): Promise<AgentToken | undefined> {
    if (!/^qat_[A-Za-z0-9_-]{43}$/.test(token)) return undefined;
    const [row] = await this.#store.read('SELECT * FROM kernel_token WHERE digest = :digest', {
      digest: sha256Hex(utf8(token)),
    });
    return row === undefined ? undefined : tokenIn(row);
  }

  /** The same by its id, for what was handed out to whoever showed it. */
  async tokenById(id: string): Promise<AgentToken | undefined> {
    const [row] = await this.#store.read('SELECT * FROM kernel_token WHERE id = :id', { id });
    return row === undefined ? undefined : tokenIn(row);
  }
}

const tokenIn = (row: Row): AgentToken => ({
  id: row['id'] as string,
  tenant: row['tenant'] as string,
  agent: row['agent'] as string,
  grant: row['grant_cid'] as string,
  expires_ms: row['expires_ms'] as number,
  revoked: row['revoked_ms'] !== null,
});
