import { certificateSize, simulateFollowers } from '@anarq/dag/testing';

/** What followers of a chain came to: how late a certificate is with them, and what it costs each. */
export interface FollowersSummary {
  readonly followers: number;
  readonly validators: number;
  /** Followers that the certificate reached. */
  readonly reached: number;
  /** From the certificate to its arrival at a follower, in simulated milliseconds. */
  readonly arrival_ms: { readonly p50: number; readonly p99: number; readonly last: number };
  /** Where the chain is forked: until a follower holds both certificates, which prove it. */
  readonly fork_ms: { readonly p50: number; readonly p99: number };
  /** Times that the certificate comes to a follower: from each of those whom it hears. */
  readonly copiesEach: number;
  readonly certificate_bytes: number;
  /** ML-DSA-65 signatures to be checked for it. */
  readonly checksEach: number;
}

const NETWORK = { neighbours: 4, delay_ms: [20, 100], sampled: 0, poll_ms: 0 } as const;
/** So many followers hear a validator. */
const FED = 20;

/** Lets a certificate of so many validators travel among followers, and then the two of a fork. */
export function followersOf(followers: number, validators: number, seed: number): FollowersSummary {
  const network = { ...NETWORK, seed, followers, fed: Math.ceil(followers / FED) };
  const calm = simulateFollowers({ ...network, isForked: false });
  const forked = simulateFollowers({ ...network, isForked: true });
  const { signatures, bytes } = certificateSize(validators);
  return {
    followers,
    validators,
    reached: calm.arrivals_ms.length,
    arrival_ms: {
      p50: at(calm.arrivals_ms, 0.5),
      p99: at(calm.arrivals_ms, 0.99),
      last: Math.round(calm.arrivals_ms.at(-1) ?? 0),
    },
    fork_ms: { p50: at(forked.held_ms, 0.5), p99: at(forked.held_ms, 0.99) },
    copiesEach: calm.certificatesEach,
    certificate_bytes: bytes,
    checksEach: signatures,
  };
}

const at = (times_ms: readonly number[], share: number): number =>
  Math.round(times_ms[Math.floor(share * times_ms.length)] ?? 0);

/** Lines of what followers came to: a figure, and what it is. */
export function followersRows(found: FollowersSummary): readonly (readonly [string, string])[] {
  const { followers, reached, arrival_ms, fork_ms, copiesEach, certificate_bytes, checksEach } =
    found;
  const kilobytes = (copiesEach * certificate_bytes) / 1_000;
  return [
    [
      `${reached.toLocaleString('en')}`,
      `of ${followers.toLocaleString('en')} followers have a certificate`,
    ],
    [`${arrival_ms.p50}`, 'ms after it was made, p50, in simulated time'],
    [`${arrival_ms.p99}`, `ms, p99; the last after ${arrival_ms.last}`],
    [
      `${fork_ms.p50}`,
      `ms, p50, until a follower holds both certificates of a fork; p99 ${fork_ms.p99}`,
    ],
    [copiesEach.toFixed(1), `times a certificate comes to each: ${kilobytes.toFixed(0)} kB`],
    [`${checksEach}`, 'signatures that each checks for it'],
  ];
}
