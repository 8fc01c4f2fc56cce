import { errorEntry, QError } from '@anarq/common-schemas';
import {
  bytesOfHex,
  encodeEntry,
  NONCES_OPEN,
  signedBytes,
  transactionId,
  type Action,
  type Receipt,
} from '@anarq/dag';
import type { Validator } from '@anarq/validator';
import { encodeChunks, fitting, type Chunk } from './chunks.ts';

/** Whose transactions carry the batches of a node. */
export interface OrderingAccount {
  /** Account id on the chain, in hex. */
  readonly id: string;
  /** ML-DSA-65. */
  readonly publicKey: Uint8Array;
  /** Signs 32 bytes. */
  readonly sign: (bytes: Uint8Array) => Uint8Array;
}

/** Nonces of the account that are under way; the chain tells apart a few more. */
const OPEN_MAX = NONCES_OPEN - 8;
/** After this the chain does not carry a transaction out any more, and it is made anew. */
const PATIENCE_MS = 120_000;
/** How far the clocks of the chain and of this node may be apart. */
const CLOCKS_APART_MS = 20_000;

interface Sent {
  readonly nonce: bigint;
  readonly id: string;
  readonly entry: Uint8Array;
  readonly chunks: readonly Chunk[];
  readonly notAfter_ms: number;
  /** When it was handed in last. */
  handedIn_ms: number;
}

export interface SenderOptions {
  readonly validator: Pick<Validator, 'submit' | 'account' | 'status' | 'chainId'>;
  readonly account: OrderingAccount;
  readonly space: Uint8Array;
  readonly fee: bigint;
  readonly now_ms: () => number;
  /** After how long what has no receipt is handed in again. */
  readonly again_ms: number;
  /** A batch that can never be ordered so. */
  readonly onRefused: (key: string, error: QError) => void;
}

/**
 * Hands chunks in as transactions, as many at once as the nonces of the account allow, and each again until
 * there is a receipt.
 */
export class Sender {
  readonly #options: SenderOptions;
  readonly #chainId: Uint8Array;
  readonly #queue: Chunk[] = [];
  readonly #sent = new Map<bigint, Sent>();
  readonly #timer: NodeJS.Timeout;
  #isScheduled = false;
  #isClosed = false;
  /** Whether the account was to be registered since the start. */
  #hasAsked = false;
  #resubmitted = 0;

  constructor(options: SenderOptions) {
    this.#options = options;
    this.#chainId = bytesOfHex(options.validator.chainId);
    this.#timer = setInterval(() => this.#again(), options.again_ms);
    this.#timer.unref();
    this.#schedule();
  }

  get resubmitted(): number {
    return this.#resubmitted;
  }

  /** Whether the chain knows the account's key: nothing else of it counts before. */
  get isRegistered(): boolean {
    const { validator, account } = this.#options;
    return validator.account(account.id)?.publicKey !== undefined;
  }

  send(chunks: readonly Chunk[]): void {
    this.#queue.push(...chunks);
    this.#schedule();
  }

  /** What became of transactions that a commit put in order. */
  hear(receipts: readonly Receipt[]): void {
    for (const { account, nonce, id, code } of receipts) {
      if (account !== this.#options.account.id) continue;
      const sent = this.#sent.get(nonce);
      if (sent === undefined) continue;
      if (sent.id === id && code === 'NONCE_TOO_FAR') continue;
      this.#sent.delete(nonce);
      if (sent.id !== id || code.startsWith('NONCE') || code.startsWith('EXPIR'))
        this.#queue.unshift(...sent.chunks);
      else if (code !== 'OK')
        this.#refuse(sent.chunks, new QError('INSUFFICIENT_FUNDS', told(code)));
    }
    this.#schedule();
  }

  close(): void {
    this.#isClosed = true;
    clearInterval(this.#timer);
    this.#queue.length = 0;
    this.#sent.clear();
  }

  /** What comes in together goes in one transaction. */
  #schedule(): void {
    if (this.#isScheduled || this.#isClosed) return;
    this.#isScheduled = true;
    setImmediate(() => {
      this.#isScheduled = false;
      this.#fill();
    });
  }

  #fill(): void {
    if (this.#isClosed) return;
    if (!this.isRegistered) return this.#register();
    while (this.#queue.length > 0 && this.#sent.size < OPEN_MAX) {
      const nonce = this.#nextNonce();
      if (nonce === undefined) return;
      this.#make(nonce, this.#queue.splice(0, fitting(this.#queue)));
    }
  }

  /** Nothing else of the account counts before its key is known: once at the start, and where something waits. */
  #register(): void {
    const nonce = this.#nextNonce();
    if (nonce === undefined || this.#sent.size > 0) return;
    if (this.#hasAsked && this.#queue.length === 0) return;
    this.#hasAsked = true;
    this.#make(nonce, []);
  }

  /** The lowest nonce that nothing is under way with; undefined where that is too far from the last. */
  #nextNonce(): bigint | undefined {
    const { validator, account } = this.#options;
    const used = validator.account(account.id)?.nonce ?? 0n;
    let nonce = used + 1n;
    while (this.#sent.has(nonce)) nonce += 1n;
    return nonce > used + BigInt(OPEN_MAX) ? undefined : nonce;
  }

  #make(nonce: bigint, chunks: readonly Chunk[]): void {
    const { account, space, fee, now_ms } = this.#options;
    const action: Action =
      chunks.length === 0
        ? { kind: 'register', publicKey: account.publicKey }
        : { kind: 'data', bytes: encodeChunks(space, chunks) };
    const notAfter_ms = now_ms() + PATIENCE_MS;
    const transaction = {
      account: account.id,
      nonce,
      fee,
      notAfter_ms,
      action,
    };
    const id = transactionId(this.#chainId, transaction);
    const signature = account.sign(signedBytes(this.#chainId, account.id, [id]));
    const entry = encodeEntry([transaction], signature);
    const sent = { nonce, id, entry, chunks, notAfter_ms, handedIn_ms: 0 };
    this.#sent.set(nonce, sent);
    void this.#handIn(sent);
  }

  async #handIn(sent: Sent): Promise<void> {
    sent.handedIn_ms = this.#options.now_ms();
    try {
      await this.#options.validator.submit(sent.entry);
    } catch (error) {
      if (this.#isClosed || this.#sent.get(sent.nonce) !== sent) return;
      this.#refused(sent, error);
    }
  }

  #refused(sent: Sent, error: unknown): void {
    const known = error instanceof QError ? error : undefined;
    // No room, or the chain is behind: it is handed in again.
    const mayPass =
      known === undefined || errorEntry(known.code).retryable || known.code === 'LIMIT_EXCEEDED';
    if (mayPass) return;
    this.#sent.delete(sent.nonce);
    // The nonce is used by another, of a process before this one; or the time is over.
    if (known.code === 'STATE_CONFLICT' || known.code === 'TIME_EXPIRED') {
      this.#queue.unshift(...sent.chunks);
      // What is used is known here with the next commit.
      return;
    }
    this.#refuse(sent.chunks, known);
  }

  #refuse(chunks: readonly Chunk[], error: QError): void {
    // Where the account cannot be registered, nothing that waits can be sent.
    const refused = chunks.length === 0 ? this.#queue.splice(0) : chunks;
    for (const key of new Set(refused.map((chunk) => chunk.key)))
      this.#options.onRefused(key, error);
  }

  #again(): void {
    const now = this.#options.now_ms();
    const used = this.#options.validator.account(this.#options.account.id)?.nonce ?? 0n;
    for (const sent of this.#sent.values()) {
      const state = this.#options.validator.status(sent.id)?.state;
      // Its receipt is on its way here.
      if (state === 'Confirmed' || state === 'Finalized') continue;
      if (sent.nonce <= used || now > sent.notAfter_ms + CLOCKS_APART_MS) {
        // Another one used the nonce, or the chain never carried it out: the books know whether the batch acted.
        this.#sent.delete(sent.nonce);
        this.#queue.unshift(...sent.chunks);
      } else if (now - sent.handedIn_ms >= this.#options.again_ms) {
        this.#resubmitted++;
        void this.#handIn(sent);
      }
    }
    this.#schedule();
  }
}

const told = (code: string): string => `The chain does not carry the batch: ${code}.`;
