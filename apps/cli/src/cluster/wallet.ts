import type { KeyObject } from 'node:crypto';
import {
  accountOf,
  encodeEntry,
  signedBytes,
  transactionId,
  type Action,
  type Transaction,
} from '@anarq/dag';
import { importPrivateKey, rawPublicKey, signSingle } from '@anarq/crypto';

export const publicKeyOf = (seed: Uint8Array): Uint8Array =>
  rawPublicKey(importPrivateKey('mldsa65', seed));

/** Transactions, signed and as they travel, with the id of each. */
export interface SignedEntry {
  readonly bytes: Uint8Array;
  readonly ids: readonly string[];
}

/** Signs the transactions of one account, each with the next nonce. */
export class Wallet {
  readonly account: string;
  readonly #chainId: Uint8Array;
  readonly #key: KeyObject;
  #nonce: bigint;

  /** @param nonce the next that the chain expects of this account */
  constructor(chainId: Uint8Array, seed: Uint8Array, nonce: bigint) {
    this.#chainId = chainId;
    this.#key = importPrivateKey('mldsa65', seed);
    this.account = accountOf(rawPublicKey(this.#key));
    this.#nonce = nonce;
  }

  /** One signature over all of them; at most 256. */
  sign(
    actions: readonly Action[],
    { fee, notAfter_ms }: { readonly fee: bigint; readonly notAfter_ms: number },
  ): SignedEntry {
    const transactions = actions.map((action): Transaction => {
      const nonce = this.#nonce;
      this.#nonce += 1n;
      return { account: this.account, nonce, fee, notAfter_ms, action };
    });
    const ids = transactions.map((transaction) => transactionId(this.#chainId, transaction));
    const signed = signedBytes(this.#chainId, this.account, ids);
    return { bytes: encodeEntry(transactions, signSingle(this.#key, signed)), ids };
  }
}
