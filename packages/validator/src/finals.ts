import {
  accountProof,
  encodeProof,
  endsNeeded,
  receiptProof,
  type Certificate,
  type Checkpoint,
  type ChainState,
  type EpochEnd,
  type ExecutedCommit,
  type Receipt,
} from '@anarq/dag';

interface Final {
  readonly checkpoint: Checkpoint;
  readonly receipts: readonly Receipt[];
  certificate?: Certificate;
}

/** What the last checkpoints covered, and the certificates over them: what proofs are made of. */
export class Finals {
  readonly #checkpoints_max: number;
  /** The validators with which the chain began: what every proof leads from. */
  readonly #first: readonly Uint8Array[];
  readonly #finals = new Map<number, Final>();
  /** By transaction id: the checkpoint, and the place in it. */
  readonly #places = new Map<string, { readonly seq: number; readonly index: number }>();
  #open: Receipt[] = [];
  #latest: Certificate | undefined;

  constructor(checkpoints_max: number, first: readonly Uint8Array[]) {
    this.#checkpoints_max = checkpoints_max;
    this.#first = first;
  }

  get latest(): Certificate | undefined {
    return this.#latest;
  }

  executed({ receipts, checkpoint }: ExecutedCommit): void {
    for (const receipt of receipts) this.#open.push(receipt);
    if (checkpoint === undefined) return;
    const { seq } = checkpoint;
    for (const [index, { id }] of this.#open.entries())
      if (!this.#places.has(id)) this.#places.set(id, { seq, index });
    this.#finals.set(seq, { checkpoint, receipts: this.#open });
    this.#open = [];
    while (this.#finals.size > this.#checkpoints_max) this.#dropOldest();
  }

  /** What was executed before this is another's; it goes on behind a checkpoint. */
  adopted(): void {
    this.#open = [];
  }

  /** @returns the receipts that this makes final; none where they were not made here */
  certified(certificate: Certificate): readonly Receipt[] {
    const { seq } = certificate.checkpoint;
    if (seq > (this.#latest?.checkpoint.seq ?? 0)) this.#latest = certificate;
    const final = this.#finals.get(seq);
    if (final === undefined) return [];
    final.certificate = certificate;
    return final.receipts;
  }

  receiptProof(id: string, trail: readonly EpochEnd[]): Uint8Array | undefined {
    const place = this.#places.get(id);
    const final = place === undefined ? undefined : this.#finals.get(place.seq);
    if (place === undefined || final?.certificate === undefined) return undefined;
    const subject = receiptProof(final.receipts, place.index);
    return this.#proof(final.certificate, trail, subject);
  }

  /** @param state as the certificate covers it */
  accountProof(
    certificate: Certificate,
    state: ChainState,
    id: string,
    trail: readonly EpochEnd[],
  ): Uint8Array | undefined {
    const subject = accountProof(state, id);
    return subject === undefined ? undefined : this.#proof(certificate, trail, subject);
  }

  certificate(seq: number | undefined, trail: readonly EpochEnd[]): Uint8Array | undefined {
    const certificate = seq === undefined ? this.#latest : this.#finals.get(seq)?.certificate;
    return certificate === undefined ? undefined : this.#proof(certificate, trail, undefined);
  }

  #proof(
    certificate: Certificate,
    ends: readonly EpochEnd[],
    subject: Parameters<typeof encodeProof>[0]['subject'],
  ): Uint8Array {
    const trail = endsNeeded(ends, this.#first, certificate.checkpoint.epoch);
    return encodeProof({ trail, certificate, subject });
  }

  #dropOldest(): void {
    const [oldest] = this.#finals;
    if (oldest === undefined) return;
    const [seq, { receipts }] = oldest;
    this.#finals.delete(seq);
    for (const { id } of receipts) if (this.#places.get(id)?.seq === seq) this.#places.delete(id);
  }
}
