/** What every result of a linked batch may be besides its own. */
type Chained = 'created' | 'linked_event_failed' | 'linked_event_chain_open';

/** How the events of a batch are carried out, and a chain of them undone. */
export interface LinkedWork<E, R extends string> {
  readonly isLinked: (event: E) => boolean;
  readonly execute: (event: E) => R | Chained;
  /** Begins a chain: from here on everything can be taken back. */
  readonly open: () => void;
  /** Takes back what was done since `open`. */
  readonly discard: () => void;
  readonly keep: () => void;
  /** Called for each refusal, after its chain was taken back. */
  readonly refused?: (event: E, result: R | Chained) => void;
}

/**
 * Runs a batch whose linked events stand or fall together: a chain is a run of events marked
 * linked, and the one after them. Where one fails, that one says why, and the others of the chain
 * answer `linked_event_failed`. A chain that the batch does not close fails.
 * Method: TigerBeetle, reference "linked" flag.
 */
export function runLinked<E, R extends string>(
  events: readonly E[],
  work: LinkedWork<E, R>,
): (R | Chained)[] {
  const results: (R | Chained)[] = [];
  let chainStart: number | undefined;
  let isBroken = false;
  for (const [index, event] of events.entries()) {
    const isLinked = work.isLinked(event);
    if (isLinked && chainStart === undefined) {
      chainStart = index;
      isBroken = false;
      work.open();
    }
    const result = resultOf(event, work, isLinked && index === events.length - 1, isBroken);
    if (result !== 'created') {
      if (chainStart !== undefined && !isBroken) {
        isBroken = true;
        work.discard();
        results.fill('linked_event_failed', chainStart, index);
      }
      work.refused?.(event, result);
    }
    results.push(result);
    if (chainStart !== undefined && (!isLinked || result === 'linked_event_chain_open')) {
      if (!isBroken) work.keep();
      chainStart = undefined;
      isBroken = false;
    }
  }
  return results;
}

function resultOf<E, R extends string>(
  event: E,
  work: LinkedWork<E, R>,
  isLeftOpen: boolean,
  isBroken: boolean,
): R | Chained {
  if (isLeftOpen) return 'linked_event_chain_open';
  if (isBroken) return 'linked_event_failed';
  return work.execute(event);
}
