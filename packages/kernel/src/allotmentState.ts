import type { Row } from '@anarq/store';
import { textOfMinor } from './budgetCounters.ts';

/** An allotment as one of the two nodes sees it. */
export interface AllotmentState {
  readonly allotmentId: string;
  readonly grant: string;
  /** GIVEN: set aside here for another node. TAKEN: set aside elsewhere, for this one. */
  readonly side: 'GIVEN' | 'TAKEN';
  readonly from: string;
  readonly to: string;
  readonly unit: string;
  readonly amount: string;
  /** Of one that was given: what the other node told in the end. */
  readonly spent: string;
  /** Held by calls that are under way; of one that was given, all that was not told of yet. */
  readonly reserved: string;
  readonly expiresAt: string;
  readonly state: 'OPEN' | 'CLOSED' | 'LOST';
}

const instantOf = (row: Row): string => new Date(row['expires_ms'] as number).toISOString();

/** One that this node set aside, from its row. */
export function givenState(row: Row, node: string): AllotmentState {
  const unit = row['unit'] as string;
  const isOpen = row['state'] === 'OPEN';
  const amount = textOfMinor(row['amount_minor'] as bigint, unit);
  return {
    allotmentId: row['id'] as string,
    grant: row['grant_cid'] as string,
    side: 'GIVEN',
    from: node,
    to: row['node'] as string,
    unit,
    amount,
    spent: textOfMinor(row['spent_minor'] as bigint, unit),
    reserved: isOpen ? amount : textOfMinor(0n, unit),
    expiresAt: instantOf(row),
    state: row['state'] as AllotmentState['state'],
  };
}

/** One that another node set aside for this one. */
export function takenState(row: Row, node: string): AllotmentState {
  const unit = row['unit'] as string;
  return {
    allotmentId: row['id'] as string,
    grant: row['grant_cid'] as string,
    side: 'TAKEN',
    from: row['issuer'] as string,
    to: node,
    unit,
    amount: textOfMinor(row['amount_minor'] as bigint, unit),
    spent: textOfMinor(row['spent_minor'] as bigint, unit),
    reserved: textOfMinor(row['reserved_minor'] as bigint, unit),
    expiresAt: instantOf(row),
    state: row['state'] as AllotmentState['state'],
  };
}
