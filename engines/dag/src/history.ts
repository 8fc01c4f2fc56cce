import type { Certificate } from './checkpoint.ts';
import { committeeDigest, type Committee } from './committee.ts';
import type { Certified } from './finality.ts';
import { hexOf } from './hash.ts';
import type { BeginState, EpochEnd, Snapshot } from './messages.ts';
import type { Executed } from './order.ts';

const TRAIL_MAX = 4_096;
/** The epoch of the last certificate begins with one of the last ends, or they are still coming in. */
const ENDS_KEPT = 4;
/** So many certificates are kept for those who missed one. */
const CERTIFICATES_MAX = 16;

/**
 * What a node knows to be final: the ends of epochs, and the last checkpoint with a certificate. Of the ends it
 * keeps those after which other validators followed, and the last ones: so it grows with changes and not with time.
 */
export class History {
  readonly #trail: EpochEnd[];
  readonly #certificates = new Map<number, Certificate>();
  #latest: Certified | undefined;

  #begin: BeginState;

  constructor(begin: BeginState) {
    this.#trail = [...begin.trail];
    this.#begin = begin;
  }

  /**
   * Where a start may begin: here, or where it could before, as long as the end of an epoch before has no
   * certificate. Who began behind it would never get one, and could show nobody how its committee came to be.
   */
  begin(committee: Committee, executed: Executed, isWayOpen: boolean): BeginState {
    const before = committee.epoch - 1;
    const isEndHere =
      before < 0 || this.#trail.some((end) => end.certificate.checkpoint.epoch === before);
    if (isEndHere && !isWayOpen) this.#begin = { committee, executed, trail: this.trail };
    return this.#begin;
  }

  /** The ends of epochs that are known, the oldest first. */
  get trail(): readonly EpochEnd[] {
    return [...this.#trail];
  }

  get latest(): Certified | undefined {
    return this.#latest;
  }

  certified(certified: Certified): void {
    const { certificate, executed } = certified;
    const { seq, endsEpoch } = certificate.checkpoint;
    if (endsEpoch) this.#add({ certificate, nextKeys: executed.state.nextValidators });
    this.#certificates.set(seq, certificate);
    const [oldest] = this.#certificates.keys();
    if (oldest !== undefined && this.#certificates.size > CERTIFICATES_MAX)
      this.#certificates.delete(oldest);
    if (seq > (this.#latest?.certificate.checkpoint.seq ?? 0)) this.#latest = certified;
  }

  /** One of the last certificates, or the one of an end of an epoch. */
  certificate(seq: number): Certificate | undefined {
    return (
      this.#certificates.get(seq) ??
      this.#trail.find(({ certificate: { checkpoint } }) => checkpoint.seq === seq)?.certificate
    );
  }

  /** @param fromEpoch the epoch that was known: only ends from there up to the snapshot's epoch were checked */
  adopted({ trail, certificate, executed }: Snapshot, fromEpoch: number): void {
    for (const end of trail) {
      const { epoch } = end.certificate.checkpoint;
      if (epoch >= fromEpoch && epoch < certificate.checkpoint.epoch) this.#add(end);
    }
    this.certified({ certificate, executed });
  }

  /** What somebody needs that stands in an epoch; undefined where nothing is final yet. */
  snapshotFrom(epoch: number): Snapshot | undefined {
    if (this.#latest === undefined) return undefined;
    const { certificate, executed } = this.#latest;
    const { seq } = certificate.checkpoint;
    const trail = this.#trail.filter(
      ({ certificate: { checkpoint } }) => checkpoint.epoch >= epoch && checkpoint.seq <= seq,
    );
    return { trail, certificate, executed };
  }

  /** Certificates may come in another order than their epochs. */
  #add(end: EpochEnd): void {
    const { epoch } = end.certificate.checkpoint;
    const at = this.#trail.findIndex((each) => each.certificate.checkpoint.epoch >= epoch);
    if (at < 0) this.#trail.push(end);
    else if (this.#trail[at]?.certificate.checkpoint.epoch !== epoch)
      this.#trail.splice(at, 0, end);
    else return;
    this.#shorten();
    if (this.#trail.length > TRAIL_MAX) this.#trail.shift();
  }

  /** Leaves out ends after which the same validators stayed; but of the last ones a new node needs the seed. */
  #shorten(): void {
    for (let at = this.#trail.length - 1 - ENDS_KEPT; at > 0; at -= 1)
      if (isSame(this.#trail[at - 1]!.nextKeys, this.#trail[at]!.nextKeys))
        this.#trail.splice(at, 1);
  }
}

const isSame = (a: readonly Uint8Array[], b: readonly Uint8Array[]): boolean =>
  hexOf(committeeDigest(a)) === hexOf(committeeDigest(b));
