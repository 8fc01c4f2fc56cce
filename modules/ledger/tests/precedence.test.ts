import { describe, expect, it } from 'vitest';
import { ACCOUNT_FLAGS, type AccountState } from '../src/account.ts';
import { decideAccount } from '../src/accountRules.ts';
import {
  TRANSFER_FLAGS as FLAG,
  type TransferRequest,
  type TransferResult,
  type TransferState,
} from '../src/transfer.ts';
import { decideTransfer } from '../src/transferRules.ts';

const account = (id: string, more: Partial<AccountState> = {}): AccountState => ({
  id,
  owner: 'did:x:owner',
  holder: undefined,
  unit: 'JPY',
  code: 1,
  flags: 0,
  userData: undefined,
  debitsPendingMinor: 0n,
  debitsPostedMinor: 0n,
  creditsPendingMinor: 0n,
  creditsPostedMinor: 0n,
  created_ms: 0,
  ...more,
});

const decide = (
  request: TransferRequest,
  accounts: readonly AccountState[],
  transfers: readonly TransferState[] = [],
  failedIds: readonly string[] = [],
) =>
  decideTransfer(
    request,
    {
      account: (id) => accounts.find((a) => a.id === id),
      transfer: (id) => transfers.find((t) => t.id === id),
      hasFailed: (id) => failedIds.includes(id),
    },
    { now_ms: 1_000, amountMaxMinor: 100n },
  ).result;

type Fault = readonly [TransferResult, Partial<TransferRequest>];

/** A request with every fault from the nth on; where two touch one member, the earlier has it. */
const faulty = (base: TransferRequest, faults: readonly Fault[], n: number): TransferRequest =>
  Object.assign(
    {},
    base,
    ...faults
      .slice(n)
      .toReversed()
      .map(([, change]) => change),
  );

/** Order of the results in TigerBeetle's reference of create_transfers. */
describe('of several faults of a transfer, the first in order is told', () => {
  const accounts = [account('a'), account('b'), account('elsewhere', { unit: 'KRW' })];
  const plain: TransferRequest = {
    id: 't',
    debitAccountId: 'a',
    creditAccountId: 'b',
    amountMinor: 1n,
    unit: 'JPY',
    code: 1,
    timeout_s: 0,
    flags: 0,
  };

  it('when it is new', () => {
    const faults: readonly Fault[] = [
      ['debit_account_id_must_not_be_zero', { debitAccountId: undefined }],
      ['credit_account_id_must_not_be_zero', { creditAccountId: undefined }],
      ['accounts_must_be_different', { debitAccountId: 'nobody', creditAccountId: 'nobody' }],
      ['pending_id_must_be_zero', { pendingId: 'p' }],
      ['timeout_reserved_for_pending_transfer', { timeout_s: 1 }],
      ['ledger_must_not_be_zero', { unit: undefined }],
      ['code_must_not_be_zero', { code: undefined }],
      ['debit_account_not_found', { debitAccountId: 'nobody' }],
      ['credit_account_not_found', { creditAccountId: 'no one' }],
      ['accounts_must_have_the_same_ledger', { creditAccountId: 'elsewhere' }],
      ['transfer_must_have_the_same_ledger_as_accounts', { unit: 'KRW' }],
      ['overflows_debits_posted', { amountMinor: 101n }],
      ['created', {}],
    ];
    for (const [n, [expected]] of faults.entries())
      expect(decide(faulty(plain, faults, n), accounts)).toBe(expected);
    expect(decide(faulty(plain, faults, 0), accounts, [], ['t'])).toBe('id_already_failed');
  });

  it('when it ends a pending one', () => {
    const made = (id: string, more: Partial<TransferState>): TransferState => ({
      id,
      debitAccountId: 'a',
      creditAccountId: 'b',
      amountMinor: 10n,
      pendingId: undefined,
      timeout_s: 0,
      unit: 'JPY',
      code: 1,
      flags: FLAG.pending,
      userData: undefined,
      phase: 'pending',
      expires_ms: undefined,
      created_ms: 0,
      ...more,
    });
    const transfers = [
      made('p', {}),
      made('posted', { phase: 'posted' }),
      made('single', { flags: 0, phase: 'none' }),
    ];
    const base: TransferRequest = {
      id: 't',
      pendingId: 'p',
      timeout_s: 0,
      flags: FLAG.void_pending,
    };
    const faults: readonly Fault[] = [
      ['flags_are_mutually_exclusive', { flags: FLAG.void_pending | FLAG.post_pending }],
      ['pending_id_must_not_be_zero', { pendingId: undefined }],
      ['pending_id_must_be_different', { pendingId: 't' }],
      ['timeout_reserved_for_pending_transfer', { timeout_s: 1 }],
      ['pending_transfer_not_found', { pendingId: 'nothing' }],
      ['pending_transfer_not_pending', { pendingId: 'single' }],
      ['pending_transfer_has_different_debit_account_id', { debitAccountId: 'x' }],
      ['pending_transfer_has_different_credit_account_id', { creditAccountId: 'x' }],
      ['pending_transfer_has_different_ledger', { unit: 'KRW' }],
      ['pending_transfer_has_different_code', { code: 2 }],
      ['exceeds_pending_transfer_amount', { amountMinor: 11n }],
      ['pending_transfer_has_different_amount', { amountMinor: 9n }],
      ['pending_transfer_already_posted', { pendingId: 'posted' }],
      ['created', {}],
    ];
    for (const [n, [expected]] of faults.entries())
      expect(decide(faulty(base, faults, n), accounts, transfers)).toBe(expected);
  });

  it('when its id was used before', () => {
    const existing: TransferState = {
      ...plain,
      debitAccountId: 'a',
      creditAccountId: 'b',
      amountMinor: 1n,
      unit: 'JPY',
      code: 1,
      pendingId: undefined,
      userData: 'u',
      phase: 'none',
      expires_ms: undefined,
      created_ms: 0,
    };
    const faults: readonly Fault[] = [
      ['exists_with_different_flags', { flags: FLAG.pending }],
      ['exists_with_different_pending_id', { pendingId: 'p' }],
      ['exists_with_different_timeout', { timeout_s: 1 }],
      ['exists_with_different_debit_account_id', { debitAccountId: 'x' }],
      ['exists_with_different_credit_account_id', { creditAccountId: 'x' }],
      ['exists_with_different_amount', { amountMinor: 2n }],
      ['exists_with_different_user_data', { userData: 'v' }],
      ['exists_with_different_ledger', { unit: 'KRW' }],
      ['exists_with_different_code', { code: 2 }],
      ['exists', {}],
    ];
    for (const [n, [expected]] of faults.entries())
      expect(
        decide(faulty({ ...plain, userData: 'u' }, faults, n), accounts, [existing], ['t']),
      ).toBe(expected);
  });

  it('when it goes beyond what accounts can hold', () => {
    const { debits_must_not_exceed_credits, credits_must_not_exceed_debits } = ACCOUNT_FLAGS;
    const limited = { flags: debits_must_not_exceed_credits, creditsPostedMinor: 5n };
    const owing = { flags: credits_must_not_exceed_debits, debitsPostedMinor: 5n };
    const rows: readonly [TransferResult, Partial<AccountState>, Partial<AccountState>, number][] =
      [
        ['overflows_debits_pending', { debitsPendingMinor: 95n }, { creditsPendingMinor: 95n }, 2],
        ['overflows_credits_pending', { debitsPostedMinor: 95n }, { creditsPendingMinor: 95n }, 2],
        ['overflows_debits_posted', { debitsPostedMinor: 95n }, { creditsPostedMinor: 95n }, 0],
        ['overflows_credits_posted', { debitsPendingMinor: 95n }, { creditsPostedMinor: 95n }, 0],
        ['overflows_debits', { debitsPendingMinor: 95n }, { creditsPendingMinor: 95n }, 0],
        ['overflows_credits', limited, { creditsPendingMinor: 95n }, 0],
        ['exceeds_credits', limited, owing, 0],
        ['exceeds_debits', { debitsPostedMinor: 1n }, owing, 2],
        ['created', { ...limited, creditsPostedMinor: 6n }, { ...owing, debitsPostedMinor: 6n }, 2],
      ];
    for (const [expected, debit, credit, flags] of rows)
      expect(
        decide({ ...plain, amountMinor: 6n, flags }, [account('a', debit), account('b', credit)]),
        expected,
      ).toBe(expected);
  });
});

describe('of several faults of an account, the first in order is told', () => {
  const by = { owner: 'did:x:owner', now_ms: 0 };
  const request = { id: 'a', unit: '', code: 0, flags: 6 };

  it('when it is new, and when its id was used before', () => {
    expect(decideAccount(request, undefined, by).result).toBe('flags_are_mutually_exclusive');
    expect(decideAccount({ ...request, flags: 0 }, undefined, by).result).toBe(
      'ledger_must_not_be_zero',
    );
    expect(decideAccount({ ...request, flags: 0, unit: 'JPY' }, undefined, by).result).toBe(
      'code_must_not_be_zero',
    );
    const changes = [
      ['exists_with_different_flags', { flags: 6 }],
      ['exists_with_different_user_data', { userData: 'u' }],
      ['exists_with_different_holder', { holder: 'did:x:holder' }],
      ['exists_with_different_ledger', { unit: '' }],
      ['exists_with_different_code', { code: 0 }],
      ['exists', {}],
    ] as const;
    for (const [n, [expected]] of changes.entries()) {
      const asked = Object.assign(
        { id: 'a', unit: 'JPY', code: 1, flags: 0 },
        ...changes.slice(n).map(([, change]) => change),
      );
      expect(decideAccount(asked, account('a'), by).result).toBe(expected);
      expect(decideAccount(asked, account('a', { owner: 'did:x:other' }), by).result).toBe(
        'exists_with_different_owner',
      );
    }
  });
});
