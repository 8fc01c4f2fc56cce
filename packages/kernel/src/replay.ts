import { fail, type Result } from '@anarq/common-schemas';
import { randomBytes, sha256HexOfText, toBase64url, type Sealer, utf8 } from '@anarq/crypto';
import type { Statement, Store } from '@anarq/store';
import type { Invocation, ReplayKey } from './invocation.ts';
import { nameOf, TakenKeys } from './takenKeys.ts';

const KEY = /^[\x21-\x7e]{1,200}$/;
const KEPT_MS = 24 * 3_600_000;
/** Without a key, the same MCP call is taken for a repetition this long. */
const SAME_CALL_MS = 600_000;
/** A blank, which no caller's key has, keeps what the kernel names apart from callers' keys. */
const SAME_CALL = ' same-call.';
const RETRY_AFTER_MS = 250;
/** Keys whose time is over go a few at a time, in commits that happen anyway. */
const SWEEP_EVERY = 100;
const SWEEP_MAX = 500;

/** What every write leaves behind under its idempotency key, so that nothing acts twice. */
export class Replay {
  readonly #store: Store;
  readonly #sealer: Sealer;
  readonly #underWay = new Set<string>();
  readonly taken = new TakenKeys(KEPT_MS);
  #count = 0;

  constructor(store: Store, sealer: Sealer) {
    this.#store = store;
    this.#sealer = sealer;
  }

  /**
   * Answers a call that was made before; stops one whose twin is under way, or whose key belongs to
   * another input. Money keys never expire, and are always asked for.
   */
  check(inv: Invocation): void | Promise<void> {
    const key = this.#keyOf(inv);
    const name = nameOf(key);
    if (this.#underWay.has(name))
      fail('CALL_IN_PROGRESS', undefined, { retryAfter_ms: RETRY_AFTER_MS });
    this.#underWay.add(name);
    inv.release.push(() => this.#underWay.delete(name));
    inv.replayKey = key;
    if (key.expires_ms !== undefined && this.taken.isSurelyNew(name, inv.now_ms)) return undefined;
    return this.recheck(inv);
  }

  /** Looks again, after a conflict: another process may have taken the key meanwhile. */
  async recheck(inv: Invocation): Promise<void> {
    const key = inv.replayKey;
    if (key === undefined) return;
    const name = nameOf(key);
    const [row] = await this.#store.read(
      `SELECT * FROM kernel_replay WHERE tenant = :tenant AND identity = :identity
         AND operation = :operation AND key = :key AND (expires_ms IS NULL OR expires_ms > :now_ms)`,
      {
        tenant: key.tenant,
        identity: key.identity,
        operation: key.operation,
        key: key.key,
        now_ms: inv.now_ms,
      },
    );
    if (row === undefined) return;
    if (row['fingerprint'] !== key.fingerprint)
      fail('VERSION_CONFLICT', 'This idempotency key was used with another input.', {
        idempotencyKey: key.key,
      });
    const sealed = row['result_sealed'];
    if (sealed === null)
      fail('CALL_IN_PROGRESS', undefined, {
        retryAfter_ms: RETRY_AFTER_MS,
        process: row['process'],
      });
    const result = this.#open(name, sealed as Uint8Array);
    inv.answer = {
      ...result,
      replayed: true,
      ...(result.status === 'ok'
        ? { message: 'Answered from the record of the first call; nothing was done again.' }
        : {}),
    };
  }

  /** The statements that take the key: with the answer, or with the process that will give it. */
  record(inv: Invocation, outcome: Result<unknown> | { readonly process: string }): Statement[] {
    const key = inv.replayKey;
    if (key === undefined) return [];
    const isProcess = 'process' in outcome;
    this.#count += 1;
    if (key.expires_ms !== undefined) this.taken.add(nameOf(key), inv.now_ms);
    return [
      ...(this.#count % SWEEP_EVERY === 0 ? [sweep(inv.now_ms)] : []),
      {
        name: 'idempotency key',
        // A key whose time is over is free again; any other stays whose it is.
        sql: `INSERT INTO kernel_replay (tenant, identity, operation, key, fingerprint, process, result_sealed, created_ms, expires_ms)
              VALUES (:tenant, :identity, :operation, :key, :fingerprint, :process, :result, :now_ms, :expires_ms)
              ON CONFLICT (tenant, identity, operation, key) DO UPDATE SET
                fingerprint = excluded.fingerprint, process = excluded.process,
                result_sealed = excluded.result_sealed, created_ms = excluded.created_ms,
                expires_ms = excluded.expires_ms
              WHERE kernel_replay.expires_ms <= excluded.created_ms`,
        expect: { changes: 1 },
        params: {
          ...columnsOf(key),
          fingerprint: key.fingerprint,
          process: isProcess ? outcome.process : null,
          result: isProcess ? null : this.#seal(nameOf(key), outcome),
          now_ms: inv.now_ms,
          expires_ms: key.expires_ms ?? null,
        },
      },
    ];
  }

  /** The statement that gives a key its answer once its process has ended. */
  complete(key: ReplayKey, result: Result<unknown>): Statement {
    return {
      name: 'idempotency key',
      sql: `UPDATE kernel_replay SET result_sealed = :result WHERE tenant = :tenant
              AND identity = :identity AND operation = :operation AND key = :key`,
      params: { ...columnsOf(key), result: this.#seal(nameOf(key), result) },
    };
  }

  /** The statement that takes the answer back: its process goes on. */
  reopen(key: ReplayKey): Statement {
    return {
      name: 'idempotency key',
      sql: `UPDATE kernel_replay SET result_sealed = NULL WHERE tenant = :tenant
              AND identity = :identity AND operation = :operation AND key = :key
              AND process IS NOT NULL`,
      params: columnsOf(key),
    };
  }

  #keyOf(inv: Invocation): ReplayKey {
    const { op } = inv.compiled;
    const { idempotencyKey, surface, again } = inv.call;
    const subject = inv.call.subject ?? inv.principal.boundSubject ?? inv.principal.actor;
    // Never headers, time, signature or surface: the same intent has the same print everywhere.
    const fingerprint = sha256HexOfText(`${op.id}\n${op.version}\n${subject}\n${inv.inputDigest}`);
    const isStep = inv.capability !== undefined && inv.isOwnCall !== true;
    const isOwnCall = inv.isOwnCall === true;
    if (idempotencyKey !== undefined && !isStep && !isOwnCall && !KEY.test(idempotencyKey))
      fail('INPUT_INVALID', 'An idempotency key has 1 to 200 visible ASCII characters.');
    const automatic = idempotencyKey === undefined;
    if (automatic && surface !== 'mcp') fail('IDEMPOTENCY_KEY_REQUIRED');
    // `again` is not signed: with it, whoever saw a signed call could repeat it.
    if (automatic && again === true && inv.call.credential.kind === 'signature')
      fail('IDEMPOTENCY_KEY_REQUIRED', 'A signed call is repeated under a new idempotency key.');
    const repeat = again === true ? `.${toBase64url(randomBytes(12))}` : '';
    return {
      tenant: inv.principal.tenant,
      identity: inv.principal.actor,
      operation: inv.compiled.keptAs ?? op.id,
      key: automatic
        ? `${SAME_CALL}${fingerprint}${repeat}`
        : isStep
          ? ` ${idempotencyKey}`
          : idempotencyKey,
      fingerprint,
      expires_ms:
        automatic || (isOwnCall && idempotencyKey.startsWith(SAME_CALL))
          ? inv.now_ms + SAME_CALL_MS
          : op.authorises !== undefined || isStep
            ? undefined
            : inv.now_ms + KEPT_MS,
    };
  }

  #seal(name: string, result: Result<unknown>): Uint8Array {
    return this.#sealer.seal('replay', name, utf8(JSON.stringify(result)));
  }

  #open(name: string, sealed: Uint8Array): Result<unknown> {
    return JSON.parse(
      new TextDecoder().decode(this.#sealer.open('replay', name, sealed)),
    ) as Result<unknown>;
  }
}

const sweep = (now_ms: number): Statement => ({
  sql: `DELETE FROM kernel_replay WHERE (tenant, identity, operation, key) IN (
          SELECT tenant, identity, operation, key FROM kernel_replay
          WHERE expires_ms <= :now_ms LIMIT :most)`,
  params: { now_ms, most: SWEEP_MAX },
});

const columnsOf = ({ tenant, identity, operation, key }: ReplayKey) => ({
  tenant,
  identity,
  operation,
  key,
});
