export {
  LedgerClient,
  LedgerDisconnected,
  LedgerRequestRefused,
  type BatchResults,
  type LedgerAddress,
} from './client.ts';
export { accountKey, socketTransferId, transferKey } from '../books/keys.ts';
export { ledgerOf, unitIn } from '../books/unitNumbers.ts';
export { openingWith, type OpeningOrder } from './openingWith.ts';
export type { Admission, Gate } from './gate.ts';
export { LedgerServer, type ServeOptions } from './server.ts';
