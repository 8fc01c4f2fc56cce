import { fail, t } from '@anarq/common-schemas';
import type { Static } from 'typebox';

/** Entries of a chart, and of one change of it. */
export const CHART_ENTRIES_MAX = 1_000;
export const CHART_CHANGES_MAX = 200;
/** An entry, its parent, and so on. */
const DEPTH_MAX = 8;

export const chartCode = () =>
  t.integer({ minimum: 1, maximum: 65_535, description: 'That of the accounts it is about.' });

const KINDS = ['asset', 'liability', 'equity', 'income', 'expense'] as const;
export type Kind = (typeof KINDS)[number];

const entryMembers = {
  code: chartCode(),
  name: t.string({ minLength: 1, maxLength: 80 }),
  kind: t.enum(KINDS),
  parent: t.optional(chartCode()),
};
export const ChartEntry = t.named('ChartEntry', t.object(entryMembers));
export const ChartLine = t.named(
  'ChartLine',
  t.object({ ...entryMembers, depth: t.integer({ minimum: 0, maximum: DEPTH_MAX - 1 }) }),
);

export type Entry = Static<typeof ChartEntry>;
export type Chart = ReadonlyMap<number, Entry>;

/** The kinds whose balance is credits less debits. */
const CREDIT_KINDS: ReadonlySet<Kind> = new Set(['liability', 'equity', 'income']);

/** Debits less credits, or the other way round: the side on which a kind grows. */
export const balanceOf = (kind: Kind | undefined, debits: bigint, credits: bigint): bigint =>
  kind !== undefined && CREDIT_KINDS.has(kind) ? credits - debits : debits - credits;

/**
 * The chart with entries set and others taken out.
 * @throws LIMIT_EXCEEDED where it is too long or too deep
 * @throws INPUT_INVALID where an entry has a parent that is not there, is of another kind, or is below
 * itself, or where a code is named twice
 */
export function changed(
  chart: Chart,
  entries: readonly Entry[],
  removed: readonly number[],
): Chart {
  const named = [...entries.map(({ code }) => code), ...removed];
  const twice = named.find((code, index) => named.indexOf(code) !== index);
  if (twice !== undefined)
    fail('INPUT_INVALID', 'A change of the chart names each code once.', { code: twice });
  const next = new Map(chart);
  for (const code of removed)
    if (!next.delete(code))
      fail('INPUT_INVALID', `The chart has no entry ${code} to take out.`, { code });
  for (const entry of entries) next.set(entry.code, entry);
  if (next.size > CHART_ENTRIES_MAX)
    fail('LIMIT_EXCEEDED', `A chart has at most ${CHART_ENTRIES_MAX} entries.`, {
      limit: CHART_ENTRIES_MAX,
    });
  for (const entry of next.values()) checkParents(next, entry);
  return next;
}

function checkParents(chart: Chart, entry: Entry): void {
  const seen = new Set<number>();
  for (let at = entry; at.parent !== undefined;) {
    seen.add(at.code);
    const parent = chart.get(at.parent);
    if (parent === undefined)
      return fail('INPUT_INVALID', `The chart has no entry ${at.parent}.`, { parent: at.parent });
    if (parent.kind !== at.kind)
      fail('INPUT_INVALID', 'An entry is of the kind of its parent.', { code: at.code });
    if (seen.has(parent.code))
      fail('INPUT_INVALID', 'An entry is not below itself.', { code: parent.code });
    if (seen.size >= DEPTH_MAX)
      fail('LIMIT_EXCEEDED', `A chart has at most ${DEPTH_MAX} levels.`, {
        limit: DEPTH_MAX,
        code: entry.code,
      });
    at = parent;
  }
}

/** Codes whose kind is another afterwards, or that have none any more. */
export const reclassifiedIn = (before: Chart, after: Chart): number[] =>
  [...before.values()]
    .filter(({ code, kind }) => after.get(code)?.kind !== kind)
    .map(({ code }) => code);

/** All entries, each after its parent, in the order of codes, with their depth. */
export function inTreeOrder(chart: Chart): Static<typeof ChartLine>[] {
  const below = Map.groupBy(
    [...chart.values()].toSorted((a, b) => a.code - b.code),
    ({ parent }) => parent,
  );
  const from = (parent: number | undefined, depth: number): Static<typeof ChartLine>[] =>
    (below.get(parent) ?? []).flatMap((entry) => [
      { ...entry, depth },
      ...from(entry.code, depth + 1),
    ]);
  return from(undefined, 0);
}
