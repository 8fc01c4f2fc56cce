import type { ChainArchive, Position } from '@anarq/chain-store';
import { bytesOfHex, decodeProof, type EpochEnd } from '@anarq/dag';
import type { OwnLog } from '@anarq/kernel';
import type { ChainEvent, PeerNetwork, Validator } from '@anarq/validator';
import { Waits } from './waits.ts';

/** So long the last checkpoint is waited for when the node stops: its certificate is what proves it. */
const LAST_CERTIFICATE_MS = 2_000;

/** The chain as a node keeps it: a validator or a follower, the history that it writes, and its network. */
export class ChainNode implements OwnLog {
  readonly validator: Validator;
  readonly archive: ChainArchive;
  readonly network: PeerNetwork;
  readonly chainId: Uint8Array;
  readonly waits: Waits;
  /** Called when somebody begins to watch an account. */
  onWatched: () => void = () => undefined;
  #closing: Promise<void> | undefined;

  constructor(parts: {
    readonly validator: Validator;
    readonly archive: ChainArchive;
    readonly network: PeerNetwork;
  }) {
    this.validator = parts.validator;
    this.archive = parts.archive;
    this.network = parts.network;
    this.chainId = bytesOfHex(parts.validator.chainId);
    this.waits = new Waits(parts.validator);
  }

  on(listener: (event: ChainEvent) => void): () => void {
    return this.validator.on(listener);
  }

  /** The ends of epochs that this node knows of, also where it took a state from others. */
  trail(): readonly EpochEnd[] | undefined {
    const proof = this.validator.certificate();
    return proof === undefined ? undefined : decodeProof(proof).trail;
  }

  /** The place of the last transaction in the order. */
  async now(): Promise<Position> {
    const [last] = await this.archive.transactions({ limit: 1 });
    return last?.position ?? { commit: 0, index: 0 };
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    this.waits.close();
    await this.#lastCertificate();
    await this.validator.close();
    await this.archive.close();
    await this.network.close();
  }

  /** A certificate that comes after a stop is nowhere; so the last ones are waited for, for a moment. */
  async #lastCertificate(): Promise<void> {
    await this.archive.settled();
    if (this.archive.uncertified === 0 || this.validator.chain().stopped !== undefined) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    const timer = setTimeout(resolve, LAST_CERTIFICATE_MS);
    const look = async (): Promise<void> => {
      await this.archive.settled();
      if (this.archive.uncertified === 0) resolve();
    };
    const stop = this.validator.on((event) => {
      if (event.kind === 'finalized') void look();
    });
    await promise;
    stop();
    clearTimeout(timer);
  }
}
