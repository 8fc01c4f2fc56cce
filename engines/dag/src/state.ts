import {
  BALANCE_MAX,
  decodeAccount,
  encodeAccount,
  NOBODY,
  nonceState,
  withNonce,
  type Account,
} from './account.ts';
import { Malformed, Reader, Writer } from './bytes.ts';
import { committeeDigest, VALIDATORS_MAX } from './committee.ts';
import { bytesOfHex, DIGEST_BYTES, digestOf, hexOf } from './hash.ts';
import {
  accountOf,
  PUBLIC_KEY_BYTES_MAX,
  type Action,
  type Entry,
  type Transaction,
} from './transaction.ts';
import { lookUp, rootOf, valuesOf, withValue, type Trie } from './trie.ts';

/** The money and the rules of a chain. Nothing in it changes: a transaction makes another one. */
export interface ChainState {
  readonly accounts: Trie<Account>;
  /** The sum of all balances, at every moment. */
  readonly supply: bigint;
  /** May mint, and name the validators. */
  readonly authority: string;
  /** Gets the fees. */
  readonly treasury: string;
  readonly fee_min: bigint;
  /** Keys of the validators of the next epoch. */
  readonly nextValidators: readonly Uint8Array[];
}

/**
 * Why a transaction is refused. `NONCE_TOO_OLD` and `NONCE_TOO_FAR` stand in no receipt: with them a node answers
 * whoever hands such a transaction in.
 */
export type RejectionCode =
  | 'NONCE_USED'
  | 'NONCE_TOO_OLD'
  | 'NONCE_TOO_FAR'
  | 'EXPIRED'
  | 'EXPIRY_TOO_FAR'
  | 'FEE_TOO_LOW'
  | 'BALANCE_TOO_LOW'
  | 'BALANCE_OVERFLOW'
  | 'AMOUNT_ZERO'
  | 'NOT_AUTHORISED'
  | 'KEY_KNOWN'
  | 'KEY_OF_ANOTHER'
  | 'VALIDATORS_INVALID';

const CODES: readonly (RejectionCode | 'OK')[] = [
  'OK',
  'NONCE_USED',
  'NONCE_TOO_OLD',
  'NONCE_TOO_FAR',
  'EXPIRED',
  'EXPIRY_TOO_FAR',
  'FEE_TOO_LOW',
  'BALANCE_TOO_LOW',
  'BALANCE_OVERFLOW',
  'AMOUNT_ZERO',
  'NOT_AUTHORISED',
  'KEY_KNOWN',
  'KEY_OF_ANOTHER',
  'VALIDATORS_INVALID',
];

/** What became of a transaction, for good. */
export interface Receipt {
  /** The transaction's id, in hex. */
  readonly id: string;
  readonly account: string;
  readonly nonce: bigint;
  readonly code: RejectionCode | 'OK';
  /** Time of the commit that ordered it. */
  readonly time_ms: number;
}

/** How long before its end a transaction may be made: for so long, too, nonces must be told apart. */
export const EXPIRY_MAX_ms = 600_000;

export const encodeReceipt = ({ id, account, nonce, code, time_ms }: Receipt): Uint8Array =>
  new Writer()
    .raw(bytesOfHex(id))
    .raw(bytesOfHex(account))
    .u64(nonce)
    .u8(CODES.indexOf(code))
    .time_ms(time_ms)
    .done();

/** @throws Malformed */
export function decodeReceipt(bytes: Uint8Array): Receipt {
  const reader = new Reader(bytes);
  const id = hexOf(reader.raw(DIGEST_BYTES));
  const account = hexOf(reader.raw(DIGEST_BYTES));
  const nonce = reader.u64();
  const code = CODES[reader.u8()];
  if (code === undefined) throw new Malformed('there is no such code');
  const time_ms = reader.time_ms();
  reader.end();
  return { id, account, nonce, code, time_ms };
}

export const accountIn = (state: ChainState, id: string): Account =>
  lookUp(state.accounts, id) ?? NOBODY;

/** The digest that a checkpoint commits to: every account, and the rules. */
export function stateRoot(state: ChainState): Uint8Array {
  return digestOf('state', rootOf(state.accounts, encodeAccount), rulesOf(state));
}

/** What the state root covers beside the accounts. */
export function rulesOf(state: ChainState): Uint8Array {
  return new Writer()
    .u128(state.supply)
    .raw(bytesOfHex(state.authority))
    .raw(bytesOfHex(state.treasury))
    .u128(state.fee_min)
    .raw(committeeDigest(state.nextValidators))
    .done();
}

/**
 * Carries out one transaction of an entry whose signature holds.
 * @returns the state after it and its receipt; no receipt where this very transaction was carried out before, and
 * where its nonce or its account is out of sight, so that nothing can be said for good
 */
export function carryOut(
  state: ChainState,
  entry: Entry,
  index: number,
  time_ms: number,
): { readonly state: ChainState; readonly receipt: Receipt | undefined } {
  const transaction = entry.transactions[index]!;
  const id = entry.ids[index]!;
  const { account, nonce } = transaction;
  const receipt = (code: RejectionCode | 'OK'): Receipt => ({ id, account, nonce, code, time_ms });
  const owner = lookUp(state.accounts, account);
  const use = nonceState(owner ?? NOBODY, nonce);
  if (use.kind === 'used')
    return { state, receipt: use.id === id ? undefined : receipt('NONCE_USED') };
  // Too far ahead it may succeed later, too far behind it may have succeeded before: a receipt would contradict.
  if (use.kind !== 'free') return { state, receipt: undefined };
  const after = untimely(transaction, time_ms) ?? effectOf(state, transaction);
  // Nobody makes an account in the state with a transaction that fails: it would be room for nothing.
  if (typeof after === 'string' && owner === undefined) return { state, receipt: undefined };
  // What is refused uses its nonce too: a receipt is final, and the same bytes cannot succeed later.
  const ended = typeof after === 'string' ? state : after;
  const used = withNonce(accountIn(ended, account), nonce, id);
  return {
    state: { ...ended, accounts: withValue(ended.accounts, account, used) },
    receipt: receipt(typeof after === 'string' ? after : 'OK'),
  };
}

/** Why a transaction does not come at its time; undefined where it does. */
function untimely({ notAfter_ms }: Transaction, time_ms: number): RejectionCode | undefined {
  if (notAfter_ms < time_ms) return 'EXPIRED';
  return notAfter_ms > time_ms + EXPIRY_MAX_ms ? 'EXPIRY_TOO_FAR' : undefined;
}

/** The state after the effect and the fee of a transaction, or why there is none. */
function effectOf(state: ChainState, transaction: Transaction): ChainState | RejectionCode {
  const { account, fee, action } = transaction;
  if (fee < state.fee_min) return 'FEE_TOO_LOW';
  const paid = moved(state, account, state.treasury, fee);
  return typeof paid === 'string' ? paid : actionOn(paid, account, action);
}

function actionOn(state: ChainState, account: string, action: Action): ChainState | RejectionCode {
  const owner = accountIn(state, account);
  switch (action.kind) {
    case 'register':
      if (owner.publicKey !== undefined) return 'KEY_KNOWN';
      if (accountOf(action.publicKey) !== account) return 'KEY_OF_ANOTHER';
      return withAccount(state, account, { ...owner, publicKey: action.publicKey });
    case 'changeKey':
      return withAccount(state, account, { ...owner, publicKey: action.publicKey });
    case 'transfer':
      if (action.amount === 0n) return 'AMOUNT_ZERO';
      return moved(state, account, action.to, action.amount);
    case 'mint':
      if (account !== state.authority) return 'NOT_AUTHORISED';
      if (action.amount === 0n) return 'AMOUNT_ZERO';
      return minted(state, action.to, action.amount);
    case 'burn':
      if (action.amount === 0n) return 'AMOUNT_ZERO';
      if (owner.balance < action.amount) return 'BALANCE_TOO_LOW';
      return {
        ...withAccount(state, account, { ...owner, balance: owner.balance - action.amount }),
        supply: state.supply - action.amount,
      };
    case 'setValidators':
      if (account !== state.authority) return 'NOT_AUTHORISED';
      return areValidators(action.publicKeys)
        ? { ...state, nextValidators: action.publicKeys }
        : 'VALIDATORS_INVALID';
    case 'data':
      return state;
  }
}

const withAccount = (state: ChainState, id: string, account: Account): ChainState => ({
  ...state,
  accounts: withValue(state.accounts, id, account),
});

function moved(
  state: ChainState,
  from: string,
  to: string,
  amount: bigint,
): ChainState | RejectionCode {
  if (amount === 0n) return state;
  const payer = accountIn(state, from);
  if (payer.balance < amount) return 'BALANCE_TOO_LOW';
  const less = withAccount(state, from, { ...payer, balance: payer.balance - amount });
  const payee = accountIn(less, to);
  return withAccount(less, to, { ...payee, balance: payee.balance + amount });
}

function minted(state: ChainState, to: string, amount: bigint): ChainState | RejectionCode {
  // No balance is above the supply, so none overflows where the supply does not.
  if (state.supply + amount > BALANCE_MAX) return 'BALANCE_OVERFLOW';
  const payee = accountIn(state, to);
  const paid = withAccount(state, to, { ...payee, balance: payee.balance + amount });
  return { ...paid, supply: state.supply + amount };
}

function areValidators(keys: readonly Uint8Array[]): boolean {
  const distinct = new Set(keys.map(hexOf));
  return keys.length >= 1 && keys.length <= VALIDATORS_MAX && distinct.size === keys.length;
}

/** The whole state in bytes, for those who were away too long. */
export function encodeState(state: ChainState): Uint8Array {
  const writer = new Writer()
    .u128(state.supply)
    .raw(bytesOfHex(state.authority))
    .raw(bytesOfHex(state.treasury))
    .u128(state.fee_min)
    .u32(state.nextValidators.length);
  for (const key of state.nextValidators) writer.bytes(key);
  const accounts = [...valuesOf(state.accounts)];
  writer.u32(accounts.length);
  for (const [id, account] of accounts) writer.raw(bytesOfHex(id)).bytes(encodeAccount(account));
  return writer.done();
}

const ACCOUNTS_MAX = 0xffff_ffff;
const ACCOUNT_BYTES_MAX = 1 << 14;

/** @throws Malformed, also where balances are not the supply */
export function decodeState(bytes: Uint8Array): ChainState {
  const reader = new Reader(bytes);
  const supply = reader.u128();
  const authority = hexOf(reader.raw(DIGEST_BYTES));
  const treasury = hexOf(reader.raw(DIGEST_BYTES));
  const fee_min = reader.u128();
  const nextValidators = Array.from({ length: reader.count(VALIDATORS_MAX) }, () =>
    Uint8Array.from(reader.bytes(PUBLIC_KEY_BYTES_MAX)),
  );
  let accounts: Trie<Account>;
  let sum = 0n;
  let before = '';
  for (let left = reader.count(ACCOUNTS_MAX); left > 0; left -= 1) {
    const id = hexOf(reader.raw(DIGEST_BYTES));
    if (id <= before) throw new Malformed('accounts stand in their order, each once');
    before = id;
    const account = decodeAccount(Uint8Array.from(reader.bytes(ACCOUNT_BYTES_MAX)));
    sum += account.balance;
    accounts = withValue(accounts, id, account);
  }
  reader.end();
  if (sum !== supply) throw new Malformed('the balances are not the supply');
  return { accounts, supply, authority, treasury, fee_min, nextValidators };
}
