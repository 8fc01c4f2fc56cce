import type { CompiledGrant, GrantBudget } from '@anarq/authority';
import { fail } from '@anarq/common-schemas';
import type { Row, Statement, Store } from '@anarq/store';
import {
  ALLOTMENT_DOMAIN,
  isSignedBy,
  REPORT_DOMAIN,
  signStatement,
  type Allotment,
  type AllotmentReport,
  type Signed,
} from './allotmentStatement.ts';
import { minorOf, moveCounters, reserving, settling, textOfMinor } from './budgetCounters.ts';
import { drawFrom, isUnmet, takenOf, type Asking } from './budgetDraw.ts';
import {
  reservationsFrom,
  reservationsOf,
  type KeptReservation,
  type Reservation,
} from './capability.ts';
import { givenState, takenState, type AllotmentState } from './allotmentState.ts';
import type { Identities } from './identities.ts';
import { countLostAt_ms } from './lostCount.ts';
import { prepared } from './prepared.ts';

/** How long an allotment may last: so long a grant that is revoked here may still be spent there. */
const LIFE_MAX_MS = 24 * 3_600_000;
/** Of one grant that are open at once. */
const OPEN_MAX = 32;

/**
 * Parts of budgets that one node sets aside for another. The node that counts a budget holds the part
 * until the other one says, signed and once, what it spent of it; so the two together never spend
 * more than the budget, whatever is lost between them.
 */
export class Allotments {
  readonly #store: Store;
  readonly #identities: Identities;
  readonly #node: string;

  constructor(store: Store, identities: Identities, node: string) {
    this.#store = store;
    this.#identities = identities;
    this.#node = node;
  }

  /** Whether a budget is counted by another node than this. */
  isElsewhere = ({ node }: { readonly node?: string | undefined }): boolean =>
    node !== undefined && node !== this.#node;

  /**
   * Sets a part of every budget of a grant aside that says it is counted here.
   * @throws BUDGET_EXCEEDED, LIMIT_EXCEEDED, STATE_CONFLICT where no budget of it is
   */
  async prepareGive(
    grant: CompiledGrant,
    order: {
      readonly id: string;
      readonly to: string;
      readonly amount: string;
      readonly expires_ms: number;
      readonly now_ms: number;
    },
  ): Promise<{ statements: Statement[]; allotment: Signed<Allotment> }> {
    const { id, to, amount, now_ms } = order;
    const budgets = grant.budgets.filter(({ node }) => node === this.#node);
    const [first] = budgets;
    if (first === undefined || to === this.#node)
      return fail('STATE_CONFLICT', 'No budget of this grant is counted here for another node.', {
        grant: grant.leaf,
        state: 'no such budget',
      });
    const { unit } = first;
    const amount_minor = minorOf(amount, unit);
    if (amount_minor <= 0n) fail('AMOUNT_INVALID', 'An allotment is of more than nothing.');
    const expires_ms = lastOf(grant, budgets, order.expires_ms);
    if (expires_ms <= now_ms || expires_ms > now_ms + LIFE_MAX_MS)
      fail('LIMIT_EXCEEDED', 'An allotment lasts a day at most, and not longer than its grant.', {
        limit: new Date(Math.min(expires_ms, now_ms + LIFE_MAX_MS)).toISOString(),
      });
    await this.#checkRoom(grant.leaf);
    const reservations = await this.#draw(budgets, { amount, unit }, now_ms);
    const statement: Allotment = {
      allotmentId: id,
      grant: grant.leaf,
      links: budgets.map(({ cid }) => cid),
      from: this.#node,
      to,
      unit,
      amount,
      expiresAt: new Date(expires_ms).toISOString(),
    };
    const insert: Statement = {
      name: `allotment ${id}`,
      sql: `INSERT INTO kernel_allotment_given (id, grant_cid, node, unit, amount_minor, reservations, expires_ms, state, spent_minor, created_ms)
            SELECT :id, :grant, :to, :unit, :amount_minor, :reservations, :expires_ms, 'OPEN', 0, :now_ms
            WHERE (SELECT COUNT(*) FROM kernel_allotment_given WHERE grant_cid = :grant AND state = 'OPEN') < :most`,
      params: {
        id,
        grant: grant.leaf,
        to,
        unit,
        amount_minor,
        reservations: JSON.stringify(reservationsOf(reservations)),
        expires_ms,
        now_ms,
        most: OPEN_MAX,
      },
      // Others may have been given since there was room; the counters before it let one pass at a time.
      expect: { changes: 1 },
    };
    return {
      statements: prepared([...moveCounters(reserving(reservations)), insert]),
      allotment: await this.#sign(ALLOTMENT_DOMAIN, statement),
    };
  }

  /** Draws on every budget of a grant that is counted here. @throws BUDGET_EXCEEDED */
  async #draw(
    budgets: readonly GrantBudget[],
    asked: Asking,
    now_ms: number,
  ): Promise<Reservation[]> {
    const reservations: Reservation[] = [];
    const { amount, unit } = asked;
    for (const budget of budgets) {
      const drawn =
        budget.unit === unit
          ? await drawFrom(this.#store, budget, asked, now_ms)
          : { rule: `the budget is in ${budget.unit}, not ${unit}`, facts: {} };
      if (isUnmet(drawn))
        return fail('BUDGET_EXCEEDED', `No allotment of ${amount} ${unit}: ${drawn.rule}.`, {
          why: {
            grant: budget.cid,
            rule: drawn.rule,
            limit: { unit, asked: amount, ...drawn.facts },
            changeableBy: budget.issuer,
          },
        });
      reservations.push(drawn);
    }
    return reservations;
  }

  async #checkRoom(grant: string): Promise<void> {
    const open = await this.#store.read(
      `SELECT id FROM kernel_allotment_given WHERE grant_cid = :grant AND state = 'OPEN' LIMIT :most`,
      { grant, most: OPEN_MAX },
    );
    if (open.length >= OPEN_MAX)
      fail('LIMIT_EXCEEDED', `A grant has at most ${OPEN_MAX} open allotments: return one.`, {
        limit: 'allotments',
        maximum: OPEN_MAX,
      });
  }

  /**
   * Takes an allotment that another node set aside for this one; the same again is the same.
   * @throws SIGNATURE_INVALID, GRANT_CHAIN_BROKEN, GRANT_EXPIRED, AMOUNT_INVALID, STATE_CONFLICT on
   * a restored copy whose old node may have taken it
   */
  async prepareTake(
    allotment: Signed<Allotment>,
    grant: CompiledGrant,
    now_ms: number,
  ): Promise<{ statements: Statement[]; state: AllotmentState }> {
    const { allotmentId: id, from, to, unit, amount, expiresAt } = allotment;
    if (!isSignedBy(ALLOTMENT_DOMAIN, from, allotment))
      fail('SIGNATURE_INVALID', `The allotment was not signed by the node ${from}.`);
    if (to !== this.#node)
      fail('GRANT_CHAIN_BROKEN', `The allotment is for ${to}, this node is ${this.#node}.`, {
        link: allotment.grant,
      });
    const known = await this.#taken(from, id);
    if (known !== undefined) return { statements: [], state: takenState(known, this.#node) };
    const theirs = grant.budgets.filter(({ node }) => node === from);
    const isWhole =
      grant.leaf === allotment.grant &&
      theirs.length > 0 &&
      theirs.every((budget) => budget.unit === unit && allotment.links.includes(budget.cid));
    if (!isWhole)
      fail(
        'GRANT_CHAIN_BROKEN',
        `The allotment is not one of the budgets that ${from} counts of ${grant.leaf}.`,
        { link: allotment.grant },
      );
    const expires_ms = Date.parse(expiresAt);
    if (expires_ms <= now_ms) fail('GRANT_EXPIRED', `The allotment ended at ${expiresAt}.`);
    await this.#checkUnspent(expires_ms);
    const amount_minor = minorOf(amount, unit);
    if (amount_minor <= 0n) fail('AMOUNT_INVALID', 'An allotment is of more than nothing.');
    const row = {
      issuer: from,
      id,
      grant_cid: grant.leaf,
      unit,
      amount_minor,
      expires_ms,
      state: 'OPEN',
      spent_minor: 0n,
      reserved_minor: 0n,
      report: null,
      created_ms: now_ms,
    };
    const names = Object.keys(row);
    return {
      statements: prepared([
        {
          name: `allotment ${id}`,
          sql: `INSERT INTO kernel_allotment_taken (${names.join(', ')})
                VALUES (${names.map((name) => `:${name}`).join(', ')})`,
          params: row,
        },
      ]),
      state: takenState(row, this.#node),
    };
  }

  /** What a copy does not know may have been spent by the old node, if it was given while that was there. */
  async #checkUnspent(expires_ms: number): Promise<void> {
    const lost_ms = await countLostAt_ms(this.#store);
    if (lost_ms === undefined || expires_ms > lost_ms + LIFE_MAX_MS) return;
    const sure = new Date(lost_ms + LIFE_MAX_MS).toISOString();
    fail(
      'STATE_CONFLICT',
      `This node was restored, and may have spent it before: ask for one that ends after ${sure}.`,
      { state: 'LOST' },
    );
  }

  /**
   * Closes one that was taken: from here on nothing is drawn, and what was spent is told, signed. The
   * same again is told again, word for word.
   * @throws STATE_CONFLICT while a call still holds a part, or where a restored copy lost count
   */
  async prepareClose(
    grant: string,
    id: string,
    now_ms: number,
  ): Promise<{ statements: Statement[]; report: Signed<AllotmentReport> }> {
    const [row] = await this.#store.read(
      'SELECT * FROM kernel_allotment_taken WHERE grant_cid = :grant AND id = :id',
      { grant, id },
    );
    if (row === undefined) return unknown(id);
    if (typeof row['report'] === 'string')
      return { statements: [], report: JSON.parse(row['report']) as Signed<AllotmentReport> };
    const { spent, reserved, unit, amount, from, state } = takenState(row, this.#node);
    if (state === 'LOST')
      fail('STATE_CONFLICT', 'This node was restored, and does not know what it spent.', { state });
    if (minorOf(reserved, unit) > 0n)
      fail('STATE_CONFLICT', `Calls under way hold ${reserved} ${unit} of it.`, { state: 'HELD' });
    const closedAt = new Date(now_ms).toISOString();
    const statement = {
      allotmentId: id,
      grant,
      from,
      to: this.#node,
      unit,
      amount,
      spent,
      closedAt,
    };
    const report = await this.#sign(REPORT_DOMAIN, statement);
    return {
      statements: prepared([
        {
          name: `allotment ${id}`,
          // Nobody spends between the count and the signature.
          sql: `UPDATE kernel_allotment_taken SET state = 'CLOSED', report = :report
                WHERE issuer = :from AND id = :id AND state = 'OPEN' AND reserved_minor = 0 AND spent_minor = :spent_minor`,
          params: {
            from,
            id,
            report: JSON.stringify(report),
            spent_minor: row['spent_minor'] as bigint,
          },
          expect: { changes: 1 },
        },
      ]),
      report,
    };
  }

  /**
   * Settles one that was given with what the other node tells of it, once: what it spent counts as
   * spent, the rest is free again.
   * @throws SIGNATURE_INVALID, GRANT_CHAIN_BROKEN, STATE_CONFLICT where another report was settled
   */
  async prepareSettle(
    report: Signed<AllotmentReport>,
  ): Promise<{ statements: Statement[]; state: AllotmentState }> {
    const { allotmentId: id, to, from, unit, amount, spent } = report;
    if (!isSignedBy(REPORT_DOMAIN, to, report))
      fail('SIGNATURE_INVALID', `The report was not signed by the node ${to}.`);
    const [row] = await this.#store.read('SELECT * FROM kernel_allotment_given WHERE id = :id', {
      id,
    });
    if (row === undefined || from !== this.#node) return unknown(id);
    const given = givenState(row, this.#node);
    const isIts =
      given.to === to &&
      given.grant === report.grant &&
      given.unit === unit &&
      minorOf(given.amount, unit) === minorOf(amount, unit);
    if (!isIts)
      fail('GRANT_CHAIN_BROKEN', 'The report is about another allotment than was given.', {
        link: given.grant,
      });
    const spent_minor = minorOf(spent, unit);
    if (given.state !== 'OPEN') {
      if (minorOf(given.spent, unit) === spent_minor) return { statements: [], state: given };
      fail('STATE_CONFLICT', 'It was settled already, with another report.', {
        state: given.state,
      });
    }
    if (spent_minor < 0n || spent_minor > minorOf(amount, unit))
      fail('AMOUNT_INVALID', 'More was spent than was allotted.', { amount: spent, unit });
    const kept = JSON.parse(row['reservations'] as string) as KeptReservation[];
    return {
      statements: prepared([
        {
          name: `allotment ${id}`,
          sql: `UPDATE kernel_allotment_given SET state = 'CLOSED', spent_minor = :spent_minor
                WHERE id = :id AND state = 'OPEN'`,
          params: { id, spent_minor },
          expect: { changes: 1 },
        },
        ...moveCounters(
          settling(reservationsFrom({ reservations: kept }), { amount: spent, unit }),
        ),
      ]),
      state: { ...given, state: 'CLOSED', spent, reserved: textOfMinor(0n, unit) },
    };
  }

  /** Those of a grant, on either side, newest first. */
  async of(grant: string): Promise<AllotmentState[]> {
    const [given, taken] = await Promise.all(
      ['kernel_allotment_given', 'kernel_allotment_taken'].map((table) =>
        this.#store.read(
          `SELECT * FROM ${table} WHERE grant_cid = :grant ORDER BY created_ms DESC, id LIMIT 100`,
          { grant },
        ),
      ),
    );
    return [
      ...(given ?? []).map((row) => givenState(row, this.#node)),
      ...(taken ?? []).map((row) => takenState(row, this.#node)),
    ];
  }

  /** An open one of a node for a grant from which an amount can be drawn now; else what is left. */
  async find(
    from: string,
    grant: string,
    amount_minor: bigint,
    now_ms: number,
  ): Promise<{ readonly id: string } | { readonly left_minor: bigint }> {
    const rows = await this.#store.read(
      `SELECT * FROM kernel_allotment_taken
       WHERE grant_cid = :grant AND issuer = :from AND state = 'OPEN' AND expires_ms > :now_ms
       ORDER BY expires_ms, id LIMIT :most`,
      { grant, from, now_ms, most: OPEN_MAX },
    );
    let left_minor = 0n;
    for (const row of rows) {
      const left = (row['amount_minor'] as bigint) - takenOf(row);
      if (amount_minor <= left) return { id: row['id'] as string };
      if (left > left_minor) left_minor = left;
    }
    return { left_minor };
  }

  async #taken(issuer: string, id: string): Promise<Row | undefined> {
    const [row] = await this.#store.read(
      'SELECT * FROM kernel_allotment_taken WHERE issuer = :issuer AND id = :id',
      { issuer, id },
    );
    return row;
  }

  async #sign<T extends object>(domain: string, statement: T): Promise<Signed<T>> {
    const { document } = await this.#identities.require(this.#node);
    const keys = await this.#identities.custodyKeys(this.#node);
    return signStatement(domain, statement, keys, document);
  }
}

const unknown = (id: string): never =>
  fail('QINDEX_NOT_FOUND', `There is no allotment ${id} for you here.`, { allotment: id });

/** The end that was asked for, or that of the grant and its budgets, whichever comes first. */
function lastOf(grant: CompiledGrant, budgets: readonly GrantBudget[], asked_ms: number): number {
  const ends_s = [grant.exp_s, ...budgets.map(({ until_s }) => until_s)].filter(
    (end) => typeof end === 'number',
  );
  return Math.min(asked_ms, ...ends_s.map((end) => end * 1000));
}
