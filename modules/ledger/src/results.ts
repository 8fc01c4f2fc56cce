import {
  accountResultOf,
  transferResultOf,
  ACCOUNT_RESULTS as ENGINE_ACCOUNT_RESULTS,
  TRANSFER_RESULTS as ENGINE_TRANSFER_RESULTS,
} from '@anarq/ledger-engine/words';

/** Results of the engine that no call of the contract can meet: it sets the fields that they are about. */
type Unreachable =
  | `imported_${string}`
  | `${string}_int_max`
  | 'timestamp_must_be_zero'
  | 'reserved_field'
  | 'reserved_flag'
  | 'id_must_not_be_zero'
  | `${'debits' | 'credits'}_${'pending' | 'posted'}_must_be_zero`;

/** The words of the contract where the engine speaks of fields that callers do not see. */
type Told<R> = R extends 'exists_with_different_user_data_128'
  ? 'exists_with_different_user_data'
  : R;
type ToldOfAccount<R> = R extends 'exists_with_different_user_data_128'
  ? 'exists_with_different_owner'
  : R extends 'exists_with_different_user_data_64'
    ? 'exists_with_different_user_data' | 'exists_with_different_holder'
    : R;

export type AccountResult = ToldOfAccount<
  Exclude<keyof typeof ENGINE_ACCOUNT_RESULTS, Unreachable | 'exists_with_different_user_data_32'>
>;
export type TransferResult = Told<
  Exclude<
    keyof typeof ENGINE_TRANSFER_RESULTS,
    Unreachable | `exists_with_different_user_data_${64 | 32}`
  >
>;

const ACCOUNT_WORDS: Readonly<Record<string, string>> = {
  exists_with_different_user_data_128: 'exists_with_different_owner',
  exists_with_different_user_data_64: 'exists_with_different_user_data',
};
const TRANSFER_WORDS: Readonly<Record<string, string>> = {
  exists_with_different_user_data_128: 'exists_with_different_user_data',
};

/** The result of an account, of the number that the engine gives. */
export function accountResult(number: number): AccountResult {
  const name = accountResultOf(number);
  // The types above say the same as the table.
  return (ACCOUNT_WORDS[name] ?? name) as AccountResult;
}

/** The result of a transfer, of the number that the engine gives. */
export function transferResult(number: number): TransferResult {
  const name = transferResultOf(number);
  return (TRANSFER_WORDS[name] ?? name) as TransferResult;
}

const UNREACHABLE =
  /^imported_|_int_max$|^timestamp_must_be_zero$|^reserved_|^id_must_not_be_zero$|^(?:debits|credits)_(?:pending|posted)_must_be_zero$/;

const told = (
  table: Readonly<Record<string, number>>,
  words: Readonly<Record<string, string>>,
  isMet = (name: string) => !UNREACHABLE.test(name),
): string[] =>
  Object.keys(table)
    .filter(isMet)
    .map((name) => words[name] ?? name);

/** What became of one account of a call, in the order of precedence. */
export const ACCOUNT_RESULTS = told(ENGINE_ACCOUNT_RESULTS, ACCOUNT_WORDS).flatMap((name) => {
  // The engine has one mark for both.
  if (name === 'exists_with_different_user_data') return [name, 'exists_with_different_holder'];
  return name === 'exists_with_different_user_data_32' ? [] : [name];
}) as [AccountResult, ...AccountResult[]];

/** What became of one transfer of a call, in the order of precedence. */
export const TRANSFER_RESULTS = told(ENGINE_TRANSFER_RESULTS, TRANSFER_WORDS).filter(
  (name) => !/_user_data_(?:64|32)$/.test(name),
) as [TransferResult, ...TransferResult[]];

/** Results that only what is imported can have; a batch is imported as a whole, or not at all. */
const isOfImports = (name: string): boolean => /^imported_(?!event_(?:not_)?expected)/.test(name);

/** What became of one account that was imported. */
export const IMPORTED_ACCOUNT_RESULTS = [
  ...ACCOUNT_RESULTS,
  ...told(ENGINE_ACCOUNT_RESULTS, ACCOUNT_WORDS, isOfImports),
] as [string, ...string[]];

/** What became of one transfer that was imported. */
export const IMPORTED_TRANSFER_RESULTS = [
  ...TRANSFER_RESULTS,
  ...told(ENGINE_TRANSFER_RESULTS, TRANSFER_WORDS, isOfImports),
] as [string, ...string[]];
