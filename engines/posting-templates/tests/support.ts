import { parseTemplate, run, type Completed, type Refusal } from '../src/index.ts';

export interface Given {
  readonly variables?: Readonly<Record<string, string>>;
  /** By 'account asset', or 'account asset COLOUR'. */
  readonly balances?: Readonly<Record<string, bigint>>;
  /** By account and key. */
  readonly metadata?: Readonly<Record<string, Readonly<Record<string, string>>>>;
}

export function outcomeOf(text: string, given: Given = {}): ReturnType<typeof run> {
  const { variables = {}, balances = {}, metadata = {} } = given;
  return run(parseTemplate(text), {
    variables,
    balances: (account, asset, color) => balances[`${account} ${asset} ${color}`.trimEnd()] ?? 0n,
    metadata: (account, key) => metadata[account]?.[key],
  });
}

export function completed(text: string, given: Given = {}): Completed {
  const outcome = outcomeOf(text, given);
  if (outcome.ok) return outcome;
  throw new Error(`refused: ${outcome.refusal.message}`);
}

export function refused(text: string, given: Given = {}): Refusal {
  const outcome = outcomeOf(text, given);
  if (!outcome.ok) return outcome.refusal;
  throw new Error('the run was not refused');
}

/** Postings as 'source -> destination amount asset'. */
export const linesOf = ({ postings }: Completed): string[] =>
  postings.map(
    ({ source, destination, amountMinor, asset, color }) =>
      `${source} -> ${destination} ${amountMinor} ${asset}${color === undefined ? '' : ` ${color}`}`,
  );

export const moved = (text: string, given: Given = {}): string[] => linesOf(completed(text, given));
