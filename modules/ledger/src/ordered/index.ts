export { causeOfText } from './cause.ts';
export {
  OrderedLedger,
  type OrderedLedgerOptions,
  type OrderedLedgerStatus,
} from './orderedLedger.ts';
