import type { Statement, Store } from '@anarq/store';
import { isCalls, textOfMinor, type Move } from './budgetCounters.ts';

/** What was spent and held of a budget at one moment, in decimal strings of its unit. */
export interface BudgetStanding {
  readonly spent: string;
  readonly reserved: string;
}

/** What one commit drew on one counter, and how that stood right before and right after. */
export interface Drawn {
  /** CID of the record of the commit. */
  readonly record: string;
  /** CID of the link that carries the budget; of an allotment, of the grant that it is for. */
  readonly grant: string;
  readonly counts: 'amount' | 'calls' | 'allotment';
  readonly unit: string;
  readonly total: string | undefined;
  readonly before: BudgetStanding;
  readonly after: BudgetStanding;
}

/** So long is it known how a budget stood around a call. */
const KEPT_MS = 400 * 86_400_000;

/**
 * Writes down how each counter stands, in the commit that moved it and after it did: what two commits
 * at once each leave behind is then what the one saw that came second.
 */
export const noteMoves = (record: string, moves: readonly Move[], at_ms: number): Statement[] =>
  moves.flatMap(({ of, spent, reserved }): Statement[] => {
    const [grant = ''] = of.grant.split('#');
    const counts = of.allotment !== undefined ? 'allotment' : isCalls(of) ? 'calls' : 'amount';
    const from =
      of.allotment === undefined
        ? 'total_minor, :at_ms FROM kernel_budget WHERE grant_cid = :counter'
        : 'amount_minor, :at_ms FROM kernel_allotment_taken WHERE issuer = :issuer AND id = :id';
    const where =
      of.allotment === undefined
        ? { counter: of.grant }
        : { issuer: of.allotment.from, id: of.allotment.id };
    return [
      {
        name: `drawn ${of.grant}`,
        sql: `INSERT INTO kernel_drawn (record, grant_cid, counts, unit, spent_minor, reserved_minor, spent_after_minor, reserved_after_minor, total_minor, at_ms)
              SELECT :record, :grant, :counts, unit, :spent, :reserved, spent_minor, reserved_minor, ${from}`,
        params: { record, grant, counts, spent, reserved, at_ms, ...where },
      },
      {
        name: `drawn long ago ${of.grant}`,
        sql: 'DELETE FROM kernel_drawn WHERE grant_cid = :grant AND at_ms < :before_ms',
        params: { grant, before_ms: at_ms - KEPT_MS },
      },
    ];
  });

/** What some records drew, in the order in which they did. */
export async function drawnBy(store: Store, records: readonly string[]): Promise<Drawn[]> {
  if (records.length === 0) return [];
  const rows = await store.read(
    `SELECT * FROM kernel_drawn WHERE record IN (${records.map((_, i) => `:r${i}`).join(', ')})`,
    Object.fromEntries(records.map((cid, i) => [`r${i}`, cid])),
  );
  const place = new Map(records.map((cid, i) => [cid, i]));
  return rows
    .map((row): Drawn => {
      const unit = row['unit'] as string;
      const minor = (name: string) => row[name] as bigint;
      const text = (amount: bigint) => textOfMinor(amount, unit);
      const total = row['total_minor'] as bigint | null;
      return {
        record: row['record'] as string,
        grant: row['grant_cid'] as string,
        counts: row['counts'] as Drawn['counts'],
        unit,
        total: total === null ? undefined : text(total),
        before: {
          spent: text(minor('spent_after_minor') - minor('spent_minor')),
          reserved: text(minor('reserved_after_minor') - minor('reserved_minor')),
        },
        after: {
          spent: text(minor('spent_after_minor')),
          reserved: text(minor('reserved_after_minor')),
        },
      };
    })
    .toSorted((a, b) => (place.get(a.record) ?? 0) - (place.get(b.record) ?? 0));
}
