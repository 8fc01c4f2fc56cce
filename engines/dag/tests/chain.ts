import {
  accountOf,
  beginningOf,
  encodeEntry,
  signedBytes,
  stateRoot,
  transactionId,
} from '../src/index.ts';
import type { Action, Certificate, Entry, Transaction } from '../src/index.ts';
import { decodeEntry } from '../src/index.ts';
import { IdealKeys } from '../src/testing/index.ts';

/** A small chain with people who have keys and money. */
export const keys = new IdealKeys();
export const TIME_MS = 1_800_000_000_000;
const people = ['authority', 'ana', 'ben', 'treasury'].map((name) => {
  const publicKey = keys.make(name);
  return { name, publicKey, id: accountOf(publicKey) };
});
export const [authority, ana, ben, treasury] = people as [Person, Person, Person, Person];
export type Person = (typeof people)[number];

export const validators = [0, 1, 2, 3].map((at) => keys.make(`validator ${at}`));

export const genesis = {
  name: 'test',
  time_ms: TIME_MS,
  validators,
  authority: authority.id,
  treasury: treasury.id,
  fee_min: 1n,
  accounts: people.slice(0, 3).map(({ id, publicKey }) => ({ id, publicKey, balance: 1_000n })),
};
export const { committee, executed } = beginningOf(genesis);
export const { chainId } = committee;

export const transfer = (to: Person, amount: bigint): Action => ({
  kind: 'transfer',
  to: to.id,
  amount,
  memo: new Uint8Array(),
});

export function transactionOf(
  who: Person,
  nonce: bigint,
  action: Action,
  more: Partial<Transaction> = {},
): Transaction {
  return { account: who.id, nonce, fee: 1n, notAfter_ms: TIME_MS + 60_000, action, ...more };
}

/** Bytes of an entry that its owner signed. */
export function entryBytes(who: Person, ...transactions: readonly Transaction[]): Uint8Array {
  const ids = transactions.map((transaction) => transactionId(chainId, transaction));
  return encodeEntry(transactions, keys.sign(who.publicKey, signedBytes(chainId, who.id, ids)));
}

export const entryOf = (who: Person, ...transactions: readonly Transaction[]): Entry =>
  decodeEntry(chainId, entryBytes(who, ...transactions));

export const digest = (value: number): Uint8Array => new Uint8Array(32).fill(value);

/** A certificate in its form; its signatures are none. */
export const certificate: Certificate = {
  checkpoint: {
    chainId,
    epoch: 0,
    seq: 3,
    round: 70,
    time_ms: TIME_MS,
    commits: 40,
    commitDigest: digest(1),
    stateRoot: stateRoot(executed.state),
    receiptsRoot: digest(2),
    receipts: 7,
    supply: executed.state.supply,
    orderDigest: digest(3),
    validatorsNextHash: digest(4),
    endsEpoch: true,
  },
  signatures: [0, 1, 3].map((validator) => ({ validator, signature: digest(validator) })),
};
