import { fail } from '@anarq/common-schemas';
import { addressKey } from './addressKey.ts';
import type { Invocation } from './invocation.ts';
import { RateLimit } from './rateLimit.ts';
import { Standings } from './standing.ts';

/** Calls a minute of one network address, before any cryptography. */
const ADDRESS_PER_MINUTE = 60_000;
const ADDRESS_BURST = 6_000;
/** Proofs a minute that may fail from one address, after a burst; then it waits. */
const FAILURES_PER_MINUTE = 600;
const FAILURES_BURST = 6_000;
/** Beyond this rate of failing proofs the node is under attack, wherever they come from. */
const ATTACK_PER_MINUTE = 6_000;
const ATTACK_BURST = 12_000;
/** While it is, only addresses that proved somebody within this time are heard. */
const TRUSTED_MS = 600_000;
const ADDRESSES_MAX = 100_000;
const CALLERS_MAX = 100_000;
const CALLERS_OF_OPERATION_MAX = 10_000;
/** What a sub-identity may use of what its root may: no one of them uses up all of it. */
const SUB_SHARE = 0.5;
/** What all who act for one organisation or DAO may do together, in limits of one identity. */
const COLLECTIVE_SHARE = 4;
/** Beyond this part of the common burst each member has its fair share only. */
const CONTENDED = 0.5;
/** A member counts for so long after a call of its own. */
const MEMBER_MS = 60_000;

/** Whose limit was reached. */
type Scope = 'address' | 'identity' | 'sub-identity' | 'collective' | 'member';

/**
 * Who may call how often. Each limit is one number a key, and each call looks at a fixed number of
 * them. Nothing is counted against somebody before a proof: an address answers for proofs that fail.
 */
export class CallLimits {
  readonly #addresses = new RateLimit({ keys_max: ADDRESSES_MAX });
  readonly #failures = new RateLimit({ keys_max: ADDRESSES_MAX });
  readonly #attack = new RateLimit({ keys_max: 1 });
  readonly #trusted = new Map<string, number>();
  readonly #standings = new Standings({ keys_max: CALLERS_MAX });
  /** The time of the look, not that at which a call came: of calls that wait, older ones may be judged later. */
  readonly #now_ms: () => number;
  #attacked_ms = 0;

  constructor(now_ms: () => number) {
    this.#now_ms = now_ms;
  }

  /** Before any cryptography. */
  address(inv: Invocation): void {
    const { peer } = inv.call;
    if (peer === undefined) return;
    const key = addressKey(peer);
    const now_ms = this.#now_ms();
    const interval_ms = 60_000 / ADDRESS_PER_MINUTE;
    const wait_ms = this.#addresses.take(key, now_ms, interval_ms, ADDRESS_BURST);
    if (wait_ms > 0) refuse('address', wait_ms, ADDRESS_PER_MINUTE, 'this address');
    const failing_ms = this.#failures.wait(
      key,
      now_ms,
      60_000 / FAILURES_PER_MINUTE,
      FAILURES_BURST,
    );
    if (failing_ms > 0)
      refuse('address', failing_ms, FAILURES_PER_MINUTE, 'proofs of this address that failed');
    if (now_ms < this.#attacked_ms && !this.#isTrusted(key, now_ms))
      fail('SERVICE_UNAVAILABLE', 'Too many calls with wrong proofs reach this node just now.', {
        retryAfter_ms: Math.ceil(this.#attacked_ms - now_ms),
      });
  }

  /** A proof that failed counts on the address it came from, never on whom it named. */
  failed(inv: Invocation): void {
    const { peer } = inv.call;
    if (peer === undefined) return;
    const now_ms = this.#now_ms();
    this.#failures.take(addressKey(peer), now_ms, 60_000 / FAILURES_PER_MINUTE, FAILURES_BURST);
    const wait_ms = this.#attack.take('', now_ms, 60_000 / ATTACK_PER_MINUTE, ATTACK_BURST);
    if (wait_ms > 0) this.#attacked_ms = now_ms + Math.max(1_000, wait_ms);
  }

  /** Somebody was proved: its address is heard also while the node is under attack. */
  proved(inv: Invocation): void {
    const { peer } = inv.call;
    if (peer === undefined || inv.principal.kind === 'anonymous') return;
    const key = addressKey(peer);
    if (this.#trusted.size >= ADDRESSES_MAX && !this.#trusted.has(key)) {
      const oldest = this.#trusted.keys().next();
      if (oldest.done !== true) this.#trusted.delete(oldest.value);
    }
    this.#trusted.set(key, this.#now_ms());
  }

  /** Somebody was refused what it has no right to. */
  denied(inv: Invocation): void {
    if (inv.principal.kind !== 'anonymous')
      this.#standings.denied(inv.principal.actor, this.#now_ms());
  }

  /** The limits of one operation. */
  of(operation: string, perMinute: number): OperationLimits {
    return new OperationLimits(operation, perMinute, this.#standings, this.#now_ms);
  }

  #isTrusted(key: string, now_ms: number): boolean {
    const at_ms = this.#trusted.get(key);
    return at_ms !== undefined && now_ms - at_ms < TRUSTED_MS;
  }
}

interface Collective {
  window: number;
  members: number;
  before: number;
}

/** Who may call one operation how often. */
export class OperationLimits {
  readonly #operation: string;
  readonly #perMinute: number;
  readonly #standings: Standings;
  readonly #callers = new RateLimit({ keys_max: CALLERS_OF_OPERATION_MAX });
  readonly #subs = new RateLimit({ keys_max: CALLERS_OF_OPERATION_MAX });
  readonly #collectives = new RateLimit({ keys_max: CALLERS_OF_OPERATION_MAX });
  readonly #members = new RateLimit({ keys_max: CALLERS_OF_OPERATION_MAX });
  readonly #seats = new Map<string, number>();
  readonly #counts = new Map<string, Collective>();
  readonly #now_ms: () => number;

  constructor(operation: string, perMinute: number, standings: Standings, now_ms: () => number) {
    this.#operation = operation;
    this.#perMinute = perMinute;
    this.#standings = standings;
    this.#now_ms = now_ms;
  }

  /** A sub-identity has a limit of its own, and counts on that of its root as well. */
  identity(inv: Invocation): void {
    const { actor, root, kind } = inv.principal;
    const now_ms = this.#now_ms();
    if (kind === 'anonymous') {
      const key = addressKey(inv.call.peer ?? '');
      const wait_ms = this.#take(this.#callers, key, now_ms, this.#perMinute);
      if (wait_ms > 0) this.#refuse('address', wait_ms, this.#perMinute);
      return;
    }
    if (actor !== root) this.#check('sub-identity', this.#subs, actor, actor, now_ms, SUB_SHARE);
    this.#check('identity', this.#callers, root, actor, now_ms, 1);
    this.#standings.passed(actor, now_ms);
  }

  /**
   * All who act for one organisation or DAO share a limit: while there is room anybody may use it,
   * and where it becomes scarce each has its fair part. Only calls that were allowed count.
   */
  collective(inv: Invocation): void {
    const { subject } = inv;
    const now_ms = this.#now_ms();
    const { actor, root } = inv.principal;
    if (subject === '' || subject === actor || subject === root) return;
    const perMinute = this.#perMinute * COLLECTIVE_SHARE;
    const [interval_ms, burst] = cells(perMinute);
    const members = this.#membersOf(subject, `${subject}\n${actor}`, now_ms);
    if (this.#collectives.used(subject, now_ms, interval_ms, burst) >= CONTENDED) {
      const share = perMinute / members;
      // What is left of the common burst, in equal parts.
      const part = Math.max(1, Math.floor((burst * (1 - CONTENDED)) / members));
      const seat = `${subject}\n${actor}`;
      const wait_ms = this.#members.take(seat, now_ms, 60_000 / share, part);
      if (wait_ms > 0) this.#refuse('member', wait_ms, share);
    }
    const wait_ms = this.#collectives.take(subject, now_ms, interval_ms, burst);
    if (wait_ms > 0) this.#refuse('collective', wait_ms, perMinute);
  }

  #check(
    scope: Scope,
    limit: RateLimit,
    key: string,
    actor: string,
    now_ms: number,
    share: number,
  ): void {
    const perMinute = this.#perMinute * share;
    const [interval_ms, burst] = cells(perMinute, this.#standings.factor(key, now_ms));
    const wait_ms = limit.take(key, now_ms, interval_ms, burst);
    if (wait_ms === 0) return;
    const longer_ms = this.#standings.refused(actor, now_ms, wait_ms);
    // Who goes on in spite of a refusal waits longer; a sub-identity never makes its root wait.
    const factor = this.#standings.factor(key, now_ms);
    if (longer_ms > wait_ms && key === actor)
      limit.postpone(key, now_ms, ...cells(perMinute, factor), longer_ms);
    this.#refuse(scope, longer_ms, perMinute * factor);
  }

  #take(limit: RateLimit, key: string, now_ms: number, perMinute: number): number {
    const [interval_ms, burst] = cells(perMinute);
    return limit.take(key, now_ms, interval_ms, burst);
  }

  #refuse(scope: Scope, wait_ms: number, perMinute: number): never {
    return refuse(scope, wait_ms, perMinute, this.#operation);
  }

  /** How many act for a collective: those of this minute, or of the last where they were more. */
  #membersOf(subject: string, seat: string, now_ms: number): number {
    const window = Math.floor(now_ms / MEMBER_MS);
    let count = this.#counts.get(subject);
    if (count === undefined) {
      evict(this.#counts);
      count = { window, members: 0, before: 0 };
      this.#counts.set(subject, count);
    }
    if (count.window !== window) {
      count.before = count.window === window - 1 ? count.members : 0;
      count.members = 0;
      count.window = window;
    }
    if (this.#seats.get(seat) !== window) {
      evict(this.#seats);
      this.#seats.set(seat, window);
      count.members += 1;
    }
    return Math.max(1, count.members, count.before);
  }
}

function evict(map: Map<string, unknown>): void {
  if (map.size < CALLERS_OF_OPERATION_MAX) return;
  const oldest = map.keys().next();
  if (oldest.done !== true) map.delete(oldest.value);
}

/** A rate as an interval and a burst: a tenth of a minute's calls, at least 10; both follow standing. */
const cells = (perMinute: number, factor = 1): readonly [interval_ms: number, burst: number] => [
  60_000 / (perMinute * factor),
  Math.max(10, Math.floor(perMinute / 10)) * factor,
];

function refuse(scope: Scope, wait_ms: number, perMinute: number, of: string): never {
  const quota = Math.max(1, Math.floor(perMinute));
  return fail('RATE_LIMIT_EXCEEDED', undefined, {
    retryAfter_ms: Math.ceil(wait_ms),
    scope,
    limit: `${quota} a minute of ${of}`,
    quota,
    window_s: 60,
  });
}
