import { query, t } from '@anarq/common-schemas';
import { ProvenBalance, ProvenTransfer, SignedBooksModel } from '../proofs/models.ts';

/** Signed checkpoints of the books, and proofs that lead to them. */
export const proofOperations = {
  checkpoint: query({
    summary: 'The last signed checkpoint of the books, and the key that signs them.',
    http: 'GET /checkpoint',
    access: 'tenant',
    scope: 'ledger/checkpoint',
    input: t.object({}),
    output: SignedBooksModel,
    errors: ['STATE_CONFLICT'],
    examples: [{ summary: 'To keep and compare with later ones', input: {} }],
  }),
  proveTransfer: query({
    summary: 'Prove that a transfer is in the signed books; for those who may read it.',
    http: 'GET /transfers/{transferId}/proof',
    scope: 'ledger/read',
    input: t.object({ transferId: t.id() }),
    output: ProvenTransfer,
    errors: ['STATE_CONFLICT'],
    examples: [{ summary: 'A payment', input: { transferId: 'take-1' } }],
  }),
  proveBalance: query({
    summary:
      'Prove what the balances of an account are in the signed books; for those who may read it.',
    http: 'GET /accounts/{accountId}/proof',
    scope: 'ledger/read',
    input: t.object({ accountId: t.id() }),
    output: ProvenBalance,
    errors: ['STATE_CONFLICT'],
    examples: [{ summary: 'The till', input: { accountId: 'till' } }],
  }),
} as const;
