import type { Period } from '@anarq/authority';
import { fail } from '@anarq/common-schemas';
import {
  canonicalJson,
  equalBytes,
  utf8,
  verifyCall,
  type PublicKeyObjects,
  type Sealer,
} from '@anarq/crypto';
import type { Principal } from './call.ts';

/** A part of a budget that a call holds while it runs, one for each link that carries a budget. */
export interface Reservation {
  readonly grant: string;
  readonly unit: string;
  readonly amount_minor: bigint;
  /** The periods in which it was taken, where the link limits what is spent over one. */
  readonly periods?: readonly DrawnPeriod[];
  /** Where it is a part of what another node set aside: of which, and for which counters of links. */
  readonly allotment?: DrawnAllotment;
}

interface DrawnAllotment {
  readonly from: string;
  readonly id: string;
  readonly covers: readonly string[];
}

/** A period on which a call draws. */
export interface DrawnPeriod {
  readonly period: Period;
  readonly start_ms: number;
  readonly limit_minor: bigint;
}

/** The same as it is kept: without numbers that JSON does not know. */
export interface KeptReservation {
  readonly grant: string;
  readonly unit: string;
  readonly amount: string;
  readonly periods?: readonly {
    readonly period: Period;
    readonly start_ms: number;
    readonly limit: string;
  }[];
  readonly allotment?: DrawnAllotment;
}

/**
 * The authority that the admission of a signed call mints for its steps: on whose behalf, within
 * which ceiling, until when, and for which operations the contract announced. The node's code over
 * it keeps it whole while it waits in the store.
 */
export interface Capability {
  readonly process: string;
  /** Operation that was admitted: 'qmarket.purchase'. */
  readonly operation: string;
  /** CID of the record of the admission. */
  readonly record: string;
  readonly principal: Principal;
  readonly subject: string;
  readonly inputDigest: string;
  /** The call carried a full signature, or the custodian's. */
  readonly signature: 'full' | 'session';
  /** The signed call at the root of all processes around a step, where one was signed in full. */
  readonly root?: RootCall;
  readonly ceiling?: { readonly amount: string; readonly unit: string };
  /** It is part of an undo, which is never stopped. */
  readonly undoes?: true;
  readonly uses: readonly string[];
  /** Every link of the grants that allowed the call. */
  readonly links: readonly string[];
  readonly reservations: readonly KeptReservation[];
  /** Links whose budgets this process, or one around it, holds: its steps count within that. */
  readonly held: readonly string[];
  readonly expires_ms: number;
  /** W3C `traceparent` of the call that was admitted: its steps go on from there. */
  readonly traceparent?: string;
}

/** What it takes to verify the caller's own signature again, also in another process of the node. */
export interface RootCall {
  readonly operation: string;
  readonly version: string;
  readonly inputDigest: string;
  readonly identity: string;
  readonly subId?: string;
  readonly subject?: string;
  readonly grant?: string;
  readonly idempotencyKey?: string;
  readonly ts: string;
  readonly signature: string;
}

/** Whether a capability stands on a call that the owner of these keys signed in full, to this node. */
export function verifyRoot(capability: Capability, node: string, keys: PublicKeyObjects): boolean {
  if (capability.root === undefined) return false;
  const { signature, ...fields } = capability.root;
  return verifyCall(keys, { node, ...fields }, signature);
}

export interface SealedCapability {
  readonly capability: Capability;
  readonly code: string;
}

/** Long enough for a node to be down over a weekend, short enough to forget. */
export const CAPABILITY_LIFE_MS = 7 * 24 * 3_600_000;

const CODED = 'capability';

export const mintCapability = (sealer: Sealer, capability: Capability): SealedCapability => ({
  capability,
  code: codeOf(sealer, capability),
});

/** @throws INTERNAL when the stored capability is not the one that was minted */
export function openCapability(sealer: Sealer, sealed: SealedCapability): Capability {
  const message = utf8(canonicalJson(sealed.capability));
  const isMinted = sealer
    .macs(CODED, message)
    .some((code) => equalBytes(utf8(hexOf(code)), utf8(sealed.code)));
  if (!isMinted)
    fail('INTERNAL', 'A stored capability was changed.', { process: sealed.capability.process });
  return sealed.capability;
}

const codeOf = (sealer: Sealer, capability: Capability): string =>
  hexOf(sealer.mac(CODED, utf8(canonicalJson(capability))));

const hexOf = (code: Uint8Array): string => Buffer.from(code).toString('hex');

export const reservationsOf = (reservations: readonly Reservation[]): KeptReservation[] =>
  reservations.map(({ grant, unit, amount_minor, periods, allotment }) => ({
    grant,
    unit,
    amount: amount_minor.toString(),
    ...(allotment === undefined ? {} : { allotment }),
    ...(periods === undefined
      ? {}
      : {
          periods: periods.map(({ period, start_ms, limit_minor }) => ({
            period,
            start_ms,
            limit: limit_minor.toString(),
          })),
        }),
  }));

export const reservationsFrom = ({
  reservations,
}: {
  readonly reservations: readonly KeptReservation[];
}): Reservation[] =>
  reservations.map(({ grant, unit, amount, periods, allotment }) => ({
    grant,
    unit,
    amount_minor: BigInt(amount),
    ...(allotment === undefined ? {} : { allotment }),
    ...(periods === undefined
      ? {}
      : {
          periods: periods.map(({ period, start_ms, limit }) => ({
            period,
            start_ms,
            limit_minor: BigInt(limit),
          })),
        }),
  }));
