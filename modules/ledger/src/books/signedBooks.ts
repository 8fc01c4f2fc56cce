import { QError } from '@anarq/common-schemas';
import { importPrivateKey } from '@anarq/crypto';
import type { OwnLogPlace } from '@anarq/kernel';
import type { BalanceProof, LedgerCheckpoint, TransferProof } from '@anarq/ledger-engine';
import { formatVkey, parseVkey, SIGNATURE_TYPE, vkeyOf } from '@anarq/tlog';
import { Checkpoints } from '../engine/checkpoints.ts';
import { readNotes } from '../engine/signedNotes.ts';
import type { LedgerWriter } from '../engine/writer.ts';

/** What the key of the checkpoints is derived for. */
const LABEL = 'checkpoints';

/**
 * The signed checkpoints of the books of a node. The thread that makes them reads the log once more and
 * keeps the books a second time, so it runs from the first batch of the socket, or the first question,
 * until the node stops, and not at all where nobody asks.
 */
export class SignedBooks {
  /** The verifier key (C2SP signed-note) under which all notes are signed. */
  readonly vkey: string;
  readonly #name: string;
  readonly #key: ReturnType<typeof importPrivateKey>;
  readonly #place: Pick<OwnLogPlace, 'folder' | 'secrets' | 'onError'>;
  readonly #writer: LedgerWriter;
  readonly #segmentPages: number;
  #running: Checkpoints | undefined;

  constructor(
    place: Pick<OwnLogPlace, 'folder' | 'origin' | 'secrets' | 'onError'>,
    writer: LedgerWriter,
    segmentPages: number,
  ) {
    const [secret] = place.secrets(LABEL);
    if (secret === undefined) throw new Error('a node has a root key');
    this.#name = `${place.origin}/ledger`;
    this.#key = importPrivateKey('mldsa44', secret);
    this.vkey = vkeyTextOf(this.#name, this.#key);
    this.#place = place;
    this.#writer = writer;
    this.#segmentPages = segmentPages;
  }

  /**
   * Has what an earlier root key signed last signed again: that key may be forgotten before anybody asks
   * for a checkpoint, and then nobody could hold the books to it any more.
   */
  signAgain(): void {
    try {
      readNotes(this.#place.folder, [parseVkey(this.vkey)]);
    } catch {
      // Of another key, or damaged: the thread knows which, and tells.
      this.begin();
    }
  }

  /** Has checkpoints made from now on. */
  begin(): Checkpoints {
    const { folder, secrets, onError } = this.#place;
    this.#running ??= new Checkpoints(folder, this.#writer, {
      segmentPages: this.#segmentPages,
      keyName: this.#name,
      keyDer: this.#key.export({ format: 'der', type: 'pkcs8' }),
      formerKeys: secrets(LABEL)
        .slice(1)
        .map((secret) => vkeyTextOf(this.#name, importPrivateKey('mldsa44', secret))),
      onFailure: onError,
    });
    return this.#running;
  }

  /**
   * The next checkpoint that has at least so many events.
   * @throws STATE_CONFLICT while nothing is in the books
   */
  covering(events: number): Promise<LedgerCheckpoint> {
    if (this.#writer.pages === 0)
      throw new QError('STATE_CONFLICT', 'Nothing is in the books yet.', { state: 'empty' });
    return this.begin().covering(events);
  }

  /** That a transfer is in the books: it waits for the checkpoint that has it. */
  async proveTransfer(key: bigint): Promise<TransferProof | undefined> {
    const ordinal = this.#writer.queries.ordinalOf(key);
    if (ordinal === undefined) return undefined;
    await this.covering(ordinal + 1);
    return this.begin().proveTransfer(key);
  }

  /** The balances of an account in the last checkpoint; undefined where they changed since. */
  async proveBalance(key: bigint): Promise<BalanceProof | undefined> {
    await this.covering(this.#writer.state.eventsCount);
    return this.begin().proveBalance(key);
  }

  async close(): Promise<void> {
    await this.#running?.close();
  }
}

const vkeyTextOf = (name: string, key: ReturnType<typeof importPrivateKey>): string =>
  formatVkey(vkeyOf(name, SIGNATURE_TYPE.mldsa44Cosignature, key));
