import { handler } from '@anarq/kernel';
import { ledger } from '../contract.ts';

/** The connection itself is the kernel's: here it is said what its keys are made of. */
export const openConnection = handler(ledger.openConnection, (_input, { call }) => ({
  tenant: call.tenant,
  subject: call.subject,
}));
