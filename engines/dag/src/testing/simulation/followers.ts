import { encodeCertificate } from '../../checkpoint.ts';
import { DIGEST_BYTES } from '../../hash.ts';
import { SimQueue } from './queue.ts';
import { SimRandom } from './random.ts';

export interface FollowersOptions {
  readonly seed: number;
  readonly followers: number;
  /** Neighbours that each follower chose; about as many chose it. */
  readonly neighbours: number;
  /** One follower in so many hears a validator. */
  readonly fed: number;
  readonly delay_ms: readonly [number, number];
  /** Peers that a follower asks at a time which checkpoint they hold for true; 0: nobody is asked. */
  readonly sampled: number;
  readonly poll_ms: number;
  /** Whether there are two certificates for one checkpoint, one for each half of the validators. */
  readonly isForked: boolean;
}

export interface FollowersReport {
  /** From the certificate to its arrival, of each follower that it reached, in order of size. */
  readonly arrivals_ms: readonly number[];
  /** When each follower held two certificates, and when it was told of two by those it asked. */
  readonly held_ms: readonly number[];
  readonly told_ms: readonly number[];
  /** Certificates, and questions with their answers, a follower. */
  readonly certificatesEach: number;
  readonly pollsEach: number;
}

const UNTIL_MS = 5_000;

/**
 * Followers who pass certificates on to their neighbours, and may ask others at random as Snowball does. A checkpoint
 * is certified at time 0; where validators are forked, the other half certifies another one within 100 ms.
 */
export function simulateFollowers(options: FollowersOptions): FollowersReport {
  const { followers, neighbours, fed, delay_ms, sampled, poll_ms, isForked } = options;
  const random = new SimRandom(options.seed);
  const queue = new SimQueue();
  const links = randomLinks(followers, neighbours, random);
  const held = Array.from({ length: followers }, () => [Infinity, Infinity] as [number, number]);
  const told_ms = Array.from({ length: followers }, () => Infinity);
  let certificates = 0;
  let polls = 0;
  const delay = () => random.between(delay_ms[0], delay_ms[1]);
  const arrive = (at: number, which: 0 | 1): void => {
    certificates += 1;
    const mine = held[at]!;
    if (mine[which] < Infinity) return;
    mine[which] = queue.now_ms;
    for (const to of links[at]!)
      queue.after(delay(), () => {
        arrive(to, which);
      });
  };
  for (let at = 0; at < followers; at += fed) {
    const which = isForked && random.chance(0.5) ? 1 : 0;
    queue.after(delay() + (which === 1 ? random.between(0, 100) : 0), () => {
      arrive(at, which);
    });
  }
  /** What a follower holds for true: the certificate that came first. */
  const preferred = ([a, b]: readonly [number, number]): 0 | 1 | undefined =>
    a === Infinity && b === Infinity ? undefined : a <= b ? 0 : 1;
  const poll = (at: number): void => {
    if (told_ms[at]! < Infinity || queue.now_ms > UNTIL_MS / 2) return;
    const answers = new Set<number>();
    const mine = preferred(held[at]!);
    if (mine !== undefined) answers.add(mine);
    for (let asked = 0; asked < sampled; asked += 1) {
      polls += 2;
      const other = random.below(followers);
      const there = delay();
      queue.after(there, () => {
        const answer = preferred(held[other]!);
        queue.after(delay(), () => {
          if (answer !== undefined) answers.add(answer);
          if (answers.size > 1) told_ms[at] = Math.min(told_ms[at]!, queue.now_ms);
        });
      });
    }
    queue.after(poll_ms, () => {
      poll(at);
    });
  };
  if (sampled > 0)
    for (let at = 0; at < followers; at += 1)
      queue.after(random.between(0, poll_ms), () => {
        poll(at);
      });
  queue.runUntil(UNTIL_MS);
  const sorted = (times: readonly number[]) =>
    times.filter((time) => time < Infinity).toSorted((a, b) => a - b);
  return {
    arrivals_ms: sorted(held.map(([a, b]) => Math.min(a, b))),
    held_ms: sorted(held.map(([a, b]) => Math.max(a, b))),
    told_ms: sorted(told_ms),
    certificatesEach: certificates / followers,
    pollsEach: polls / followers,
  };
}

/** Whom each follower hears: those whom it chose, and those who chose it. */
function randomLinks(
  followers: number,
  neighbours: number,
  random: SimRandom,
): readonly (readonly number[])[] {
  const links: number[][] = Array.from({ length: followers }, () => []);
  for (const [at, own] of links.entries())
    for (let count = 0; count < neighbours; count += 1) {
      const other = random.below(followers);
      own.push(other);
      links[other]?.push(at);
    }
  return links;
}

const SIGNATURE_BYTES = 3_309;

/** Signatures in a certificate of so many validators, and the bytes that it travels in with those of ML-DSA-65. */
export function certificateSize(validators: number): {
  readonly signatures: number;
  readonly bytes: number;
} {
  const signatures = validators - Math.floor((validators - 1) / 3);
  const digest = new Uint8Array(DIGEST_BYTES);
  const certificate = {
    checkpoint: {
      chainId: digest,
      epoch: 0,
      seq: 1,
      round: 1,
      time_ms: 0,
      commits: 1,
      commitDigest: digest,
      stateRoot: digest,
      receiptsRoot: digest,
      receipts: 0,
      supply: 0n,
      orderDigest: digest,
      validatorsNextHash: digest,
      endsEpoch: false,
    },
    signatures: Array.from({ length: signatures }, (_, validator) => ({
      validator,
      signature: new Uint8Array(SIGNATURE_BYTES),
    })),
  };
  return { signatures, bytes: encodeCertificate(certificate).length };
}
