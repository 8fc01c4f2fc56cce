export { dataOf } from './changes.ts';
export { machineDisk, type Disk, type DiskFile } from './disk.ts';
export {
  ANNOUNCEMENT_BYTES_MAX,
  type Offence,
  type PeerNetwork,
  type PeerStatus,
  type Via,
} from './network.ts';
export {
  TRANSACTION_STATES,
  type AccountStatus,
  type Archive,
  type ChainEvent,
  type ChainStatus,
  type FaultModel,
  type OrderedData,
  type TransactionState,
  type TransactionStatus,
  type Validator,
  type ValidatorOptions,
  type ValidatorSettings,
} from './types.ts';
export type { CheckSignature, Signed } from './signatures.ts';
export { openValidator } from './openValidator.ts';
export { DEFAULT_VALIDATOR_SETTINGS } from './settings.ts';
