import type { AnyOperation } from '@anarq/common-schemas';
import { canonicalJson, sha256Hex, utf8 } from '@anarq/crypto';
import type { Store } from '@anarq/store';
import { ANONYMOUS, type Call } from '../call.ts';
import type { Services } from '../services.ts';

const ENTRIES_MAX = 2_000;
const ENTRY_CHARS_MAX = 262_144;
const CHARS_MAX = 16 * 1_048_576;
/** Of a caller with more grants than this, no answer is kept. */
const GRANTS_MAX = 100;

/** What was answered, when, and what the caller held then. */
export interface KeptAnswer {
  readonly data: unknown;
  readonly at_ms: number;
}

interface Entry extends KeptAnswer {
  readonly chars: number;
  readonly grants: readonly string[];
  /** When the first of those grants ends by itself. */
  readonly until_ms: number;
}

/**
 * The last good answers of modules that run in other processes, to the same question of the same
 * caller. They are kept in memory, and given only while the caller holds every grant that it held when
 * it was answered: what was revoked, or has ended, shows nothing any more.
 */
export class StaleAnswers {
  readonly #services: Services;
  readonly #store: Store;
  /** The least recently answered first. */
  readonly #entries = new Map<string, Entry>();
  #chars = 0;

  constructor(services: Services, store: Store) {
    this.#services = services;
    this.#store = store;
  }

  /** Keeps an answer; the caller's proof was judged where it was given. */
  async keep(op: AnyOperation, call: Call, data: unknown, at_ms: number): Promise<void> {
    const chars = JSON.stringify(data).length;
    const key = keyOf(op, call);
    this.#forget(key);
    if (chars > ENTRY_CHARS_MAX) return;
    const held = await this.#heldBy(await this.#audiences(call), at_ms);
    if (held === undefined) return;
    this.#forget(key);
    this.#entries.set(key, { data, at_ms, chars, ...held });
    this.#chars += chars;
    for (const [oldest] of this.#entries) {
      if (this.#entries.size <= ENTRIES_MAX && this.#chars <= CHARS_MAX) return;
      this.#forget(oldest);
    }
  }

  /** What was answered within an age, where the caller may still see it. */
  async find(
    op: AnyOperation,
    call: Call,
    now_ms: number,
    age_ms: number,
  ): Promise<KeptAnswer | undefined> {
    const entry = this.#entries.get(keyOf(op, call));
    if (entry === undefined || now_ms - entry.at_ms > age_ms || entry.until_ms <= now_ms)
      return undefined;
    const { grants } = this.#services;
    for (const cid of entry.grants) {
      const grant = await grants.active(cid);
      if (grant === undefined || grants.suspendedBehind(grant) !== undefined) return undefined;
    }
    return entry;
  }

  #forget(key: string): void {
    this.#chars -= this.#entries.get(key)?.chars ?? 0;
    this.#entries.delete(key);
  }

  /** Who may hold a grant that the answer stood on: the caller, and whom it acts for. */
  async #audiences({ credential, subject }: Call): Promise<string[]> {
    const named = subject === undefined ? [] : [subject];
    switch (credential.kind) {
      case 'anonymous':
        return [ANONYMOUS.actor, ...named];
      // Its calls are never made elsewhere.
      case 'connection':
      case 'ticket':
        return named;
      case 'signature':
        return [credential.subId ?? credential.identity, ...named];
      case 'bearer': {
        const token = await this.#services.sessions.findToken(credential.token);
        if (token === undefined) return named;
        const bound = await this.#services.grants.active(token.grant);
        return [token.agent, ...(bound === undefined ? [] : [bound.subject]), ...named];
      }
    }
  }

  async #heldBy(
    audiences: readonly string[],
    now_ms: number,
  ): Promise<Pick<Entry, 'grants' | 'until_ms'> | undefined> {
    const grants: string[] = [];
    let until_ms = Infinity;
    for (const audience of new Set(audiences)) {
      const rows = await this.#store.read(
        `SELECT cid, exp_s FROM kernel_grant WHERE audience = :audience AND revoked_ms IS NULL
           AND (exp_s IS NULL OR exp_s > :now_s) LIMIT :most`,
        { audience, now_s: Math.floor(now_ms / 1_000), most: GRANTS_MAX + 1 },
      );
      for (const { cid, exp_s } of rows) {
        // One whose chain ended already lets nobody see anything.
        if ((await this.#services.grants.active(String(cid))) === undefined) continue;
        grants.push(String(cid));
        if (exp_s !== null) until_ms = Math.min(until_ms, Number(exp_s) * 1_000);
      }
    }
    return grants.length > GRANTS_MAX ? undefined : { grants, until_ms };
  }
}

/** The same question: operation, version and input; and the same caller, by what it proves itself with. */
const keyOf = (op: AnyOperation, { credential, subject, grant, input }: Call): string =>
  sha256Hex(
    utf8(
      [op.id, op.version, whoOf(credential), subject ?? '', grant ?? '', canonicalJson(input)].join(
        '\n',
      ),
    ),
  );

function whoOf(credential: Call['credential']): string {
  switch (credential.kind) {
    case 'anonymous':
      return 'anonymous';
    case 'connection':
      return 'connection';
    case 'ticket':
      return 'ticket';
    case 'bearer':
      return `bearer ${sha256Hex(utf8(credential.token))}`;
    case 'signature':
      return `${credential.identity} ${credential.subId ?? ''}`;
  }
}
