import {
  checkpointDigest,
  checkProof,
  endsNeeded,
  encodeMessage,
  hexOf,
  type Certificate,
  type DagNode,
  type Verify,
} from '@anarq/dag';
import { CERTIFICATES_ASKED_MAX, lostFrame } from './frames.ts';
import type { PeerNetwork } from './network.ts';
import type { Archive } from './types.ts';

/** One peer in turn is asked so often. */
const ASK_ms = 2_000;

export interface LostOptions {
  readonly archive: Archive;
  readonly network: PeerNetwork;
  readonly chainId: Uint8Array;
  /** The validators with which the chain began. */
  readonly validators: readonly Uint8Array[];
  readonly node: () => DagNode;
  /** Carries out a check with the signatures that it asks for. @param from in whose turn */
  readonly withSignatures: <T>(from: string, read: (verify: Verify) => T) => Promise<T>;
  readonly onFork: (seq: number) => void;
}

/**
 * Certificates of checkpoints that the history keeps without one: a crash came between the two, and the engine begins
 * behind it. Others still have them.
 */
export class LostCertificates {
  readonly #options: LostOptions;
  #asked_ms = -Infinity;
  #turn = 0;

  constructor(options: LostOptions) {
    this.#options = options;
  }

  tick(now_ms: number): void {
    const { archive, network, node } = this.#options;
    if (Math.abs(now_ms - this.#asked_ms) < ASK_ms) return;
    this.#asked_ms = now_ms;
    const seqs = (archive.lost?.() ?? []).slice(0, CERTIFICATES_ASKED_MAX).map(({ seq }) => seq);
    if (seqs.length === 0) return;
    const connected = new Set(network.connected());
    const peers = node().run.peers.filter((peer) => connected.has(peer));
    this.#turn += 1;
    const to = peers[this.#turn % peers.length];
    if (to !== undefined) network.send(to, lostFrame(seqs));
  }

  /** Sends those of these certificates that are here. */
  async answer(to: string, seqs: readonly number[]): Promise<void> {
    const { archive, network, node } = this.#options;
    for (const seq of seqs) {
      const certificate = node().history.certificate(seq) ?? (await archive.certificate?.(seq));
      if (certificate !== undefined)
        network.send(to, encodeMessage({ kind: 'certificate', certificate }));
    }
  }

  /** A certificate that the engine does not wait for. */
  async receive(from: string, certificate: Certificate): Promise<void> {
    const { archive, chainId, validators, node, withSignatures, onFork } = this.#options;
    const { seq, epoch } = certificate.checkpoint;
    const isLost = (): boolean => archive.lost?.().some((each) => each.seq === seq) === true;
    const made = archive.lost?.().find((each) => each.seq === seq);
    if (made === undefined) return;
    const trail = endsNeeded(node().history.trail, validators, epoch);
    const proof = { trail, certificate, subject: undefined };
    const { holds } = await withSignatures(from, (verify) =>
      checkProof(proof, chainId, validators, verify),
    );
    if (!holds || !isLost()) return;
    if (hexOf(checkpointDigest(made)) !== hexOf(checkpointDigest(certificate.checkpoint)))
      return onFork(seq);
    await archive.certified?.(certificate);
  }
}
