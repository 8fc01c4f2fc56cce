import { fail, type Static } from '@anarq/common-schemas';
import type { ArchivedTransaction, Position } from '@anarq/chain-store';
import { fromBase64url, toBase64url, utf8 } from '@anarq/crypto';
import { bytesOfHex, type Action, type Transaction } from '@anarq/dag';
import type { TransactionState } from '@anarq/validator';
import type { ChainNode } from './chain/chainNode.ts';
import { ERROR_OF } from './codes.ts';
import type { Action as ActionModel, FaultModel, TransactionItem } from './models.ts';

type ActionView = Static<typeof ActionModel>;

export const instantOf = (time_ms: number): string => new Date(time_ms).toISOString();
export const base64urlOfHex = (hex: string): string => toBase64url(bytesOfHex(hex));

/** What stands in every answer. */
export function faultModelOf({ validator }: ChainNode): Static<typeof FaultModel> {
  const { name, validators, faults_max, description } = validator.chain().faultModel;
  return { name, validators, faultsMax: faults_max, description };
}

function actionView(action: Action): ActionView {
  switch (action.kind) {
    case 'register':
    case 'changeKey':
      return { kind: action.kind, publicKey: toBase64url(action.publicKey) };
    case 'transfer':
      return {
        kind: 'transfer',
        to: action.to,
        amount: String(action.amount),
        ...(action.memo.length === 0 ? {} : { memo: toBase64url(action.memo) }),
      };
    case 'mint':
      return { kind: 'mint', to: action.to, amount: String(action.amount) };
    case 'burn':
      return { kind: 'burn', amount: String(action.amount) };
    case 'setValidators':
      return { kind: 'setValidators', publicKeys: action.publicKeys.map(toBase64url) };
    case 'data':
      return { kind: 'data', bytes: toBase64url(action.bytes) };
  }
}

/** @throws AMOUNT_INVALID */
export function actionOf(view: ActionView): Action {
  switch (view.kind) {
    case 'register':
    case 'changeKey':
      return { kind: view.kind, publicKey: fromBase64url(view.publicKey) };
    case 'transfer': {
      const memo = view.memo === undefined ? new Uint8Array() : fromBase64url(view.memo);
      return { kind: 'transfer', to: view.to, amount: amountIn(view.amount), memo };
    }
    case 'mint':
      return { kind: 'mint', to: view.to, amount: amountIn(view.amount) };
    case 'burn':
      return { kind: 'burn', amount: amountIn(view.amount) };
    case 'setValidators':
      return { kind: 'setValidators', publicKeys: view.publicKeys.map(fromBase64url) };
    case 'data':
      return { kind: 'data', bytes: fromBase64url(view.bytes) };
  }
}

const LARGEST = (1n << 128n) - 1n;

/** @throws AMOUNT_INVALID for more than 128 bits */
export function amountIn(text: string): bigint {
  const amount = BigInt(text);
  if (amount > LARGEST) fail('AMOUNT_INVALID', `${text} is more than ${LARGEST}.`);
  return amount;
}

const NONCE_MAX = (1n << 64n) - 1n;

/** @throws INPUT_INVALID for more than 64 bits */
export function nonceIn(text: string): bigint {
  const nonce = BigInt(text);
  if (nonce > NONCE_MAX) fail('INPUT_INVALID', `Nonce ${text} is more than ${NONCE_MAX}.`);
  return nonce;
}

/** How far a transaction is that was carried out. */
function stateOf(chain: ChainNode, { receipt, seq }: ArchivedTransaction): TransactionState {
  if (receipt.code === 'EXPIRED') return 'Expired';
  if (receipt.code !== 'OK') return 'Rejected';
  return chain.archive.isFinal(seq) ? 'Finalized' : 'Confirmed';
}

/** What a transaction asks for. */
const askedOf = ({ account, nonce, fee, notAfter_ms, action }: Transaction) => ({
  account,
  nonce: String(nonce),
  fee: String(fee),
  notAfter: instantOf(notAfter_ms),
  action: actionView(action),
});

export function transactionView(
  chain: ChainNode,
  found: ArchivedTransaction,
): Static<typeof TransactionItem> {
  const { id, transaction, receipt, position, seq, layer } = found;
  return {
    transactionId: id,
    state: stateOf(chain, found),
    ...askedOf(transaction),
    position,
    orderedAt: instantOf(receipt.time_ms),
    ...(seq === undefined ? {} : { checkpoint: seq }),
    ...(receipt.code === 'OK' ? {} : { rejection: receipt.code, error: ERROR_OF[receipt.code] }),
    layer,
  };
}

/** A place in the order of the chain as the cursor of a list. */
export const cursorOf = ({ commit, index }: Position): string =>
  toBase64url(utf8(`${commit}.${index}`));

/** @throws INPUT_INVALID */
export function positionIn(cursor: string | undefined): Position | undefined {
  if (cursor === undefined) return undefined;
  const text = Buffer.from(cursor, 'base64url').toString('latin1');
  const [, commit, index] = /^(\d{1,15})\.(\d{1,9})$/.exec(text) ?? [];
  if (commit === undefined || index === undefined)
    return fail('INPUT_INVALID', 'This is no cursor of this list.');
  return { commit: Number(commit), index: Number(index) };
}
