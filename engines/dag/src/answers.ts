import type { Block } from './block.ts';
import type { Certificate } from './checkpoint.ts';
import type { EpochRun } from './epochRun.ts';
import type { Vote } from './finality.ts';
import type { History } from './history.ts';
import type { Message, Peer, Want } from './messages.ts';
import type { NodeSettings } from './settings.ts';
import { Sent } from './sent.ts';
import { withinBytes } from './serving.ts';
import { Sparing } from './sparing.ts';

const CERTIFICATES_AT_ONCE = 4;

/** What a node answers those who are behind: blocks, certificates, and whole states, the larger the seldomer. */
export class Answers {
  readonly #history: History;
  readonly #snapshots: Sparing;
  readonly #certificates: Sparing;
  readonly #wanted: Sparing;
  readonly #sent: Sent;
  readonly #silence_ms: number;
  #certified_ms = -Infinity;

  constructor(history: History, { snapshotAgain_ms, silence_ms }: NodeSettings) {
    this.#history = history;
    this.#snapshots = new Sparing(snapshotAgain_ms);
    this.#certificates = new Sparing(silence_ms);
    this.#wanted = new Sparing(silence_ms / 2);
    this.#sent = new Sent(silence_ms / 2);
    this.#silence_ms = silence_ms;
  }

  /** A certificate was made or came. */
  certified(now_ms: number): void {
    this.#certified_ms = now_ms;
  }

  /** What was asked for, or where to begin where that is gone. @param run of the epoch that is asked about */
  blocks(
    from: Peer,
    epoch: number,
    run: EpochRun | undefined,
    find: (run: EpochRun) => readonly Block[] | undefined,
    now_ms: number,
  ): Message | undefined {
    const found = run === undefined ? undefined : find(run);
    if (run === undefined || found === undefined) return this.#snapshot(from, epoch, now_ms);
    const blocks = withinBytes(found);
    const due = new Set(this.#sent.due(from, blocks, now_ms));
    // Whoever had two blocks of an equivocator for one round did not keep a third, and may need that one now.
    const goOut = blocks.filter((block) => due.has(block) || run.equivocators.has(block.author));
    return goOut.length > 0 ? { kind: 'blocks', blocks: goOut } : undefined;
  }

  /** An own block goes to these peers without being asked for. */
  said(peers: readonly Peer[], block: Block, now_ms: number): void {
    for (const peer of peers) this.#sent.due(peer, [block], now_ms);
  }

  /**
   * Whoever still votes for what is certified here missed the certificate. The votes that come behind the quorum
   * are not answered so: they are said in any case.
   */
  certificate(from: Peer, { seq }: Vote, now_ms: number): Message | undefined {
    const latest = this.#history.latest?.certificate.checkpoint.seq ?? 0;
    const isBehind = now_ms >= this.#certified_ms + this.#silence_ms / 2;
    if (seq > latest || (seq === latest && !isBehind)) return undefined;
    const certificate = this.#history.certificate(seq);
    return certificate !== undefined && this.#certificates.allows(from, now_ms)
      ? { kind: 'certificate', certificate }
      : undefined;
  }

  /** Certificates from one on, for those who do not vote and so hear of none. */
  certificates(from: Peer, { fromSeq, isOwn }: Want, now_ms: number): readonly Certificate[] {
    if (isOwn || !this.#wanted.allows(from, now_ms)) return [];
    const seqs = Array.from({ length: CERTIFICATES_AT_ONCE }, (_, at) => fromSeq + at);
    return seqs.flatMap((seq) => this.#history.certificate(seq) ?? []);
  }

  #snapshot(to: Peer, epoch: number, now_ms: number): Message | undefined {
    const snapshot = this.#history.snapshotFrom(epoch);
    // A whole state for a few bytes of a question: seldom, whoever asks.
    return snapshot !== undefined && this.#snapshots.allows(to, now_ms)
      ? { kind: 'snapshot', snapshot }
      : undefined;
  }
}
