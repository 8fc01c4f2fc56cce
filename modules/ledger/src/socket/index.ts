export {
  LedgerClient,
  LedgerDisconnected,
  LedgerRequestRefused,
  type BatchResults,
  type LedgerAddress,
} from './client.ts';
export { LedgerServer, type Admission, type Gate, type ServeOptions } from './server.ts';
