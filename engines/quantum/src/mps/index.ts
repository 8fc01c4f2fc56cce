export { MPS_GATE_QUBITS_MAX, MpsState } from './mpsState.ts';
export {
  MPS_BOND_DEFAULT,
  MPS_CUT_OFF_DEFAULT,
  mpsBytes,
  runMps,
  type MpsOptions,
} from './runMps.ts';
