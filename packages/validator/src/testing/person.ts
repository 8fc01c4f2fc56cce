import { importPrivateKey, rawPublicKey, signSingle } from '@anarq/crypto';
import {
  accountOf,
  bytesOfHex,
  encodeEntry,
  hexOf,
  signedBytes,
  transactionId,
  type Action,
  type Transaction,
} from '@anarq/dag';

/** How long a transaction may wait for its place. */
const PATIENCE_MS = 300_000;

/** Somebody with an account on a chain: makes and signs transactions. */
export class Person {
  readonly publicKey: Uint8Array;
  /** Account id, in hex. */
  readonly account: string;
  nonce = 0n;
  readonly #key: ReturnType<typeof importPrivateKey>;

  /** @param seed 32 bytes */
  constructor(seed: Uint8Array) {
    this.#key = importPrivateKey('mldsa65', seed);
    this.publicKey = rawPublicKey(this.#key);
    this.account = accountOf(this.publicKey);
  }

  /** The next transaction of the account. */
  make(action: Action, more: Partial<Transaction> = {}): Transaction {
    this.nonce += 1n;
    return {
      account: this.account,
      nonce: this.nonce,
      fee: 1n,
      notAfter_ms: Date.now() + PATIENCE_MS,
      action,
      ...more,
    };
  }

  pay(to: string, amount: bigint): Transaction {
    return this.make({ kind: 'transfer', to, amount, memo: new Uint8Array() });
  }

  /** Transactions under one signature. @param chainId in hex */
  sign(chainId: string, ...transactions: readonly Transaction[]): Uint8Array {
    const chain = bytesOfHex(chainId);
    const ids = transactions.map((transaction) => transactionId(chain, transaction));
    const signature = signSingle(this.#key, signedBytes(chain, this.account, ids));
    return encodeEntry(transactions, signature);
  }

  get publicKeyHex(): string {
    return hexOf(this.publicKey);
  }
}
